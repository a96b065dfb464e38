"""`testing.cluster_model`: who is what, and what each node believes, step by step."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.model import cluster_model as step
from kurrent_conn.testing.model.cluster_model import ClusterModel, Seat
from kurrent_conn.testing.model.gossip_view import view_of

SIZE = 4
REPLICA = SIZE - 1


def fresh() -> ClusterModel:
    """Make three members and a read-only replica, led by node 0."""
    seats = [
        Seat(
            advertised=Endpoint(f"n{index}", 2113),
            http=Endpoint("127.0.0.1", 1000 + index),
            is_read_only=index == REPLICA,
            instance_id=UUID(int=index + 1),
        )
        for index in range(SIZE)
    ]
    return step.reported(step.elected(step.founded(seats, 1.0), 0, 2.0), 3.0)


def believed(model: ClusterModel, listener: int) -> list[tuple[str, bool]]:
    """Say what one node holds of each."""
    return [(b.state.name, b.is_alive) for b in model.beliefs[listener]]


SETTLED = [
    ("LEADER", True),
    ("FOLLOWER", True),
    ("FOLLOWER", True),
    ("READ_ONLY_REPLICA", True),
]


def test_who_was_put_into_a_state_stays_there_until_an_election() -> None:
    """A report that was on its way changes nothing; the next election does."""
    posed = step.reported(step.assumed(fresh(), 1, NodeState.CLONE, 4.0), 5.0)
    assert posed.seats[1].state is NodeState.CLONE
    voted = step.elected(posed, 2, 6.0)
    assert step.reported(voted, 7.0).seats[1].state is NodeState.FOLLOWER
    restarted = step.restarted(step.killed(posed, 1), 1, UUID(int=9), 8.0)
    assert step.reported(restarted, 9.0).seats[1].state is NodeState.FOLLOWER


orders = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "kill",
                "miss",
                "freeze",
                "thaw",
                "restart",
                "elect",
                "report",
                "cut",
                "heal",
            )
        ),
        st.integers(0, SIZE - 1),
    ),
    max_size=15,
)


def play(model: ClusterModel, order: str, index: int, now_s: float) -> ClusterModel:
    """Carry out one order, if it makes sense now."""
    seat = model.seats[index]
    choices: dict[str, tuple[bool, Callable[[], ClusterModel]]] = {
        "kill": (seat.is_running, lambda: step.killed(model, index)),
        "miss": (True, lambda: step.missed(model, index, now_s)),
        "freeze": (seat.is_awake, lambda: step.frozen(model, index)),
        "thaw": (seat.is_frozen, lambda: step.thawed(model, index, now_s)),
        "restart": (
            not seat.is_running,
            lambda: step.restarted(model, index, UUID(int=100), now_s),
        ),
        "elect": (
            seat.is_awake and not seat.is_read_only,
            lambda: step.elected(
                step.election_started(model, index, now_s), index, now_s
            ),
        ),
        "report": (True, lambda: step.reported(model, now_s)),
        "cut": (True, lambda: step.partitioned(model, [[], [index]])),
        "heal": (True, lambda: step.healed(model, now_s)),
    }
    makes_sense, carry_out = choices[order]
    return carry_out() if makes_sense else model


@given(orders)
def test_everybody_is_always_listed(history: list[tuple[str, int]]) -> None:
    """Whatever happens, every node lists every node once, highest port first."""
    model = fresh()
    for now_s, (order, index) in enumerate(history, 4):
        model = play(model, order, index, float(now_s))
        for listener in range(SIZE):
            names = [m.advertised.host for m in view_of(model, listener).members]
            assert names == ["n3", "n2", "n1", "n0"]


@given(orders)
def test_only_the_last_elected_can_write(history: list[tuple[str, int]]) -> None:
    """The gate is open only for a node that is awake, leads, and was elected last."""
    model = fresh()
    for now_s, (order, index) in enumerate(history, 4):
        model = play(model, order, index, float(now_s))
        if model.is_leader_serving:
            assert model.leader is not None
            seat = model.seats[model.leader]
            assert seat.is_awake
            assert seat.term == model.term
            assert view_of(model, model.leader).leader == seat.advertised


@given(orders)
def test_a_quiet_time_after_an_election_settles_everything(
    history: list[tuple[str, int]],
) -> None:
    """Healed, all restarted, one elected, reported: all nodes say the same."""
    model = fresh()
    for now_s, (order, index) in enumerate(history, 4):
        model = play(model, order, index, float(now_s))
    model = step.healed(model, 50.0)
    for index in range(SIZE):
        for order in ("thaw", "restart"):
            model = play(model, order, index, 51.0)
    model = step.reported(play(model, "elect", 0, 52.0), 53.0)
    for listener in range(SIZE):
        assert believed(model, listener) == SETTLED


def test_a_dead_leader_keeps_its_state_until_the_next_is_elected() -> None:
    """Dead and Leader, then dead and Unknown, as the server's gossip has it."""
    model = step.missed(step.killed(fresh(), 0), 0, 4.0)
    assert believed(model, 1)[0] == ("LEADER", False)
    model = step.election_started(model, 1, 5.0)
    assert believed(model, 2) == [
        ("LEADER", False),
        ("UNKNOWN", True),
        ("UNKNOWN", True),
        ("READ_ONLY_LEADERLESS", True),
    ]
    model = step.elected(model, 1, 6.0)
    assert believed(model, 2) == [
        ("UNKNOWN", False),
        ("LEADER", True),
        ("UNKNOWN", True),
        ("UNKNOWN", True),
    ]


def test_a_frozen_leader_is_missed_by_the_election_only() -> None:
    """Nobody notices at first; the voters do; thawed, it has lost its place."""
    model = step.frozen(fresh(), 0)
    assert believed(model, 1)[0] == ("LEADER", True)
    assert model.leader == 0
    model = step.elected(step.election_started(model, 1, 5.0), 1, 6.0)
    assert believed(model, 1)[0] == ("UNKNOWN", False)
    model = step.reported(step.thawed(model, 0, 7.0), 8.0)
    assert model.seats[0].state is NodeState.FOLLOWER
    assert view_of(model, 0).leader == Endpoint("n1", 2113)


def test_a_follower_of_a_dead_leader_still_names_it() -> None:
    """A redirect may lead to the dead: that is all the follower knows."""
    model = step.missed(step.killed(fresh(), 0), 0, 4.0)
    assert view_of(model, 1).leader == Endpoint("n0", 2113)


def test_an_isolated_leader_believes_in_itself() -> None:
    """Both sides name a leader of their own; the old one keeps its old term."""
    model = step.partitioned(fresh(), [[1, 2, 3], [0]])
    model = step.elected(step.election_started(model, 1, 5.0), 1, 6.0)
    assert view_of(model, 0).leader == Endpoint("n0", 2113)
    assert view_of(model, 0).state is NodeState.LEADER
    assert believed(model, 0) == SETTLED
    assert believed(model, 1)[0] == ("UNKNOWN", False)
    assert view_of(model, 0).term < view_of(model, 1).term
    model = step.cut_off(model, 0, 7.0)
    assert view_of(model, 0).state is NodeState.UNKNOWN
    assert view_of(model, 0).leader is None
    assert model.leader == 1


def test_a_dead_leader_is_alive_until_somebody_misses_it() -> None:
    """Between the death and its notice, gossip names a leader that is gone."""
    model = step.killed(fresh(), 0)
    assert model.leader is None
    assert believed(model, 1)[0] == ("LEADER", True)
    assert believed(step.missed(model, 0, 5.0), 1)[0] == ("LEADER", False)


def test_a_deaf_node_is_heard_and_hears_nothing() -> None:
    """The election passes it by; it goes on believing in the old leader."""
    model = step.deafened(fresh(), [2])
    model = step.elected(step.election_started(model, 1, 5.0), 1, 6.0)
    model = step.reported(model, 7.0)
    assert view_of(model, 2).leader == Endpoint("n0", 2113)
    assert believed(model, 2) == SETTLED
    assert believed(model, 0)[2] == ("UNKNOWN", False)


def test_seeds_that_no_node_is_stay_managers() -> None:
    """They are listed in their place, alive, without an instance."""
    seed = Endpoint("mydb-0.internal", 1001)
    members = view_of(fresh(), 0, [seed]).members
    assert [m.advertised.host for m in members] == [
        "n3",
        "n2",
        "mydb-0.internal",
        "n1",
        "n0",
    ]
    assert members[2].state is NodeState.MANAGER
    assert members[2].is_alive
    assert members[2].instance_id == UUID(int=0)


def test_a_restarted_node_is_a_new_instance() -> None:
    """Its id changes, and it follows nobody before it has reported."""
    model = step.restarted(step.killed(fresh(), 1), 1, UUID(int=9), 5.0)
    assert believed(model, 0)[1] == ("UNKNOWN", True)
    assert model.beliefs[0][1].instance_id == UUID(int=9)
    assert view_of(model, 1).leader is None
