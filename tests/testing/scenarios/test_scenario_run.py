"""Scenarios play on real nodes; what needs no control plays against any cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_actor import AioActor, BlockingActor
from kurrent_conn.testing.scenarios.scenario_file import scenario_of
from kurrent_conn.testing.scenarios.scenario_run import (
    cluster_for,
    play_against,
    play_on,
)
from kurrent_conn.testing.scenarios.trace import judge

ROOT = Path(__file__).parents[3]


def scenario(*timeline: dict[str, Any], **more: Any) -> Scenario:
    """Write one down."""
    return scenario_of({"claim": "x", "timeline": list(timeline), **more}, "x", "x")


def test_a_cluster_with_tls_and_other_names_is_played_on() -> None:
    """Both clients at once, by overrides, each with a trace of its own."""
    row = scenario(
        {"call": "append", "wait": True},
        {"call": "read"},
        cluster={"size": 2, "tls": True, "advertise": "n{index}.kurrent.test:2113"},
        connect={"seeds": [1, "refused"]},
        expect={"leader": 0, "opened": {"leader": [0]}},
    )
    said: list[str] = []
    with cluster_for(row) as cluster:
        traces = play_on(
            cluster, row, [BlockingActor, AioActor], lambda _, text: said.append(text)
        )
    assert [judge(row, trace, slack_s=1) for trace in traces] == [(), ()]
    assert traces[0] == traces[1]
    assert said == [
        "append 1 begins, for the leader",
        "read 2 begins, for the leader",
    ]


@pytest.mark.parametrize("after_s", [0, 0.01])
def test_a_fault_that_cannot_happen_ends_the_play(after_s: float) -> None:
    """Also one that takes its time; every client is closed."""
    row = scenario(
        {"fault": "kill", "node": 1},
        {"fault": "elect", "node": 1, "after_s": after_s},
    )
    with cluster_for(row) as cluster, pytest.raises(RuntimeError, match="cannot lead"):
        play_on(cluster, row, [BlockingActor, AioActor])


def test_a_cluster_that_is_not_ours_takes_no_faults() -> None:
    """Refused before anything is connected."""
    row = scenario({"fault": "kill", "node": 1})
    with pytest.raises(ValueError, match="needs control"):
        play_against("kurrentdb://nobody.invalid", row, [BlockingActor])


def test_the_table_runs_against_a_live_cluster_where_one_is_given() -> None:
    """With KURRENT_CONN_TEST_URI; without it those tests are not even generated."""
    with SimulatedCluster(read_only_replicas=1) as cluster:
        told = collect(cluster.connection_string(), run=True)
    assert "test_the_live_cluster_serves_the_calls[calm]" in told
    assert "test_the_live_cluster_serves_the_calls[seed_black_holed]" in told
    assert "failed" not in told.splitlines()[-1]
    assert "test_the_live_cluster" not in collect(None, run=False)


def collect(uri: str | None, *, run: bool) -> str:
    """Run, or only list, the live part of the table in a process of its own."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("KURRENT_CONN_TEST_URI", None)
    if uri is not None:
        environment["KURRENT_CONN_TEST_URI"] = uri
    words = ["-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", "-v"]
    if not run:
        words.append("--collect-only")
    done = subprocess.run(  # noqa: S603 - our own tests
        [
            sys.executable,
            "-m",
            "pytest",
            *words,
            "-k",
            "live or table",
            "--import-mode=importlib",
            "tests/scenarios",
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
