"""A node with late calls is watched: slow ones are kept, silent ones are given up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core.cluster import NodePreference, NodeState
from kurrent_conn.core.events import CallsLate
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import ChannelRenewed, NodeCondemned, NodeSuspected
from kurrent_conn.core.route import direct
from kurrent_conn.core.state import Node
from kurrent_conn.core.vigil import NOTICE_MAX_S, notice_s
from kurrent_conn.testing.virtual.simulation import Fails, Says, Silent, Simulation
from tests.stage.scene import FOLLOWER, LEADER, A, B, C, Scene, member, plan

TICK_S = 0.05


def cluster() -> Scene:
    """Three nodes, a leads."""
    return Scene(member(A, LEADER), member(B), member(C))


def opened(scene: Scene) -> Simulation:
    """Open the leader at the instant 1."""
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    return simulation


def late(simulation: Simulation, until: float, node: Node | None = None) -> None:
    """Let calls on a node be late up to an instant, as a shell reports them."""
    node = node or simulation.opened[NodePreference.LEADER]
    since = simulation.now
    while simulation.now < until:
        simulation.run(simulation.now + TICK_S)
        if simulation.now - since >= 0.1:
            simulation.take(CallsLate(node, since))


def test_a_slow_node_is_not_abandoned() -> None:
    """Gossip that takes 300 ms is an answer."""
    scene = cluster()
    simulation = opened(scene)
    scene.replies[A] = Says(scene.members, 0.3)
    late(simulation, 6)
    assert simulation.opened[NodePreference.LEADER].advertised == A
    assert not simulation.condemned
    assert not any(isinstance(n, NodeSuspected) for n in simulation.notices)


def test_a_silent_leader_is_given_up_once_another_leads() -> None:
    """Silence makes a suspect; another member's word condemns it, soon."""
    scene = cluster()
    simulation = opened(scene)
    frozen = simulation.opened[NodePreference.LEADER]
    scene.replies[A] = Silent()
    simulation.at(1.3, lambda: scene.become({A: NodeState.UNKNOWN, B: LEADER}))
    late(simulation, 2, frozen)
    assert simulation.condemned == [frozen]
    assert frozen.route in simulation.retired
    wait = simulation.want()
    simulation.run(2.1)
    assert simulation.ends[wait].result == simulation.opened[NodePreference.LEADER]
    assert simulation.opened[NodePreference.LEADER].advertised == B


def test_the_notice_is_kept() -> None:
    """A suspect after half a second of silence, not before, and not much later."""
    scene = cluster()
    simulation = opened(scene)
    scene.replies[A] = Silent()
    late(simulation, 1.55)
    assert not any(isinstance(n, NodeSuspected) for n in simulation.notices)
    late(simulation, 1.8, simulation.state.vigils[0].node)
    suspected = [n for n in simulation.notices if isinstance(n, NodeSuspected)]
    assert [n.advertised for n in suspected] == [A]


def test_a_pause_that_the_cluster_sits_out_is_sat_out() -> None:
    """Nobody else leads: calls wait, and the node is used again when it answers."""
    scene = cluster()
    simulation = opened(scene)
    frozen = simulation.opened[NodePreference.LEADER]
    scene.replies[A] = Silent()
    simulation.at(3.0, scene.replies.clear)
    late(simulation, 2, frozen)
    wait = simulation.want()
    late(simulation, 3, frozen)
    assert wait not in simulation.ends
    simulation.run(9)
    assert not simulation.condemned
    assert simulation.opened[NodePreference.LEADER].advertised == A


def test_a_node_called_dead_is_condemned() -> None:
    """Any member's word of death is enough, whatever the preference."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(1)
    frozen = simulation.opened[NodePreference.FOLLOWER]
    scene.kill(frozen.advertised)
    scene.replies[frozen.advertised] = Silent()
    late(simulation, 2, frozen)
    assert simulation.condemned == [frozen]


def test_a_silent_follower_is_replaced_at_once() -> None:
    """New calls of a follower's channel go to another one as soon as it is silent."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(1)
    frozen = simulation.opened[NodePreference.FOLLOWER]
    scene.replies[frozen.advertised] = Silent()
    late(simulation, 1.7, frozen)
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(1.8)
    other = simulation.opened[NodePreference.FOLLOWER].advertised
    assert {other, frozen.advertised} == {B, C}


def test_silence_for_too_long_condemns_without_a_word() -> None:
    """After keepalive's interval and timeout nobody needs to confirm it."""
    scene = cluster()
    simulation = opened(scene)
    frozen = simulation.opened[NodePreference.LEADER]
    scene.replies = dict.fromkeys((A, B, C), Silent())
    late(simulation, 20, frozen)
    assert not simulation.condemned
    late(simulation, 22, frozen)
    assert simulation.condemned == [frozen]


def test_our_own_pause_starts_the_silence_anew() -> None:
    """A gap between two reports is our process standing still, not the node."""
    scene = cluster()
    simulation = opened(scene)
    frozen = simulation.opened[NodePreference.LEADER]
    scene.replies[A] = Says(scene.members, 0.4)
    simulation.take(CallsLate(frozen, simulation.now - 0.1))
    simulation.now += 5  # nothing runs, not even the answer that has come
    simulation.take(CallsLate(frozen, simulation.now - 5.1))
    assert not any(isinstance(n, NodeSuspected) for n in simulation.notices)


def test_calls_that_stay_late_on_a_live_node_get_a_fresh_channel() -> None:
    """Control answers, calls do not: the channel is replaced, the node is kept."""
    scene = cluster()
    simulation = opened(scene)
    node = simulation.opened[NodePreference.LEADER]
    simulation.retired.clear()
    late(simulation, 3, node)
    renewed = simulation.opened[NodePreference.LEADER]
    assert renewed.advertised == A
    assert renewed.serial > node.serial
    assert simulation.retired == [node.route]
    assert simulation.notices.count(ChannelRenewed(A)) == 1
    assert not any(isinstance(n, NodeCondemned) for n in simulation.notices)


def test_calls_that_hang_for_good_cost_one_renewal() -> None:
    """A fresh channel that is late as well is no reason for another, and another."""
    scene = cluster()
    simulation = opened(scene)
    asked = len(scene.asked)
    began: dict[Node, float] = {}
    while simulation.now < 21:
        simulation.run(simulation.now + TICK_S)
        began.setdefault(simulation.opened[NodePreference.LEADER], simulation.now)
        for node, since in began.items():
            if simulation.now - since >= 0.1:
                simulation.take(CallsLate(node, since))
    assert simulation.notices.count(ChannelRenewed(A)) == 1
    assert len(scene.asked) - asked <= 2 * 60


def test_a_node_without_gossip_is_not_silent() -> None:
    """A refused probe is an answer: a slow call on such a node is left alone."""
    scene = cluster()
    simulation = Simulation(replace(plan(A), by_gossip=False), scene)
    scene.replies[A] = Fails(Verdict.ANSWERED, answered=True)
    simulation.want()
    simulation.run(1)
    late(simulation, 25)
    assert not simulation.condemned
    assert not any(isinstance(n, NodeSuspected) for n in simulation.notices)


def test_answers_of_probes_do_not_put_a_search_off() -> None:
    """While one node answers probe after probe, the others are asked all the same."""
    scene = Scene(member(A), member(B), member(C))
    simulation = Simulation(plan(), scene)
    nodes = [Node(A, direct(A), serial) for serial in range(50, 70)]
    wait = simulation.want()
    simulation.run(4)
    scene.replies[A] = Says(scene.members)
    scene.become({B: LEADER})
    while simulation.now < 6:
        simulation.run(simulation.now + TICK_S)
        for node in nodes:
            simulation.take(CallsLate(node, simulation.now - 0.2))
    assert simulation.ends[wait].at < 5


def test_probes_of_a_live_node_grow_rare() -> None:
    """A call that takes a minute costs about a probe a second, not twenty."""
    scene = cluster()
    simulation = opened(scene)
    asked = len(scene.asked)
    late(simulation, 61, simulation.opened[NodePreference.LEADER])
    assert len(scene.asked) - asked <= 90


def test_a_vigil_ends_with_the_late_calls() -> None:
    """Nobody waits any more: nobody is asked any more."""
    scene = cluster()
    simulation = opened(scene)
    scene.replies[A] = Silent()
    late(simulation, 2)
    simulation.run(3)
    simulation.want(None, within=0.1)
    simulation.run(4)
    assert not simulation.state.vigils
    asked = len(scene.asked)
    simulation.run(10)
    assert len(scene.asked) == asked


@pytest.mark.parametrize(
    ("round_trip_s", "expected"),
    [(None, 0.5), (0.01, 0.5), (0.3, 1.2), (9, NOTICE_MAX_S)],
)
def test_distance_lengthens_the_notice(
    round_trip_s: float | None, expected: float
) -> None:
    """A node far away gets four of its own round trips, 2 s at most."""
    scene = Scene(member(A, LEADER), member(B, FOLLOWER))
    simulation = opened(scene)
    object.__setattr__(simulation.state, "round_trip_s", round_trip_s)
    assert notice_s(simulation.state) == pytest.approx(expected)
