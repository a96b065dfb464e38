"""Every failover is measured: noticed, found, answered."""

from __future__ import annotations

import pytest

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.events import (
    Abandoned,
    CallAnswered,
    CallFailed,
    CallsLate,
    RulesChanged,
)
from kurrent_conn.core.failover import Failover
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import FailedOver
from kurrent_conn.core.outage import KEPT, is_awaited
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.testing.virtual.simulation import Fails, Silent, Simulation
from tests.stage.scene import FOLLOWER, LEADER, A, B, C, Scene, member, plan

LEADER_WANTED = NodePreference.LEADER


def opened() -> tuple[Scene, Simulation]:
    """Give three nodes, and a connection to a, which leads; a second has passed."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(2)
    return scene, simulation


def answer(simulation: Simulation) -> None:
    """Let a call be answered by the node that is open."""
    simulation.take(CallAnswered(simulation.opened[LEADER_WANTED]))


def told(simulation: Simulation) -> list[Failover]:
    """List the failovers that the user was told of."""
    return [n.failover for n in simulation.notices if isinstance(n, FailedOver)]


def test_a_dead_leader_is_measured_from_the_end_of_its_connection() -> None:
    """It dies at 2 s, b leads 0.3 s later, a call is answered 0.1 s after that."""
    scene, simulation = opened()
    scene.replies[A] = Fails()
    simulation.fail()
    simulation.want()
    simulation.at(2.3, lambda: scene.become({A: FOLLOWER, B: LEADER}))
    simulation.run(2.4)
    assert is_awaited(simulation.state, simulation.opened[LEADER_WANTED])
    assert simulation.state.failovers[-1].answered_s is None
    answer(simulation)
    (failover,) = told(simulation)
    assert (failover.lost, failover.found, failover.noticed_s) == (A, B, 0.0)
    assert 0.3 <= failover.found_s < 0.35
    assert failover.answered_s == pytest.approx(0.4)
    assert simulation.state.failovers == (failover,)
    assert "a.test:2113 -> b.test:2113" in str(failover)


def test_a_silent_leader_is_measured_from_the_first_late_call() -> None:
    """Half a second of silence passes before it is noticed: it counts."""
    scene, simulation = opened()
    scene.replies[A] = Silent()
    node = simulation.opened[LEADER_WANTED]
    scene.become({A: FOLLOWER, B: LEADER})
    while LEADER_WANTED in simulation.opened:
        simulation.take(CallsLate(node, 2.0))
        simulation.run(simulation.now + 0.05)
    simulation.want()
    simulation.run(3)
    answer(simulation)
    (failover,) = told(simulation)
    assert 0.5 <= failover.noticed_s < 0.7
    assert failover.noticed_s <= failover.found_s <= (failover.answered_s or 0)


def test_a_redirect_is_a_failover_without_a_wait() -> None:
    """The node that is named is open in the same step."""
    _, simulation = opened()
    node = simulation.opened[LEADER_WANTED]
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, B))
    answer(simulation)
    assert told(simulation) == [Failover(LEADER_WANTED, A, B, 0.0, 0.0, 0.0)]


def test_time_in_which_nobody_wants_a_node_does_not_count() -> None:
    """A node is lost at 2 s; the next caller comes at 100 s and waits 1 ms."""
    _, simulation = opened()
    simulation.fail()
    simulation.run(100)
    simulation.want()
    simulation.run(101)
    answer(simulation)
    (failover,) = told(simulation)
    assert (failover.noticed_s, failover.found) == (0.0, A)
    assert failover.found_s < 0.1


def test_a_node_lost_before_it_answered_is_the_same_failover() -> None:
    """Two nodes die in a row: one failover, from the first death on."""
    scene, simulation = opened()
    scene.replies[A] = Fails()
    simulation.fail()
    simulation.want()
    scene.become({A: FOLLOWER, B: LEADER})
    simulation.run(3)
    scene.replies[B] = Fails()
    simulation.fail()
    simulation.want()
    scene.become({B: FOLLOWER, C: LEADER})
    simulation.run(4)
    answer(simulation)
    (failover,) = told(simulation)
    assert (failover.lost, failover.found) == (A, C)
    assert failover.found_s > 1.0
    assert simulation.state.failovers == (failover,)


def test_the_last_failovers_are_kept() -> None:
    """Ten, the newest last, however many there were; each is told once."""
    _, simulation = opened()
    for number in range(KEPT + 5):
        simulation.run(simulation.now + 2)
        simulation.fail()
        simulation.want()
        simulation.run(simulation.now + 2)
        answer(simulation)
        answer(simulation)
        assert len(told(simulation)) == number + 1
    assert len(simulation.state.failovers) == KEPT
    assert simulation.state.failovers == tuple(told(simulation)[-KEPT:])
    assert not simulation.state.outages


def test_new_rules_are_no_failover() -> None:
    """Who changes the overrides has lost no node."""
    _, simulation = opened()
    rules = Overrides.from_mapping({"a.test": "127.0.0.1:9"})
    simulation.take(RulesChanged(rules))
    assert LEADER_WANTED not in simulation.opened
    simulation.want()
    simulation.run(4)
    assert simulation.opened
    assert not simulation.state.outages
    assert not simulation.state.failovers


def test_a_wait_that_gave_up_is_part_of_the_failover() -> None:
    """A caller tries for two seconds, in vain, and again at once: three seconds."""
    scene, simulation = opened()
    scene.replies[A] = Fails()
    simulation.fail()
    simulation.want(within=2.0)
    simulation.run(4.1)
    simulation.want()
    scene.become({A: FOLLOWER, B: LEADER})
    simulation.run(6)
    answer(simulation)
    (failover,) = told(simulation)
    assert failover.noticed_s == 0.0
    assert failover.found_s > 2.0


def test_an_abandoned_wait_is_part_of_the_failover() -> None:
    """A caller is cancelled after two seconds, and the next one comes at once."""
    scene, simulation = opened()
    scene.replies[A] = Fails()
    simulation.fail()
    number = simulation.want()
    simulation.run(4)
    simulation.take(Abandoned(number))
    simulation.run(4.1)
    simulation.want()
    scene.become({A: FOLLOWER, B: LEADER})
    simulation.run(6)
    answer(simulation)
    (failover,) = told(simulation)
    assert failover.found_s > 2.0


def test_a_failover_that_nobody_told_of_is_over_some_time() -> None:
    """A node was found and used, without word of an answer; an hour later it moves."""
    scene, simulation = opened()
    scene.replies[A] = Fails()
    simulation.fail()
    simulation.want()
    scene.become({A: FOLLOWER, B: LEADER})
    simulation.run(3)
    simulation.run(3600)
    simulation.take(CallFailed(simulation.opened[LEADER_WANTED], Verdict.NOT_LEADER, C))
    answer(simulation)
    assert told(simulation) == [Failover(LEADER_WANTED, B, C, 0.0, 0.0, 0.0)]


def test_a_refusal_by_the_node_itself_is_an_answer() -> None:
    """The call that waited is refused, such as for a wrong version: the node is had."""
    _, simulation = opened()
    simulation.fail()
    simulation.want()
    simulation.run(3)
    simulation.fail(verdict=Verdict.ANSWERED)
    assert len(told(simulation)) == 1
