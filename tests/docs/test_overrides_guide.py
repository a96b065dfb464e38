"""What the guide to overrides says is true: its rules route as they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kurrent_conn
from kurrent_conn import Endpoint, Overrides
from kurrent_conn.cli.app import run
from kurrent_conn.core.overrides.toml import OUR_KEYS
from kurrent_conn.testing import SimulatedCluster

GUIDE = (Path(__file__).parents[2] / "docs" / "overrides.md").read_text()
COREFILE = (
    ".:53 {\n  forward . /etc/resolv.conf\n  rewrite name exact a.test b.test\n}\n"
)


def blocks(language: str) -> list[str]:
    """List the code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks("toml"))
def test_rules_route_as_the_comments_above_them_say(text: str) -> None:
    """Every `advertised -> dialled` line, in order, under the advertised name."""
    said = re.findall(r"^# (\S+) -> (\S+)$", text, re.MULTILINE)
    assert said
    advertised = Endpoint.parse(said[0][0])
    routes = Overrides.from_text(text).routes(advertised)
    assert [(str(advertised), str(route.dial)) for route in routes] == said
    assert {route.server_name for route in routes} == {advertised.host}


def test_every_key_has_its_row() -> None:
    """No key of the overrides file is left out, and none is made up."""
    assert sorted(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)) == sorted(
        OUR_KEYS
    )


def test_the_call_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is enough for `connect`."""
    (block,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as cluster:
        rules = {n.advertised.host: str(n.endpoint) for n in cluster.nodes}
        text = Overrides.from_mapping(rules).to_toml()
        (tmp_path / "overrides.toml").write_text(text)
        names = {"CONNECTION_STRING": cluster.connection_string()}
        exec(compile(block, "overrides.md", "exec"), names)  # noqa: S102 - our own text
        connection = names["connection"]
        assert isinstance(connection, kurrent_conn.Connection)
        with connection:
            assert connection.topology.leader == cluster.nodes[0].advertised


def test_the_commands_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line of ours runs on a Corefile of CoreDNS; what is left out is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Corefile").write_text(COREFILE)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line.split() for line in lines if line.startswith("kurrent-conn")]
    assert run(commands[0][1:-2]) == 0
    (tmp_path / "overrides.toml").write_text(capsys.readouterr().out)
    for command in commands[1:3]:
        assert run(command[1:]) == 0
    assert commands[3][-2:] == ["--cluster", '"$KURRENTDB_URI"']
