"""The table of scenarios holds on all three drivers, and their traces agree.

With `KURRENT_CONN_TEST_URI` set, what needs no control over the cluster runs against
that one too. `pytest tests/scenarios --rewrite` writes the transcripts anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_actor import AioActor, BlockingActor
from kurrent_conn.testing.scenarios.scenario_file import read_scenario
from kurrent_conn.testing.scenarios.scenario_run import (
    cluster_for,
    play_against,
    play_on,
)
from kurrent_conn.testing.scenarios.trace import Trace, judge, judge_outcomes
from kurrent_conn.testing.virtual.transcript import folded
from kurrent_conn.testing.virtual.virtual_run import VirtualRun, play_virtually

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
SCENARIOS = [read_scenario(path) for path in FILES]
URI = os.environ.get("KURRENT_CONN_TEST_URI")
AT_ONCE = 3
"""Scenarios mostly wait, so a few of them fit on one core."""

SEEDS = range(20)
SLACK_S = 1.5
"""What a busy machine may add to a call; every deadline is still far away."""

Runs = dict[str, Future[tuple[Trace, ...]]]

each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    """Both front ends on real nodes, for every scenario that was selected."""
    selected: set[Scenario] = {
        item.callspec.params["scenario"]  # type: ignore[misc]  # set by `each`
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == Path(__file__)
        and "runs" in item.fixturenames
    }
    with ThreadPoolExecutor(AT_ONCE, "scenario") as pool:
        # The longest first, or it would run alone at the end.
        order = sorted(selected, key=lambda s: s.timeline[-1].at_s, reverse=True)
        yield {scenario.name: pool.submit(play, scenario) for scenario in order}


def play(scenario: Scenario) -> tuple[Trace, ...]:
    """Play on a cluster of its own."""
    with cluster_for(scenario) as cluster:
        return play_on(cluster, scenario, [BlockingActor, AioActor])


def written(scenario: Scenario, run: VirtualRun) -> str:
    """Write a run in the simulator for people."""
    lines = [
        f"# {scenario.name}: {scenario.claim}",
        *folded(run.transcript),
        "",
        *run.trace.lines(),
    ]
    return "\n".join(lines) + "\n"


def test_the_table_is_large_enough_to_be_one() -> None:
    """At least twenty scenarios, each with a claim of its own."""
    assert len({scenario.claim for scenario in SCENARIOS}) == len(FILES) >= 20


@each
def test_the_simulator_does_what_the_scenario_expects(scenario: Scenario) -> None:
    """Whatever the chance of the client: the same outcome for every seed."""
    for seed in SEEDS:
        assert judge(scenario, play_virtually(scenario, seed).trace) == (), seed


@each
def test_the_transcript_is_the_one_that_was_reviewed(
    scenario: Scenario, request: pytest.FixtureRequest
) -> None:
    """A change of behaviour is a diff that a person can read."""
    golden = HERE / "transcripts" / f"{scenario.name}.txt"
    text = written(scenario, play_virtually(scenario))
    if request.config.getoption("--rewrite"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


@each
def test_real_nodes_do_what_the_scenario_expects(
    scenario: Scenario, runs: Runs
) -> None:
    """Both front ends, on sockets and in real time, and as in the simulator."""
    virtual = play_virtually(scenario).trace
    for trace, front_end in zip(
        runs[scenario.name].result(), ("blocking", "asyncio"), strict=True
    ):
        assert judge(scenario, trace, SLACK_S) == (), front_end
        assert trace == virtual, front_end


def test_no_transcript_is_left_over() -> None:
    """Each belongs to a scenario."""
    transcripts = {path.stem for path in (HERE / "transcripts").iterdir()}
    assert transcripts == {path.stem for path in FILES}


if URI is not None:

    @pytest.mark.parametrize(
        "scenario", [s for s in SCENARIOS if s.runs_anywhere], ids=lambda s: s.name
    )
    def test_the_live_cluster_serves_the_calls(scenario: Scenario) -> None:
        """What needs no fault control ends alike on a cluster that is not ours."""
        assert URI is not None
        for trace in play_against(URI, scenario, [BlockingActor, AioActor]):
            assert judge_outcomes(scenario, trace, SLACK_S) == ()
