"""Whatever random schedules of faults do, the state machine keeps its promises.

The whole run is `python -m benchmarks.schedules --count 1000000`; here is a fixed part.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import pytest

from kurrent_conn.core import state as core_state
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.events import Wanted
from kurrent_conn.core.state import Node
from kurrent_conn.testing.simulated_world.fault import FAULTS
from kurrent_conn.testing.simulated_world.promise import PromiseBroken, Watch
from kurrent_conn.testing.simulated_world.schedule import CONVERGES_S, Report, Schedule
from kurrent_conn.testing.virtual.feature import Features

pytestmark = pytest.mark.timeout(300)
"""The first test plays all schedules: ten seconds of work, more on a busy machine."""

COUNT: Final = 2000
LEAST_SITUATIONS: Final = 1200

ONCE_BROKEN: Final = (4, 779, 3140, 14002, 20113, 1018573, 1127704, 1194069)
"""Seeds by which bugs were found; what they draw changes with the generator."""


@cache
def reports() -> tuple[Report, ...]:
    """Play the fixed part, once for all tests; a broken promise raises here."""
    return tuple(Schedule(seed).play() for seed in (*range(COUNT), *ONCE_BROKEN))


def visited() -> set[Features]:
    """Gather the situations of all schedules."""
    return {each for report in reports() for each in report.visited}


def test_the_promises_hold() -> None:
    """No schedule breaks a promise, and all converge within the stated time."""
    assert len(reports()) == COUNT + len(ONCE_BROKEN)
    assert max(report.converged_s for report in reports()) <= CONVERGES_S


def test_a_healed_cluster_is_used_soon() -> None:
    """In 99 of 100 schedules every preference works within half a second."""
    times = sorted(report.converged_s for report in reports())
    assert times[int(len(times) * 0.99)] <= 0.5


def test_the_schedules_go_everywhere() -> None:
    """The situations that matter are reached, and a stated number of others."""
    seen = visited()
    assert len(seen) >= LEAST_SITUATIONS
    assert {f.search for f in seen} == {"none", "waves", "pause", "election"}
    for name in Features._fields:
        if name not in {"closed", "search"}:
            values = {getattr(f, name) for f in seen}
            assert {bool(value) for value in values} == {False, True}, name
    wanted = {
        "an election with suspects and several waits": any(
            f.search == "election" and f.suspects and f.waits > 1 for f in seen
        ),
        "a silent node while another is open": any(
            f.has_suspect_vigil and f.chosen for f in seen
        ),
        "a silent node, two watched": any(
            f.has_suspect_vigil and f.vigils > 1 for f in seen
        ),
        "a pause between rounds with reads in flight": any(
            f.search == "pause" and f.reads for f in seen
        ),
        "a third round": any(f.round > 2 for f in seen),
        "a redirect to a suspect": any(f.asks_first and f.suspects for f in seen),
        "a renewed channel": any(f.was_renewed for f in seen),
        "news wanted while an election runs": any(
            f.wants_news and f.search == "election" for f in seen
        ),
        "a redirect away from a single host": any(f.redirected for f in seen),
        "everybody suspected": any(f.suspects > 1 and not f.chosen for f in seen),
    }
    assert not [what for what, reached in wanted.items() if not reached]


def test_every_fault_strikes() -> None:
    """No kind of fault is left out by the draw."""
    assert {fault for report in reports() for fault in report.faults} == set(FAULTS)


def test_calls_do_fail_and_do_succeed() -> None:
    """The chaos is neither so mild nor so wild that nothing is tested."""
    calls = sum(report.calls for report in reports())
    raised = sum(report.raised for report in reports())
    assert 0.02 <= raised / calls <= 0.3


@pytest.mark.parametrize("seed", [1, 77, 4711])
def test_a_seed_plays_the_same_again(seed: int) -> None:
    """A schedule that failed can be played again, with its transcript."""
    first: list[str] = []
    second: list[str] = []
    report = Schedule(seed, first).play()
    assert Schedule(seed, second).play() == report == Schedule(seed).play()
    assert first == second
    assert any("FAULT" in line for line in first)


def test_a_broken_promise_names_its_seed() -> None:
    """What is raised says how to play it again."""
    schedule = Schedule(5)
    schedule.world.watch.sends = _refuse  # type: ignore[method-assign]  # a promise that nobody can keep
    with pytest.raises(PromiseBroken) as broken:
        schedule.play()
    assert "seed 5" in "".join(broken.value.__notes__)


def _refuse(state: object, node: Node, now: float) -> None:
    del state, now
    raise PromiseBroken(f"a call to {node.advertised}")


def test_the_watch_sees_a_call_to_a_suspect() -> None:
    """The promises are checked, not assumed: a broken one is seen."""
    world = Schedule(5).world
    state, _ = advance(
        core_state.start(world.plan, 1), Wanted(1, NodePreference.LEADER, 9.0), 0.0
    )
    node = Node(
        world.nodes[0].endpoint, world.plan.router.routes(world.nodes[0].endpoint)[0], 1
    )
    object.__setattr__(state, "suspects", frozenset({node.advertised}))
    with pytest.raises(PromiseBroken, match="suspect"):
        Watch(world.plan).sends(state, node, 1.0)
