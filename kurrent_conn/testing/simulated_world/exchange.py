"""One request on its way to a node and back, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kurrent_conn.core.cluster import Member
from kurrent_conn.core.failure import RpcFailure


@dataclass(frozen=True, slots=True)
class GossipRequest:
    """A gossip read."""

    with_credentials: bool


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A client's call.

    Args:
        number: Its number in the ledger; attempts of one call share it.
        writes: Whether it is an append; otherwise it only reads.
        requires_leader: The header of that name.
    """

    number: int
    writes: bool
    requires_leader: bool


Request = GossipRequest | CallRequest
Result = tuple[Member, ...] | RpcFailure | None
"""What came back: members, a failure, or None for a call that succeeded."""


class Exchange:
    """A request and whoever waits for its result.

    Args:
        request: What is sent.
        finish: Takes the result; called again when an answer is duplicated.
    """

    __slots__ = ("finish", "request")

    def __init__(self, request: Request, finish: Callable[[Result], None]) -> None:
        self.request = request
        self.finish = finish


NEVER_SENT = RpcFailure(
    "UNAVAILABLE", "failed to connect to all addresses; last error: refused"
)
LOST = RpcFailure("UNAVAILABLE", "Socket closed")
LATE = RpcFailure("DEADLINE_EXCEEDED", "Deadline Exceeded")
NOT_READY = RpcFailure("UNAVAILABLE", "Server Is Not Ready", server_spoke=True)
TOO_BUSY = RpcFailure("UNAVAILABLE", "Server Is Too Busy", server_spoke=True)
NO_LEADER = RpcFailure(
    "UNKNOWN", "No leader info available in response", server_spoke=True
)
TIMED_OUT = RpcFailure("ABORTED", "Operation timed out", server_spoke=True)
DENIED = RpcFailure("PERMISSION_DENIED", "Access Denied", server_spoke=True)
UNIMPLEMENTED = RpcFailure("UNIMPLEMENTED", "no such service", server_spoke=True)
REFUSED_STREAM = RpcFailure("UNAVAILABLE", "GOAWAY received")
