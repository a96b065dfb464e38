"""Whatever the world does, the state machine keeps its promises."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import GiveUp, Open, ReadGossip
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import Member, NodePreference, NodeState, Topology
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    CallsLate,
    Event,
    GossipFailed,
    GossipRead,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.route import direct
from kurrent_conn.core.state import Node, Plan, State
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
)

NODES = tuple(Endpoint(f"n{number}.kurrent.test") for number in range(4))
RULES = Overrides(
    (
        Override(exact="n0.kurrent.test", target="10.0.0.1:1"),
        Override(exact="n1.kurrent.test", target=("10.0.0.2", "10.0.0.3:3")),
        Override(suffix="kurrent.test", target="inside.test", port=2113),
    )
)
MEMBERS = st.lists(
    st.builds(
        Member,
        advertised=st.sampled_from(NODES),
        state=st.sampled_from(
            [NodeState.LEADER, NodeState.FOLLOWER, NodeState.UNKNOWN, NodeState.MANAGER]
        )
        | st.integers(0, 20),
        is_alive=st.booleans(),
        time_stamp_s=st.floats(0, 9),
    ),
    max_size=4,
    unique_by=lambda member: member.advertised,
).map(tuple)
REPLIES = st.one_of(
    st.builds(Says, MEMBERS, st.floats(0, 0.2)),
    st.builds(
        Fails,
        st.sampled_from(list(Verdict)),
        st.sampled_from(list(Phase)),
        st.floats(0, 0.2),
        st.booleans(),
        st.booleans(),
    ),
    st.just(Silent()),
)
PLANS = st.builds(
    Plan,
    seeds=st.lists(st.sampled_from(NODES), min_size=1, unique=True).map(tuple),
    router=st.sampled_from([RULES, Overrides()]),
    by_gossip=st.booleans(),
    follow=st.booleans(),
    trusted_names=st.sampled_from([None, ("*.kurrent.test",), ()]),
    has_credentials=st.booleans(),
    may_send_credentials=st.booleans(),
    gossip_timeout_s=st.sampled_from([0.1, 5.0]),
    max_rounds=st.sampled_from([1, 3, None]),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that users or the network do, and how long nothing follows it."""

    do: str
    preference: NodePreference
    verdict: Verdict
    leader: Endpoint | None
    within_s: float
    pause_s: float


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["want", "want", "news", "fail", "late", "abandon"]),
        st.sampled_from(list(NodePreference)),
        st.sampled_from(list(Verdict)),
        st.sampled_from([None, *NODES]),
        st.floats(0.01, 3),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)


def play(plan: Plan, replies: list[Reply], steps: list[Step], seed: int) -> Simulation:
    """Run the steps in a world whose answers come from the list, round and round."""
    turn = iter(range(10**9))

    def world(action: ReadGossip, now: float) -> Reply:
        del action, now
        return replies[next(turn) % len(replies)]

    simulation = Simulation(plan, world, seed)
    for step in steps:
        match step.do:
            case "want":
                simulation.want(step.preference, step.within_s)
            case "news":
                simulation.want(None, step.within_s)
            case "fail" if step.preference in simulation.opened:
                node = simulation.opened[step.preference]
                simulation.take(CallFailed(node, step.verdict, step.leader))
            case "late" if step.preference in simulation.opened:
                node = simulation.opened[step.preference]
                for _ in range(round(step.within_s / 0.05)):
                    simulation.run(simulation.now + 0.05)
                    simulation.take(CallsLate(node, simulation.now - 0.2))
            case "abandon" if simulation.state.waiters:
                simulation.take(Abandoned(simulation.state.waiters[0].number))
            case _:
                pass
        simulation.run(simulation.now + step.pause_s)
    simulation.run(simulation.now + 4)
    return simulation


GAMES = given(PLANS, st.lists(REPLIES, min_size=1, max_size=6), STEPS, st.integers())


@GAMES
def test_every_wait_ends_within_its_deadline(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """Every wait ends with a node, with news, or with a reason; none lingers."""
    simulation = play(plan, replies, steps, seed)
    wanted = {e.waiter: e for e in simulation.events if isinstance(e, Wanted)}
    gone = {e.waiter for e in simulation.events if isinstance(e, Abandoned)}
    assert set(wanted) - gone <= set(simulation.ends)
    for number, end in simulation.ends.items():
        assert end.at <= wanted[number].deadline_at + 1e-9
        assert isinstance(end.result, Node | Topology | GiveUp)
    assert not simulation.state.waiters
    assert simulation.state.search is None
    assert not simulation.state.reads


@GAMES
def test_every_dial_goes_through_the_overrides(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """Whatever is dialled is a route of a seed or of an advertised endpoint."""
    simulation = play(plan, replies, steps, seed)
    of_seeds = {route for seed in plan.seeds for route in plan.router.routes(seed)}
    for action in simulation.actions:
        match action:
            case ReadGossip():
                routes = plan.router.routes(action.endpoint)
                assert action.route.is_resolved
                assert action.route.named in of_seeds.union(routes)
            case Open():
                routes = plan.router.routes(action.node.advertised)
                assert action.node.route.is_resolved
                assert action.node.route.named in of_seeds.union(routes)
            case _:
                pass


@GAMES
def test_the_seed_alone_decides(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """The same seed in the same world gives the same transcript."""
    first, second = (play(plan, replies, steps, seed) for _ in range(2))
    assert first.transcript == second.transcript


@GAMES
def test_untrusted_hosts_are_never_dialled(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """With an empty `trusted_names` only seeds and hosts with a rule are dialled."""
    simulation = play(plan, replies, steps, seed)
    if plan.trusted_names != ():
        return
    for action in simulation.actions:
        if isinstance(action, ReadGossip):
            ruled = any(route.rule for route in plan.router.routes(action.endpoint))
            assert action.endpoint in plan.seeds or ruled


@GAMES
def test_credentials_stay_home_without_consent(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """No read carries credentials that there are not, or that may not be sent."""
    simulation = play(plan, replies, steps, seed)
    allowed = plan.has_credentials and plan.may_send_credentials
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert allowed or not any(read.with_credentials for read in reads)


@GAMES
def test_gossip_reads_stay_bounded(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """However the world fails, a client reads less than 250 times a second."""
    simulation = play(plan, replies, steps, seed)
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert len(reads) <= 250 * simulation.now + 20 * len(steps)


def test_stale_news_changes_nothing() -> None:
    """Answers nobody waits for, and failures of nodes long gone, move nothing."""
    state = core_state.start(Plan(seeds=NODES, router=RULES), seed=1)
    state, _ = advance(state, Wanted(1, NodePreference.LEADER, 30.0), 0.0)
    gone = Node(NODES[3], direct(NODES[3]), serial=99)
    stale: list[Event] = [
        GossipRead(77, (Member(NODES[0], NodeState.LEADER, is_alive=True),), 0.1),
        GossipFailed(77, Verdict.LOST, Phase.CONNECT, "late"),
        CallFailed(gone, Verdict.LOST),
        CallFailed(gone, Verdict.NOT_READY),
        Abandoned(77),
        Woke(),
    ]
    for event in stale:
        after, actions = advance(state, event, 0.001)
        assert after == state, event
        assert actions == (), event


@GAMES
def test_a_state_is_never_changed_in_place(
    plan: Plan, replies: list[Reply], steps: list[Step], seed: int
) -> None:
    """`advance` leaves the state that it was given as it was."""
    events = play(plan, replies, steps, seed).events
    state: State = core_state.start(plan, seed)
    for event in events:
        before = deepcopy(state)
        after, _ = advance(state, event, 0.0)
        assert state == before
        state = after


def test_two_seeds_ask_in_different_orders() -> None:
    """Two clients do not all begin with the same seed."""
    orders = set()
    for seed in range(20):
        simulation = play(Plan(NODES, Overrides()), [Fails()], [], seed)
        simulation.want(within=0.01)
        simulation.run(simulation.now + 1)
        orders.add(tuple(line for line in simulation.transcript if "read" in line))
    assert len(orders) > 5
