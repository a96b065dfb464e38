"""Where calls go after a node said that it does not lead, or the rules changed."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn.core.actions import ReadGossip
from kurrent_conn.core.amended import amended
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed, CallsLate, RulesChanged
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.route import Route, direct
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
    address_of,
)
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


def test_a_route_that_leads_to_another_node_is_not_used_for_ever() -> None:
    """A cluster of one behind a balancer grows: its leader is then dialled itself.

    A node on its own speaks for itself by whatever address. Later that address leads
    to the others as well, who name the node that the connection takes them for.
    """
    balancer = Endpoint("db.test")
    scene = Scene(member(A, LEADER))
    simulation = Simulation(plan(balancer, Endpoint("other.test")), scene)
    simulation.want()
    simulation.run(1)
    node = simulation.opened[NodePreference.LEADER]
    assert (node.advertised, node.route.named) != (A, direct(A))
    grown = (member(A, LEADER), member(B), member(C))
    scene.members = grown
    scene.replies[B] = Says(grown)
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, A))
    simulation.want()
    simulation.run(2)
    assert simulation.opened[NodePreference.LEADER].route.named == direct(A)


RULES = Overrides((Override(suffix=".test", target="10.0.0.9"),))
SCENE = (member(A, LEADER), member(B), member(C))


def routed(simulation: Simulation) -> Route:
    """Give the route by which the leader's calls go."""
    return simulation.opened[NodePreference.LEADER].route


def test_new_rules_are_used_by_the_next_call() -> None:
    """A node that the rules now reach elsewhere is opened there."""
    simulation = Simulation(plan(), Scene(*SCENE))
    simulation.want()
    simulation.run(1)
    assert routed(simulation).named == direct(A)
    simulation.take(RulesChanged(RULES))
    assert NodePreference.LEADER not in simulation.opened
    simulation.want()
    simulation.run(2)
    assert routed(simulation) == RULES.routes(A)[0]


def test_new_rules_are_used_by_a_search_under_way() -> None:
    """Who is asked by a route that is gone is asked anew, and not used by it."""
    for seed in range(10):
        asked: list[Route] = []

        def world(action: ReadGossip, now: float, asked: list[Route] = asked) -> Reply:
            del now
            asked.append(action.route)
            return Says(SCENE) if action.route.rule else Silent()

        simulation = Simulation(plan(), world, seed)
        simulation.want()
        simulation.run(0.06)
        assert asked
        assert not any(route.rule for route in asked)
        old_reads = {read.number for read in simulation.state.reads}
        simulation.take(RulesChanged(RULES))
        assert not old_reads & {read.number for read in simulation.state.reads}
        simulation.run(0.2)
        assert routed(simulation) == RULES.routes(A)[0], seed


TRUSTING = Overrides((Override(exact=A.host, target=A.host),))
"""Trusts a host by naming it; its route is the same without the rule."""


def trusting(*replies: tuple[Endpoint, Reply], **changes: object) -> Simulation:
    """Connect where a alone is trusted by a rule, b and c as seeds."""
    scene = Scene(*SCENE)
    scene.replies.update(replies)
    given = replace(plan(B, C, router=TRUSTING), trusted_names=("*.other",))
    return Simulation(replace(given, **changes), scene)  # type: ignore[arg-type] # by name


def test_whom_only_a_rule_trusted_is_left_with_the_rule() -> None:
    """Its calls go elsewhere, and its answers prove nothing any more."""
    simulation = trusting()
    simulation.want()
    simulation.run(1)
    node = simulation.opened[NodePreference.LEADER]
    assert node.advertised == A
    simulation.take(RulesChanged(Overrides()))
    assert NodePreference.LEADER not in simulation.opened
    simulation.take(CallsLate(node, simulation.now - 1.5))
    simulation.run(1.5)
    assert A not in simulation.state.proven


def test_whom_only_a_rule_trusted_is_asked_no_more() -> None:
    """A read is cancelled, and the channel that dials goes at once."""
    simulation = trusting((A, Silent()))
    simulation.want()
    simulation.run(0.06)
    (asked,) = {r.candidate.route for r in simulation.state.reads}
    assert asked.dial == A
    simulation.take(RulesChanged(Overrides()))
    assert simulation.state.search is not None
    assert all(read.candidate.endpoint != A for read in simulation.state.reads)
    assert asked in simulation.retired


def test_no_channel_stays_to_whom_only_a_rule_trusted() -> None:
    """Not by any of its addresses, nor where it answered and gave no gossip."""
    refuses = Fails(verdict=Verdict.ANSWERED, answered=True)
    for reply in (Says((member(A), member(B), member(C))), refuses):
        simulation = trusting((A, reply))
        simulation.names = lambda host: (
            ("10.0.0.1", "10.0.0.2") if host == A.host else address_of(host)
        )
        simulation.want()
        simulation.run(1)
        by_both = {r for r in simulation.state.channels if r.dial == A}
        assert len(by_both) == 2
        simulation.take(RulesChanged(Overrides()))
        assert not by_both & simulation.state.channels.keys()


def test_the_word_of_whom_only_a_rule_trusted_counts_no_more() -> None:
    """Calls that run there are watched, without credentials and without belief."""
    simulation = trusting(gossip_timeout_s=1.0, has_credentials=True)
    simulation.want()
    simulation.run(1)
    node = simulation.opened[NodePreference.LEADER]
    simulation.state = amended(simulation.state, gossip_needs_credentials=True)
    simulation.take(RulesChanged(Overrides()))
    known = simulation.state.topology
    evil = Endpoint("evil.other")
    lies = (member(A), member(B, alive=False), member(evil, LEADER))
    simulation.world = lambda *_: Says(lies)
    begun = len(simulation.actions)
    simulation.take(CallsLate(node, simulation.now - 0.2))
    simulation.run(1.1)
    (probe,) = (a for a in simulation.actions[begun:] if isinstance(a, ReadGossip))
    assert (probe.endpoint, probe.with_credentials) == (A, False)
    assert simulation.state.topology is known


def test_a_seeds_channel_outlives_rules_about_others() -> None:
    """A standby that a node behind a seed's name was reached by stays one."""
    balancer = Endpoint("lb.test", 2113)
    simulation = Simulation(plan(balancer), Scene(member(A, LEADER)))
    simulation.want()
    simulation.run(1)
    simulation.fail(verdict=Verdict.NOT_READY)
    about_others = Override(exact="unrelated.test", target="10.0.0.9")
    simulation.take(RulesChanged(Overrides((about_others,))))
    assert simulation.retired == []
    assert [route.dial for route in simulation.state.channels] == [balancer]


def test_a_standby_goes_with_the_rule_that_led_to_it() -> None:
    """Who was heard by a route that no rule gives any more keeps no channel there."""
    ruled = Overrides((Override(exact=B.host, target="10.0.0.9"),))
    scene = Scene(member(A, LEADER), member(B))
    simulation = Simulation(plan(A, B, router=ruled), scene)
    for preference in (NodePreference.LEADER, NodePreference.FOLLOWER):
        simulation.want(preference)
        simulation.run(simulation.now + 1)
    standby = simulation.opened[NodePreference.FOLLOWER].route
    simulation.fail(NodePreference.FOLLOWER, Verdict.NOT_READY)
    assert NodePreference.FOLLOWER not in simulation.opened
    simulation.take(RulesChanged(Overrides()))
    assert simulation.retired == [standby]


def test_a_probe_by_a_route_that_is_gone_opens_nothing_there() -> None:
    """Calls still run by the old route and are late; the answer proves nothing."""
    simulation = Simulation(plan(), Scene(*SCENE))
    simulation.want()
    simulation.run(1)
    node = simulation.opened[NodePreference.LEADER]
    simulation.take(RulesChanged(RULES))
    simulation.take(CallsLate(node, simulation.now - 0.2))
    simulation.run(1.05)
    assert A not in simulation.state.proven
    simulation.want()
    simulation.run(2)
    assert routed(simulation) == RULES.routes(A)[0]


BALANCER = Endpoint("lb.test", 2113)


def alone_behind_a_balancer() -> Simulation:
    """Open a leader that lists itself alone and was reached by another name."""
    simulation = Simulation(plan(BALANCER), Scene(member(A, LEADER)))
    simulation.want()
    simulation.run(1)
    return simulation


def test_a_balancer_is_no_way_to_the_member_that_was_alone_behind_it() -> None:
    """A node that lists itself alone is taken for the seed; one that lists more is not.

    Once what the seed leads to denies to be that member, a probe's answer by the same
    way does not bring the belief back.
    """
    simulation = alone_behind_a_balancer()
    node = simulation.opened[NodePreference.LEADER]
    assert node.advertised == A
    assert node.route.dial == BALANCER
    simulation.world = lambda action, _: (
        Says(SCENE) if action.route.dial == BALANCER else Silent()
    )
    simulation.take(CallsLate(node, simulation.now - 0.2))
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, A))
    simulation.run(1.2)
    assert A not in simulation.state.proven


def test_a_node_alone_behind_a_seed_stays_known() -> None:
    """A single node that advertises what leads nowhere is reached as the user said."""
    simulation = alone_behind_a_balancer()
    node = simulation.opened[NodePreference.LEADER]
    simulation.take(CallsLate(node, simulation.now - 0.2))
    simulation.run(1.2)
    assert simulation.state.proven[A] == node.route
