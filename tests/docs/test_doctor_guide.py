"""What the doctor's guide says is true: kinds, options, and its example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kurrent_conn.cli.doctor import doctor
from kurrent_conn.diagnose import Severity, Trouble
from kurrent_conn.testing import SimulatedCluster

GUIDE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
ROWS = re.findall(r"^\| (`[^|]*?) \| ([a-z, ]+) \|", GUIDE, re.MULTILINE)


def test_every_kind_is_in_the_table_and_nothing_else() -> None:
    """The table lists the kinds that there are, each once, with severities."""
    listed = [kind for names, _ in ROWS for kind in re.findall(r"`(.*?)`", names)]
    assert sorted(listed) == sorted(Trouble)
    for _, severities in ROWS:
        assert set(severities.split(", ")) <= set(Severity)


def test_every_option_is_described() -> None:
    """Each option of the command stands in the guide."""
    for parameter in doctor.params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("--") and option != "--help":
                assert f"`{option}" in GUIDE, option


def test_the_example_holds() -> None:
    """The Python block runs against a cluster whose names lead nowhere."""
    (block,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as cluster:
        names = {"CONNECTION_STRING": cluster.connection_string()}
        exec(compile(block, "doctor.md", "exec"), names)  # noqa: S102 - our own text


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", GUIDE) or ["doctor.md"])
def test_every_link_leads_somewhere(link: str) -> None:
    """Files that the guide points at are there."""
    assert (Path(__file__).parents[2] / "docs" / link).exists()
