"""What docs/failover.md says is so: its example runs, its names are there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import kurrent_conn
from kurrent_conn import Failover
from kurrent_conn.core.lane import STREAMS_MAX
from kurrent_conn.core.outage import KEPT
from kurrent_conn.core.retry import HOP_LIMIT
from kurrent_conn.core.state import Plan
from tests.shells.blocking.ask import ask, kill
from tests.shells.fake_cluster import FakeCluster

GUIDE = (Path(__file__).parents[2] / "docs" / "failover.md").read_text()


def test_the_example_tells_of_a_failover(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints one line, of the form that the guide shows."""
    (block,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    with (
        FakeCluster() as cluster,
        kurrent_conn.connect(cluster.uri()) as connection,
    ):
        assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
        kill(connection, cluster.nodes[0])
        cluster.elect(1)
        assert ask(connection.channel, "unary_unary", b"a") == b"1:a"
        exec(compile(block, "failover.md", "exec"), {"connection": connection})  # noqa: S102 - our own text
    shown = block.partition("# ")[2].strip()
    numbers = re.compile(r"\d+\.\d{3}")
    printed = capsys.readouterr().out.strip()
    first, second = (str(node.endpoint) for node in cluster.nodes[:2])
    expected = shown.replace("n1:2113", first).replace("n2:2113", second)
    assert numbers.sub("N", printed) == numbers.sub("N", expected)


def test_the_guides_numbers_are_the_codes() -> None:
    """Streams, notice, redirects, and how many failovers are kept."""
    assert f"carries {STREAMS_MAX} streams" in GUIDE
    assert f"after {Plan.__dataclass_fields__['notice_s'].default} s new calls" in GUIDE
    assert (KEPT, HOP_LIMIT) == (10, 3)
    assert "the last ten are kept" in GUIDE
    assert "at most three times in a row" in GUIDE


def test_every_time_is_explained() -> None:
    """The table has a row for each."""
    times = [field.name for field in fields(Failover) if field.name.endswith("_s")]
    assert times == re.findall(r"^\| `(\w+_s)` \|", GUIDE, re.MULTILINE)
