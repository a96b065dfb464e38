"""Names are dialled at all their addresses, and looked up again when one failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import Action, Ending, GiveUp, ReadGossip, Resolve
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Event,
    GossipFailed,
    Resolved,
    ResolveFailed,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.state import Node
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
)
from tests.stage.scene import LEADER, A, B, Scene, member, plan

FOUR = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")


def looked_up(simulation: Simulation) -> list[str]:
    """List the names that were looked up, in order."""
    return [a.host for a in simulation.actions if isinstance(a, Resolve)]


def test_every_address_of_a_name_is_asked_side_by_side() -> None:
    """Three black holes behind one name cost nothing: the fourth address answers."""

    def world(action: ReadGossip, now: float) -> Reply:
        del now
        if action.route.address == FOUR[3]:
            return Says((member(A, LEADER),))
        return Silent()

    simulation = Simulation(plan(A), world)
    simulation.names = lambda _: FOUR
    wait = simulation.want()
    simulation.run(1)
    end = simulation.ends[wait]
    assert isinstance(end.result, Node)
    assert end.result.route.address == FOUR[3]
    assert end.result.route.server_name == "a.test"
    assert end.at < 0.01


def test_an_address_needs_no_resolver() -> None:
    """What is an address already is dialled as it is."""
    address = Endpoint("10.1.1.1")
    simulation = Simulation(plan(address), Scene(member(address, LEADER)))
    simulation.want()
    simulation.run(1)
    assert looked_up(simulation) == []


def test_the_overrides_target_is_what_is_resolved() -> None:
    """The advertised name itself may mean nothing here."""
    rules = Overrides((Override(exact="a.test", target="inside.test"),))
    simulation = Simulation(plan(A, router=rules), Scene(member(A, LEADER)))
    simulation.want()
    simulation.run(1)
    assert looked_up(simulation) == ["inside.test"]


def test_a_name_without_address_is_a_cause_with_a_hint() -> None:
    """A member that resolves nowhere fails in the phase `resolve`, with the rule."""
    simulation = Simulation(plan(B), Scene(member(A, LEADER), member(B)))
    simulation.names = lambda host: () if host == "a.test" else ("10.0.0.9",)
    wait = simulation.want(within=2)
    simulation.run(3)
    result = simulation.ends[wait].result
    assert not isinstance(result, Node)
    attempt = next(a for a in result.attempts if a.endpoint == A)  # type: ignore[union-attr]
    assert attempt.phase is Phase.RESOLVE
    assert 'exact = "a.test"' in attempt.hint


def test_a_resolver_is_not_hammered() -> None:
    """A name that has no address is looked up about once a second."""
    simulation = Simulation(plan(B), Scene(member(A, LEADER), member(B)))
    simulation.names = lambda host: () if host == "a.test" else ("10.0.0.9",)
    simulation.want(within=8)
    simulation.run(9)
    assert looked_up(simulation).count("a.test") <= 10


def test_a_node_that_moved_is_found_at_its_new_address() -> None:
    """A name whose address failed is looked up before it is asked again."""
    home = {"at": FOUR[0]}

    def world(action: ReadGossip, now: float) -> Reply:
        del now
        if action.route.address == home["at"]:
            return Says((member(A, LEADER), member(B)))
        return Fails()

    simulation = Simulation(plan(A), world)
    simulation.names = lambda _: (home["at"],)
    simulation.want()
    simulation.run(1)
    home["at"] = FOUR[1]
    simulation.fail()
    wait = simulation.want()
    simulation.run(4)
    end = simulation.ends[wait]
    assert isinstance(end.result, Node)
    assert end.result.route.address == FOUR[1]


def test_members_are_looked_up_when_they_are_heard_of() -> None:
    """A redirect then waits for no resolver."""
    simulation = Simulation(plan(A), Scene(member(A, LEADER), member(B)))
    simulation.want()
    simulation.run(1)
    assert "b.test" in looked_up(simulation)


def test_discover_asks_dns_for_the_seeds_alone() -> None:
    """`+discover` names are asked of DNS too; members are dialled as all else is."""
    scene = Scene(member(A, LEADER), member(B))
    simulation = Simulation(replace(plan(A), discover=True), scene)
    simulation.want()
    simulation.run(1)
    by_dns = {a.host: a.by_dns for a in simulation.actions if isinstance(a, Resolve)}
    assert by_dns == {"a.test": True, "b.test": False}


@pytest.mark.parametrize(
    ("target", "dial", "address"),
    [
        ("10.0.0.5", Endpoint("10.0.0.5", 2113), None),
        ("10.0.0.5:443", Endpoint("10.0.0.5", 443), None),
        ("inside.test", Endpoint("inside.test", 2113), FOUR[3]),
    ],
    ids=["address", "port", "name"],
)
def test_what_discover_finds_goes_by_the_rules(
    target: str, dial: Endpoint, address: str | None
) -> None:
    """A rule about an address holds for those of DNS; the given name is verified."""
    rules = Overrides((Override(cidr="203.0.113.0/24", target=target),))
    scene = Scene(member(A, LEADER))
    simulation = Simulation(replace(plan(A, router=rules), discover=True), scene)
    simulation.names = lambda host: ("203.0.113.7",) if host == A.host else FOUR[3:]
    simulation.want()
    simulation.run(1)
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert {(r.route.dial, r.route.address) for r in reads} == {(dial, address)}
    assert {read.route.server_name for read in reads} == {A.host}
    assert {read.endpoint for read in reads} == {A}


def test_what_rules_make_of_a_found_address_is_looked_up_once() -> None:
    """Also ahead of being asked: the seed's own name has its address already."""
    rules = Overrides(
        (
            Override(cidr="203.0.113.0/24", target="gate1.test"),
            Override(cidr="198.51.100.0/24", target="gate2.test"),
        )
    )
    found = {A.host: ("203.0.113.7",), B.host: ("198.51.100.7",)}
    discovering = replace(plan(A, B, router=rules), discover=True)
    simulation = Simulation(discovering, lambda *_: Silent())
    simulation.names = lambda host: found.get(host, FOUR[3:])
    simulation.want()
    for _ in range(100):
        next_at = simulation.next_at
        assert next_at is not None
        simulation.run(min(next_at, 0.02))
    names = looked_up(simulation)
    assert sorted(names) == sorted({*found, "gate1.test", "gate2.test"})


def test_a_rule_may_say_which_name_a_found_address_has() -> None:
    """`server_name` of the rule is verified then."""
    rule = Override(cidr="203.0.113.0/24", target="10.0.0.5", server_name="lb.test")
    scene = Scene(member(A, LEADER))
    discovering = replace(plan(A, router=Overrides((rule,))), discover=True)
    simulation = Simulation(discovering, scene)
    simulation.names = lambda _: ("203.0.113.7",)
    simulation.want()
    simulation.run(1)
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert {read.route.server_name for read in reads} == {"lb.test"}


def test_without_discover_addresses_are_what_the_system_says() -> None:
    """A rule about addresses means advertised ones, not a resolver's answer."""
    rules = Overrides((Override(cidr="203.0.113.0/24", target="10.0.0.5"),))
    simulation = Simulation(plan(A, router=rules), Scene(member(A, LEADER)))
    simulation.names = lambda _: ("203.0.113.7",)
    simulation.want()
    simulation.run(1)
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert {read.route.address for read in reads} == {"203.0.113.7"}


def test_a_later_answer_adds_addresses_to_the_search() -> None:
    """DNS may know more addresses than the system said a moment before."""

    def world(action: ReadGossip, now: float) -> Reply:
        del now
        if action.route.address == FOUR[1]:
            return Says((member(A, LEADER),))
        return Silent()

    simulation = Simulation(plan(A), world)
    simulation.names = lambda _: FOUR[:1]
    simulation.want()
    simulation.run(0.5)
    simulation.take(Resolved("a.test", FOUR[:2], 60.0))
    simulation.run(1)
    assert simulation.opened[NodePreference.LEADER].route.address == FOUR[1]


@pytest.mark.parametrize("seed", range(8))
def test_a_round_is_not_over_while_a_name_is_looked_up(seed: int) -> None:
    """A slow resolver does not use the rounds up: its name is asked, or named."""
    here = Endpoint("127.0.0.1", 2113)
    one_round = replace(plan(here, B), max_rounds=1)
    state, now, told = core_state.start(one_round, seed), 0.0, list[Action]()
    no_such_name, answers = ResolveFailed("b.test", "no such name"), False

    def take(event: Event) -> None:
        nonlocal state
        state, actions = advance(state, event, now)
        told.extend(actions)
        for action in actions:
            if isinstance(action, ReadGossip):
                failed = GossipFailed(
                    action.read, Verdict.NEVER_SENT, Phase.CONNECT, "refused"
                )
                take(failed)
            elif isinstance(action, Resolve) and answers:
                take(no_such_name)

    take(Wanted(1, NodePreference.LEADER, 30.0))
    while now < 2 and state.wake_at is not None:
        now = state.wake_at
        take(Woke())
    assert not any(isinstance(action, GiveUp) for action in told)
    answers = True
    take(no_such_name)
    while now < 10 and state.wake_at is not None:
        now = state.wake_at
        take(Woke())
    (given_up,) = (action for action in told if isinstance(action, GiveUp))
    assert given_up.ending is Ending.ROUNDS
    assert {attempt.endpoint for attempt in given_up.attempts} == {here, B}


@pytest.mark.parametrize("seed", range(8))
def test_a_name_that_failed_ahead_of_its_turn_is_told_of(seed: int) -> None:
    """It is looked up again when its turn comes, and the round ends on time."""
    here = Endpoint("127.0.0.1", 2113)
    scene = Scene(member(here, LEADER))
    scene.replies[here] = Fails(after_s=0.001)
    simulation = Simulation(replace(plan(here, B), max_rounds=1), scene, seed)
    simulation.names = lambda _: ()
    wait = simulation.want()
    simulation.run(2)
    end = simulation.ends[wait]
    assert isinstance(end.result, GiveUp)
    assert end.at < 0.3
    assert {attempt.endpoint for attempt in end.result.attempts} == {here, B}


def test_a_name_without_an_address_is_looked_up_once_a_second() -> None:
    """By a search whose first seed is silent, ahead of its turn and in it."""
    scene = Scene(member(A, LEADER))
    here = Endpoint("127.0.0.1", 2113)
    scene.replies[here] = Silent()
    for seed in range(8):
        simulation = Simulation(plan(here, B), scene, seed)
        simulation.names = lambda _: ()
        simulation.want(within=3.0)
        simulation.run(3)
        asked = [a for a in simulation.actions if isinstance(a, Resolve)]
        assert 1 <= len(asked) <= 5, seed
