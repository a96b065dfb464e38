"""The reads of an election: in whose turn, and how soon after each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from kurrent_conn.core.actions import ReadGossip, WakeAt
from kurrent_conn.core.backoff import election_interval_s
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed
from kurrent_conn.core.failure import Verdict
from kurrent_conn.testing.virtual.simulation import Fails, Says, Silent, Simulation
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


def reads_of(simulation: Simulation) -> list[tuple[float, Endpoint]]:
    """List when whom was asked."""
    return [
        (at, action.endpoint)
        for at, action in simulation.told
        if isinstance(action, ReadGossip)
    ]


@pytest.mark.parametrize("dead", [Fails(), Silent()])
@pytest.mark.parametrize("seed", range(5))
def test_a_dead_node_takes_no_turn_of_an_election(
    dead: Fails | Silent, seed: int
) -> None:
    """Those who may know of a new leader are asked as often as if it were not there."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    simulation = Simulation(plan(), scene, seed)
    simulation.want()
    simulation.run(1)
    scene.kill(A)
    scene.replies[A] = dead
    simulation.fail()
    simulation.want()
    simulation.run(2)
    reads = reads_of(simulation)
    assert any(asked == A for at, asked in reads if at >= 1)
    turns = [at for at, asked in reads if asked != A and at > 1.1]
    gaps = [later - at for at, later in pairwise(turns)]
    assert max(gaps) <= election_interval_s(1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_two_dead_of_five_take_no_turns_either(seed: int) -> None:
    """However many are dead: in each turn somebody is asked who may know more."""
    d, e = Endpoint("d.test", 2113), Endpoint("e.test", 2113)
    scene = Scene(member(A, LEADER), *map(member, (B, C, d, e)))
    simulation = Simulation(plan(A, B, C, d, e), scene, seed)
    simulation.want()
    simulation.run(1)
    scene.kill(A, B)
    simulation.fail()
    simulation.want()
    simulation.run(2.5)
    turns = [
        at for at, asked in reads_of(simulation) if asked not in {A, B} and at > 1.1
    ]
    gaps = [later - at for at, later in pairwise(turns)]
    assert max(gaps) <= election_interval_s(1.5, 1)


@pytest.mark.parametrize("seed", range(5))
def test_answers_leave_the_next_read_where_it_is_planned(seed: int) -> None:
    """A timer is set once a read, and not again by the answer that fits nobody."""
    scene = Scene(*map(member, (A, B, C)))
    simulation = Simulation(plan(), scene, seed)
    simulation.want()
    simulation.run(1.5)
    begun = len(simulation.actions)
    simulation.run(3)
    since = simulation.actions[begun:]
    reads = sum(isinstance(action, ReadGossip) for action in since)
    assert reads > 5
    assert sum(isinstance(action, WakeAt) for action in since) <= reads + 1


@pytest.mark.parametrize("seed", range(5))
def test_who_denies_to_lead_is_not_waited_for_any_longer(seed: int) -> None:
    """A claimed leader far away has long to answer; its "no" brings the next read."""
    far_s = 0.1
    claimed, follower = (Endpoint(f"127.0.0.{number}") for number in (1, 2))
    claim = (member(claimed, LEADER), member(follower))
    scene = Scene(*claim)
    scene.replies[follower] = Says(claim, after_s=far_s)
    scene.replies[claimed] = Says((member(claimed), member(follower)), after_s=far_s)
    simulation = Simulation(plan(follower), scene, seed)
    simulation.want()
    simulation.run(1)
    (_, first), (asked_at, second), (next_at, _), *_ = reads_of(simulation)
    assert (first, second) == (follower, claimed)
    denied_at = asked_at + far_s
    assert denied_at < next_at <= denied_at + election_interval_s(denied_at, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_that_is_waited_for_as_it_is_keeps_its_turns(seed: int) -> None:
    """One host was given: nobody but it will do for a follower, suspect or not."""
    given = Endpoint("db.test")
    scene = Scene(member(A), member(B), member(C))
    simulation = Simulation(replace(plan(given), by_gossip=False), scene, seed)
    for preference in (NodePreference.LEADER, NodePreference.FOLLOWER):
        simulation.want(preference)
        simulation.run(simulation.now + 0.2)
    opened = simulation.opened[NodePreference.LEADER]
    simulation.take(CallFailed(opened, Verdict.NOT_LEADER, A))
    simulation.want()
    scene.replies[given] = Fails()
    simulation.fail(NodePreference.FOLLOWER)
    wait = simulation.want(NodePreference.FOLLOWER)
    simulation.run(6)
    assert given in simulation.state.suspects
    scene.replies.clear()
    simulation.run(7.2)  # a round over all is at most 1 s by now
    assert wait in simulation.ends
