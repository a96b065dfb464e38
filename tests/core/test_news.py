"""What a missing answer says about nodes that are open, and who waits for news."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn.core.actions import ReadGossip
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.route import direct
from kurrent_conn.core.state import Node
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
)
from tests.stage.scene import FOLLOWER, LEADER, A, B, C, Scene, member, plan


def cluster() -> Scene:
    """Three nodes, a leads."""
    return Scene(member(A, LEADER), member(B), member(C))


def opened(simulation: Simulation) -> Node | None:
    """Give the leader's open node."""
    return simulation.opened.get(NodePreference.LEADER)


def leader_is_asked(reply: Reply) -> Simulation:
    """Open a leader, then let a search for news meet this reply of it."""
    scene = cluster()
    simulation = Simulation(plan(A), scene)
    simulation.want()
    simulation.run(1)
    scene.replies = dict.fromkeys((A, B, C), reply)
    simulation.want(None, within=6)
    simulation.run(7)
    return simulation


def test_an_open_node_whose_connection_is_gone_is_left() -> None:
    """A refused read says it before any call has to: no call goes to a suspect."""
    simulation = leader_is_asked(Fails(Verdict.NEVER_SENT))
    assert A in simulation.state.suspects
    assert opened(simulation) is None


def test_an_open_node_that_gives_no_gossip_is_kept() -> None:
    """It is judged by its calls and its probes, and is no suspect."""
    for reply in (Silent(), Fails(Verdict.UNSURE, answered=True)):
        simulation = leader_is_asked(reply)
        assert A not in simulation.state.suspects
        assert opened(simulation) is not None


def test_a_better_route_that_failed_gives_way_to_the_next() -> None:
    """It answered once, and nobody has been by it since: its word is not kept."""
    inside, outside = Endpoint("10.0.0.1"), Endpoint("10.0.0.2")
    ways = Override(exact=A.host, target=(str(inside), str(outside)))
    scene = Scene(member(A, LEADER))
    simulation = Simulation(plan(A, router=Overrides((ways,))), scene)
    simulation.want()
    simulation.run(1)
    simulation.fail(verdict=Verdict.NOT_READY)
    assert simulation.state.proven[A].dial == inside
    simulation.world = lambda action, _: (
        Fails() if action.route.dial == inside else Says(scene.members)
    )
    simulation.want()
    simulation.run(2)
    assert simulation.opened[NodePreference.LEADER].route.dial == outside


def test_a_route_that_fails_does_not_speak_for_one_that_works() -> None:
    """A node with two routes is proven by the second: the first may fail for ever."""
    rules = Overrides((Override(exact=A.host, target=("10.0.0.9", A.host)),))

    scene = cluster()

    def world(action: ReadGossip, now: float) -> Reply:
        del now
        by_hole = action.route.dial.host == "10.0.0.9"
        return Silent() if by_hole else Says(scene.members)

    for seed in range(10):
        simulation = Simulation(plan(A, B, C, router=rules), world, seed)
        simulation.want()
        simulation.run(1)
        assert opened(simulation) is not None
        for _ in range(5):
            simulation.want(NodePreference.FOLLOWER)
            simulation.run(simulation.now + 6)
        assert A not in simulation.state.suspects


def test_a_lost_node_is_left_by_every_route() -> None:
    """One node, opened as a seed behind a balancer and as itself: it is one node."""
    simulation = Simulation(plan(), cluster())
    simulation.want()
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(1)
    node = opened(simulation)
    assert node is not None
    other = replace(node, route=direct(Endpoint("db.test")), serial=99)
    simulation.state = replace(
        simulation.state,
        chosen={**simulation.state.chosen, NodePreference.RANDOM: other},
    )
    simulation.take(CallFailed(node, Verdict.LOST))
    assert set(simulation.state.chosen) == {NodePreference.FOLLOWER}


def test_a_redirect_ends_the_wait_for_news() -> None:
    """What is published is news: nobody goes on waiting without being heard."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    node = opened(simulation)
    assert node is not None
    scene.replies = dict.fromkeys((A, B, C), Silent())
    wait = simulation.want(None)
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, B))
    assert isinstance(simulation.ends[wait].result, Topology)
    assert not simulation.state.waiters
    assert simulation.state.search is None


def test_a_follower_stays_open_through_an_answer_that_lists_it() -> None:
    """News that change nothing for a preference move nothing."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(1)
    before = simulation.opened[NodePreference.FOLLOWER]
    scene.become({B: FOLLOWER})
    simulation.want(None)
    simulation.run(2)
    assert simulation.opened[NodePreference.FOLLOWER] is before


def test_members_that_name_each_other_are_asked_at_a_pace() -> None:
    """Answers without any delay that name somebody else in turn cause no storm."""
    a_leads, b_leads = listed(A), listed(B)
    strangers = {A: b_leads, B: a_leads, C: b_leads}

    def world(action: ReadGossip, now: float) -> Reply:
        del now
        return replace(strangers[action.endpoint], after_s=0.0)

    for seed in range(20):
        simulation = Simulation(plan(), world, seed)
        simulation.want(within=2)
        simulation.run(2)
        reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
        assert len(reads) <= 250 * 2


def test_a_dead_leader_that_is_still_named_takes_few_turns() -> None:
    """While others name it, those who will know of the next leader are asked first."""
    for seed in range(20):
        scene = cluster()
        scene.replies[A] = Fails()
        simulation = Simulation(plan(), scene, seed)
        simulation.want(within=2)
        simulation.run(1)
        assert scene.asked.count(A) < len(scene.asked) / 2


def test_a_stranger_behind_a_members_name_is_asked_at_a_pace() -> None:
    """A leader that never answers itself, though its name does, causes no storm."""
    strangers = Says((member(C, FOLLOWER), member(A, LEADER)), after_s=0.0)

    def world(action: ReadGossip, now: float) -> Reply:
        # Another cluster answers by the leader's name at every second read.
        ours = action.read % 2 or action.endpoint != A
        stranger = Says((member(B, LEADER), member(C)), after_s=0.0)
        return strangers if ours else stranger if now < 1 else Silent()

    for seed in range(20):
        simulation = Simulation(plan(), world, seed)
        simulation.want(within=2)
        simulation.run(2)
        reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
        assert len(reads) <= 250 * 2


def listed(leader: Endpoint | None, *, now_s: float = 0.0) -> Says:
    """Let an answer name this leader."""
    return Says(
        tuple(
            member(at, LEADER if at == leader else FOLLOWER, stamp_s=now_s)
            for at in (A, B, C)
        )
    )


def test_a_nodes_word_about_itself_wins() -> None:
    """B resigned and says so; c lags and still names b: b is asked, and not opened."""
    for seed in range(20):
        scene = Scene(member(A), member(B, LEADER), member(C))
        simulation = Simulation(plan(), scene, seed)
        simulation.want()
        simulation.run(1)
        scene.replies = {A: listed(None), B: listed(None), C: listed(B)}
        simulation.fail(verdict=Verdict.NOT_READY)
        simulation.want()
        simulation.run(1.1)
        if opened(simulation) is not None:  # c was asked first
            simulation.fail(verdict=Verdict.NOT_READY)
            simulation.want()
        simulation.run(1.8)
        assert opened(simulation) is None
        assert simulation.state.topology.leader is None
        scene.replies = {A: listed(None), B: listed(B), C: listed(B)}
        simulation.run(2.5)
        node = opened(simulation)
        assert node is not None
        assert node.advertised == B


def test_a_leader_just_elected_is_opened_on_hearsay() -> None:
    """B said a moment ago that it follows; that it leads now is news, and no lag."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    scene.kill(A)
    scene.become({B: FOLLOWER, C: FOLLOWER})
    simulation.fail()
    simulation.want()
    simulation.run(1.3)
    scene.become({B: LEADER})
    scene.replies[B] = Silent()
    simulation.run(2)
    node = opened(simulation)
    assert node is not None
    assert node.advertised == B


def test_nodes_that_name_each_other_cost_no_flood() -> None:
    """A says that b leads, b says that a does: at most twice the usual reads."""
    scene = cluster()
    scene.replies = {A: listed(B), B: listed(A), C: listed(None)}
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    for _ in range(2):
        if opened(simulation) is not None:
            simulation.fail(verdict=Verdict.NOT_READY)
            simulation.want()
            simulation.run(simulation.now + 1)
    asked = len(scene.asked)
    simulation.run(simulation.now + 8)
    assert opened(simulation) is None
    assert len(scene.asked) - asked <= 220
