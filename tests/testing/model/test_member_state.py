"""`testing.member_state`: every cell of the table, as a rule and on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.model.member_state import (
    Request,
    Verdict,
    requires_leader,
    verdict,
)
from raw_call import (
    ADMIN,
    INSISTING,
    Failure,
    append,
    channel_to,
    failure_of,
    proposed,
    read,
)

SERVE, FORWARD, NOT_LEADER, NOT_READY, UNANSWERED = Verdict

ROWS: dict[NodeState, tuple[Verdict, Verdict, Verdict, Verdict, Verdict]] = {
    NodeState.LEADER: (SERVE, SERVE, SERVE, SERVE, SERVE),
    NodeState.RESIGNING_LEADER: (SERVE, SERVE, NOT_READY, NOT_READY, NOT_READY),
    NodeState.FOLLOWER: (SERVE, NOT_LEADER, FORWARD, NOT_LEADER, NOT_LEADER),
    NodeState.CATCHING_UP: (SERVE, NOT_LEADER, FORWARD, NOT_LEADER, NOT_LEADER),
    NodeState.CLONE: (SERVE, NOT_LEADER, FORWARD, NOT_LEADER, NOT_LEADER),
    NodeState.PRE_REPLICA: (SERVE, NOT_LEADER, FORWARD, NOT_LEADER, NOT_LEADER),
    NodeState.READ_ONLY_REPLICA: (
        SERVE,
        NOT_LEADER,
        NOT_LEADER,
        NOT_LEADER,
        NOT_LEADER,
    ),
    NodeState.PRE_READ_ONLY_REPLICA: (
        SERVE,
        NOT_LEADER,
        NOT_LEADER,
        NOT_LEADER,
        NOT_LEADER,
    ),
    NodeState.READ_ONLY_LEADERLESS: (
        SERVE,
        NOT_READY,
        NOT_LEADER,
        NOT_LEADER,
        NOT_READY,
    ),
    NodeState.UNKNOWN: (SERVE, NOT_READY, NOT_READY, NOT_READY, NOT_READY),
    NodeState.DISCOVER_LEADER: (SERVE, NOT_READY, NOT_READY, NOT_READY, NOT_READY),
    NodeState.PRE_LEADER: (SERVE, SERVE, NOT_READY, NOT_READY, UNANSWERED),
    NodeState.INITIALIZING: (NOT_READY,) * 5,
    NodeState.SHUTTING_DOWN: (NOT_READY,) * 5,
    NodeState.SHUTDOWN: (NOT_READY,) * 5,
    NodeState.MANAGER: (NOT_READY,) * 5,
}

CALLS = (
    ("read", False),
    ("read", True),
    ("write", False),
    ("write", True),
)


@pytest.fixture(scope="module")
def table_cluster() -> Iterator[SimulatedCluster]:
    """A leader, and a follower that the tests put into every state."""
    with SimulatedCluster(2, forward_timeout_s=0.1) as running:
        yield running


@pytest.mark.parametrize("state", ROWS)
def test_the_rule_is_the_table(state: NodeState) -> None:
    """The function gives what the server's documentation of states says."""
    asked = [
        (Request.READ, False),
        (Request.READ, True),
        (Request.WRITE, False),
        (Request.WRITE, True),
        (Request.PERSISTENT, False),
    ]
    given = [verdict(state, kind, requires_leader=insists) for kind, insists in asked]
    assert tuple(given) == ROWS[state]


def test_a_state_of_the_future_serves_nothing() -> None:
    """A number that nobody knows yet is a node that is not ready."""
    assert verdict(99, Request.READ, requires_leader=False) is Verdict.NOT_READY


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("true", True),
        ("True", True),
        (" TRUE ", True),
        (b"true", True),
        ("1", False),
        ("yes", False),
        ("false", False),
        ("", False),
    ],
)
def test_the_header_is_read_as_dotnet_reads_it(
    header: str | bytes | None, expected: bool
) -> None:
    """`true` in any case counts, and nothing else."""
    assert requires_leader(header) is expected


@pytest.mark.parametrize(("kind", "insists"), CALLS)
@pytest.mark.parametrize("state", ROWS)
def test_the_wire_is_the_table(
    table_cluster: SimulatedCluster, state: NodeState, kind: str, insists: bool
) -> None:
    """A raw call to a node in each state ends as its cell says."""
    leader, node = table_cluster.nodes
    tested = leader if state is NodeState.LEADER else node
    tested.assume(state)
    metadata = INSISTING if insists else ADMIN
    expected = ROWS[state][CALLS.index((kind, insists))]
    with channel_to(table_cluster, tested) as channel:

        def call() -> None:
            if kind == "read":
                read(channel, "orders", metadata)
            else:
                append(channel, "orders", proposed(b"{}"), metadata=metadata)

        if expected in (Verdict.SERVE, Verdict.FORWARD):
            call()
            return
        with pytest.raises(grpc.RpcError) as caught:
            call()
    knows_leader = state is not NodeState.READ_ONLY_LEADERLESS
    named = leader if knows_leader else node
    wanted = refusal(expected, named.advertised.host, named.advertised.port)
    assert failure_of(caught.value) == wanted


def refusal(expected: Verdict, host: str, port: int) -> Failure:
    """Write down how a refusal looks on the wire."""
    if expected is Verdict.NOT_READY:
        return Failure(grpc.StatusCode.UNAVAILABLE, "Server Is Not Ready", {})
    assert expected is Verdict.NOT_LEADER
    return Failure(
        grpc.StatusCode.NOT_FOUND,
        "Leader info available",
        {
            "exception": "not-leader",
            "leader-endpoint-host": host,
            "leader-endpoint-port": str(port),
        },
    )


def test_forwarding_to_a_dead_leader_times_out() -> None:
    """A follower whose leader died says that the operation timed out."""
    with SimulatedCluster(2, forward_timeout_s=0.05) as cluster:
        cluster.nodes[0].kill()
        with (
            channel_to(cluster, cluster.nodes[1]) as channel,
            pytest.raises(grpc.RpcError) as caught,
        ):
            append(channel, "orders", proposed(b"{}"))
        assert failure_of(caught.value) == Failure(
            grpc.StatusCode.ABORTED, "Operation timed out: Forwarding timeout", {}
        )
