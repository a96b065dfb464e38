"""One simulated node: what it is, what it believes, and what it answers.

Source: server, `ClusterVNodeController.cs` (what each state answers),
`Services/Gossip/GossipServiceBase.cs` (no answer before the system is up),
`Services/VNode/LeaderInfoProvider.cs` (a leaderless replica names itself).
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import RpcFailure
from kurrent_conn.testing.simulated_world.exchange import (
    DENIED,
    NO_LEADER,
    NOT_READY,
    TOO_BUSY,
    UNIMPLEMENTED,
    CallRequest,
    Exchange,
    GossipRequest,
    Result,
)

OPERATION_TIMEOUT_S: Final = 2.0
"""So long a leader without a quorum keeps an append before it says that it failed."""

_REPLICAS: Final = frozenset(
    {NodeState.READ_ONLY_REPLICA, NodeState.READ_ONLY_LEADERLESS}
)
_DEAF: Final = frozenset({NodeState.INITIALIZING, NodeState.SHUTTING_DOWN})


class Hang:
    """No answer for as long as the node is as it is."""


HANG: Final = Hang()


class Node:
    """A node; changed by the `Cluster` that it is part of.

    Attributes:
        index: Its place in the cluster.
        endpoint: What it advertises.
        is_replica: Whether it is a read-only replica.
        state: Its own state.
        term: The election that it heard of last.
        leader: Whom it takes for the leader, as an index.
        view: What it believes of every node, itself included.
        lie: What it says instead of its view.
        is_running: Whether its process lives.
        starts: Counts its processes.
        is_frozen: Whether its process stands still.
        is_deaf: Up, but before its start is complete: gossip is never answered.
        hangs_calls: Whether calls get no answer although gossip does.
        is_busy: Whether it refuses calls as too busy.
        has_gossip: Whether the gossip service is there at all.
        wants_credentials: Whether anonymous gossip is denied.
        delay_s: How long it takes to answer.
        queue: What arrived while it stood still.
        ready: What it would have answered while it stood still.
        hanging: What it does not answer while it is as it is.
        open: What it has in hand, and will answer.
    """

    __slots__ = (
        "delay_s",
        "endpoint",
        "hanging",
        "hangs_calls",
        "has_gossip",
        "index",
        "is_busy",
        "is_deaf",
        "is_frozen",
        "is_replica",
        "is_running",
        "leader",
        "lie",
        "open",
        "queue",
        "ready",
        "starts",
        "state",
        "term",
        "view",
        "wants_credentials",
    )

    def __init__(self, index: int, endpoint: Endpoint, *, is_replica: bool) -> None:
        self.index = index
        self.endpoint = endpoint
        self.is_replica = is_replica
        self.state = NodeState.UNKNOWN
        self.term = 0
        self.leader: int | None = None
        self.view: dict[int, Member] = {}
        self.lie: tuple[Member, ...] | None = None
        self.is_running = True
        self.starts = 0
        self.is_frozen = False
        self.is_deaf = False
        self.hangs_calls = False
        self.is_busy = False
        self.has_gossip = True
        self.wants_credentials = False
        self.delay_s = 0.0005
        self.queue: list[Exchange] = []
        self.ready: list[tuple[Exchange, Result]] = []
        self.hanging: list[Exchange] = []
        self.open: list[Exchange] = []

    @property
    def is_awake(self) -> bool:
        """Whether it can hear and answer."""
        return self.is_running and not self.is_frozen

    def member(self, now: float) -> Member:
        """Describe itself as its gossip does."""
        return Member(self.endpoint, self.state, is_alive=True, time_stamp_s=now)

    def gossip(self, request: GossipRequest) -> Result | Hang:
        """Answer a gossip read."""
        if self.is_deaf:
            return HANG
        if not self.has_gossip:
            return UNIMPLEMENTED
        if self.wants_credentials and not request.with_credentials:
            return DENIED
        return self.lie if self.lie is not None else tuple(self.view.values())

    def refusal(self, request: CallRequest, endpoints: list[Endpoint]) -> Result | Hang:
        """Refuse a call, or give None where this node serves it in its state."""
        if self.hangs_calls:
            return HANG
        if self.is_busy:
            return TOO_BUSY
        if self.state in _DEAF:
            return NOT_READY
        return self._by_role(request, endpoints)

    def _by_role(self, request: CallRequest, endpoints: list[Endpoint]) -> Result:
        state, serves = self.state, self.state is NodeState.LEADER
        if state is NodeState.RESIGNING_LEADER:
            serves = not request.writes
        elif not request.requires_leader:
            serves = serves or state is NodeState.FOLLOWER or not request.writes
        if serves:
            return None
        if state in _REPLICAS or state is NodeState.FOLLOWER:
            return self._not_leader(endpoints)
        return NO_LEADER if state is NodeState.DISCOVER_LEADER else NOT_READY

    def _not_leader(self, endpoints: list[Endpoint]) -> Result:
        if self.leader is None:
            named = self.endpoint if self.is_replica else None
        else:
            named = endpoints[self.leader]
        if named is None:
            return NO_LEADER
        return RpcFailure(
            "NOT_FOUND",
            "Leader info available",
            reason="not-leader",
            leader=named,
            server_spoke=True,
        )
