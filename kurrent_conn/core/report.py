"""What a connection says of itself when asked: values, free of secrets."""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failover import Failover
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import State


@dataclass(frozen=True, slots=True)
class Pong:
    """What became of one ping.

    Args:
        preference: Whose calls go to the node.
        advertised: The node.
        route: How it was asked.
        round_trip_s: Seconds from asking to the answer; None without one.
        cause: Why there was none; empty with an answer.
    """

    preference: NodePreference
    advertised: Endpoint
    route: Route
    round_trip_s: float | None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class OpenedNode:
    """Where the calls of one preference go.

    Args:
        preference: Whose calls.
        advertised: The node.
        route: How it is reached.
    """

    preference: NodePreference
    advertised: Endpoint
    route: Route


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What a connection believes and has under way; asks nobody.

    Args:
        connection_string: What it was told, without the password.
        trust: Which certificates it believes; empty without TLS.
        topology: The snapshot believed now.
        opened: Where calls go, one entry a preference in use.
        suspects: Members that failed and have not answered since.
        late: Nodes with calls that are unanswered for a while.
        waiting: How many callers wait for a node.
        searching: Whether a search for a node is under way.
        reads: How many gossip reads are in flight.
        calls: How many calls are in flight.
        round_trip_s: The last gossip round trip in seconds; None before any.
        failovers: The last ten, the newest last, and how long each took.
    """

    connection_string: str
    trust: str
    topology: Topology
    opened: tuple[OpenedNode, ...]
    suspects: tuple[Endpoint, ...]
    late: tuple[Endpoint, ...]
    waiting: int
    searching: bool
    reads: int
    calls: int
    round_trip_s: float | None
    failovers: tuple[Failover, ...]


def diagnose(
    state: State, connection_string: str, trust: str, calls: int
) -> Diagnostics:
    """Report a state.

    Args:
        state: What the connection believes.
        connection_string: What it was told, redacted.
        trust: The trust in force, for people.
        calls: How many calls are in flight.
    """
    return Diagnostics(
        connection_string=connection_string,
        trust=trust,
        topology=state.topology,
        opened=tuple(
            OpenedNode(preference, node.advertised, node.route)
            for preference, node in state.chosen.items()
        ),
        suspects=tuple(sorted(state.suspects)),
        late=tuple(vigil.node.advertised for vigil in state.vigils),
        waiting=len(state.waiters),
        searching=state.search is not None,
        reads=len(state.reads),
        calls=calls,
        round_trip_s=state.round_trip_s,
        failovers=state.failovers,
    )
