"""What README says is true: its blocks run, and CI runs its command."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from uuid import uuid4

import pytest

from kurrent_conn import Endpoint, Overrides
from kurrent_conn.cli.app import app
from kurrent_conn.testing import SimulatedCluster

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """List the code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_python_blocks_run(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block does what it says, against a cluster that advertises odd names."""
    monkeypatch.chdir(tmp_path)
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as cluster:
        names = {
            "CONNECTION_STRING": cluster.connection_string(),
            "OVERRIDES": {n.advertised.host: str(n.endpoint) for n in cluster.nodes},
            "EVENT_ID": uuid4(),
        }
        exec(compile(blocks("python")[number], "README.md", "exec"), names)  # noqa: S102 - our own text


def test_the_rule_of_the_picture_does_what_it_says(tmp_path: Path) -> None:
    """The TOML block leads a pod to the node itself, under the advertised name."""
    file = tmp_path / "overrides.toml"
    file.write_text(blocks("toml")[0])
    route = Overrides.from_file(file).route(Endpoint("mydb-0.kurrent.test"))
    assert route.dial.host == "mydb-0.mydb.kurrent.svc.cluster.local"
    assert route.server_name == "mydb-0.kurrent.test"


def test_ci_runs_the_command_that_readme_gives() -> None:
    """A newcomer and CI run the same tests in the same way."""
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_command_and_every_guide_is_named() -> None:
    """What the command line offers, and what there is to read."""
    (line,) = re.findall(
        r"^The command line: (.*?)\n\n", README, re.MULTILINE | re.DOTALL
    )
    for name in app.commands:
        assert re.search(rf"\b{name}\b", line), name
    for guide in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{guide.name})" in README


def test_extras_are_those_of_the_package() -> None:
    """Each extra that README speaks of can be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = set(re.findall(r"'\.\[(\w+)\]'", README)) - {"dev"}
    assert told == set(project["optional-dependencies"]) - {"dev", "lint"}


def test_every_link_leads_somewhere() -> None:
    """Files that README points at are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
