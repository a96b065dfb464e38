"""A better route is found again, in the background and ever more seldom."""

from __future__ import annotations

import pytest

from kurrent_conn.core.actions import ReadGossip
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import NodeOpened
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
)
from tests.stage.scene import LEADER, A, B, member, plan

INSIDE = Endpoint("10.0.0.1", 2113)
RULES = Overrides((Override(exact=A.host, target=INSIDE.host, otherwise="advertised"),))


class Horizon:
    """A cluster whose leader has two routes; the better one comes and goes.

    Args:
        reachable: Whether the better one answers at first.
    """

    def __init__(self, *, reachable: bool) -> None:
        self.reachable = reachable
        self.unreachable: Reply = Silent()
        self.asked_inside_at: list[float] = []
        self.asked_outside = 0

    def __call__(self, action: ReadGossip, now: float) -> Reply:
        """Answer a read."""
        if action.route.dial == INSIDE:
            self.asked_inside_at.append(now)
            if not self.reachable:
                return self.unreachable
        elif action.route.dial == A:
            self.asked_outside += 1
        return Says((member(A, LEADER), member(B)))


def dial(simulation: Simulation) -> Endpoint:
    """Say where the leader's calls go."""
    return simulation.opened[NodePreference.LEADER].route.dial


def connected(horizon: Horizon, seed: int = 0) -> Simulation:
    """Connect to the leader."""
    simulation = Simulation(plan(A, router=RULES), horizon, seed)
    simulation.want()
    simulation.run(0.9)
    return simulation


def test_the_better_route_has_a_head_start() -> None:
    """While it may answer, the other is not even asked, whatever the shuffle says."""
    for seed in range(20):
        horizon = Horizon(reachable=True)
        simulation = connected(horizon, seed)
        assert dial(simulation) == INSIDE
        assert horizon.asked_outside == 0


def test_a_silent_better_route_costs_a_quarter_of_a_second() -> None:
    """Then the other one is taken."""
    simulation = Simulation(plan(A, router=RULES), Horizon(reachable=False))
    simulation.want()
    simulation.run(0.2)
    assert not simulation.opened
    simulation.run(0.4)
    assert dial(simulation) == A


def test_a_route_that_comes_back_is_used_by_new_calls() -> None:
    """Nobody has to fail first; the event says why."""
    horizon = Horizon(reachable=False)
    simulation = connected(horizon)
    assert dial(simulation) == A
    horizon.reachable = True
    simulation.run(10)
    assert dial(simulation) == INSIDE
    (*_, opened) = [n for n in simulation.notices if isinstance(n, NodeOpened)]
    assert (opened.advertised, opened.why) == (A, "a better route answers")


def test_trials_become_seldom() -> None:
    """After a minute of silence the pauses are long; five minutes at most."""
    horizon = Horizon(reachable=False)
    simulation = connected(horizon)
    simulation.run(3600)
    pauses = [
        later - sooner
        for sooner, later in zip(
            horizon.asked_inside_at, horizon.asked_inside_at[1:], strict=False
        )
    ]
    assert len(pauses) < 25
    assert max(pauses) == pytest.approx(300)
    assert dial(simulation) == A


def test_who_is_on_the_best_route_asks_nobody() -> None:
    """An hour without a single read."""
    horizon = Horizon(reachable=True)
    simulation = connected(horizon)
    asked = len(horizon.asked_inside_at)
    simulation.run(3600)
    assert len(horizon.asked_inside_at) == asked
    assert simulation.state.trial is None


def test_a_worse_route_does_not_replace_one_that_works() -> None:
    """Answers by the other route, such as a late one, do not move the leader."""
    horizon = Horizon(reachable=True)
    simulation = connected(horizon)
    for _ in range(5):
        simulation.want(None)
        simulation.run(simulation.now + 2)
    assert dial(simulation) == INSIDE
    assert horizon.asked_outside == 0


@pytest.mark.parametrize("reply", [Silent(), Fails()])
def test_a_trial_that_failed_leaves_no_channel_behind(reply: Reply) -> None:
    """The channel would go on connecting, and the next trial would wait for it."""
    horizon = Horizon(reachable=False)
    simulation = connected(horizon)
    horizon.unreachable = reply
    simulation.retired.clear()
    simulation.run(30)
    assert dial(simulation) == A
    assert {route.dial for route in simulation.retired} == {INSIDE}
