"""What a node does with a request in each of its states: one table, no more.

| state | read | read, leader | write | write, leader | persistent |
|---|---|---|---|---|---|
| Leader | serve | serve | serve | serve | serve |
| ResigningLeader | serve | serve | not ready | not ready | not ready |
| Follower, CatchingUp, Clone, PreReplica | serve | not leader | forward | not leader | not leader |
| ReadOnlyReplica, PreReadOnlyReplica | serve | not leader | not leader | not leader | not leader |
| ReadOnlyLeaderless | serve | not ready | not leader | not leader | not ready |
| Unknown, DiscoverLeader | serve | not ready | not ready | not ready | not ready |
| PreLeader | serve | serve | not ready | not ready | unanswered |
| any other | not ready | not ready | not ready | not ready | not ready |

"leader" means that the call carries `requires-leader: true`. A node that says "not
leader" and knows no leader names itself.

Source: server, `Services/VNode/ClusterVNodeController.cs` (which handler is bound in
which state), `LeaderInfoProvider.cs` (itself), `Grpc/ServiceBase.cs` (the header).
"""  # noqa: E501 - the rows of a table cannot be wrapped

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from kurrent_conn.core.cluster import NodeState


class Request(Enum):
    """What kind of call asks."""

    READ = "read"
    WRITE = "write"
    PERSISTENT = "persistent"


class Verdict(Enum):
    """What the node does with it."""

    SERVE = "serve"
    FORWARD = "forward"
    NOT_LEADER = "not leader"
    NOT_READY = "not ready"
    UNANSWERED = "unanswered"


_S, _F, _L, _R, _U = Verdict

_FOLLOWER: Final = (_S, _L, _F, _L, _L)
_REPLICA: Final = (_S, _L, _L, _L, _L)
_LEADERLESS: Final = (_S, _R, _R, _R, _R)
_CLOSED: Final = (_R, _R, _R, _R, _R)

_ROWS: Final[Mapping[NodeState, tuple[Verdict, ...]]] = {
    NodeState.LEADER: (_S, _S, _S, _S, _S),
    NodeState.RESIGNING_LEADER: (_S, _S, _R, _R, _R),
    NodeState.FOLLOWER: _FOLLOWER,
    NodeState.CATCHING_UP: _FOLLOWER,
    NodeState.CLONE: _FOLLOWER,
    NodeState.PRE_REPLICA: _FOLLOWER,
    NodeState.READ_ONLY_REPLICA: _REPLICA,
    NodeState.PRE_READ_ONLY_REPLICA: _REPLICA,
    NodeState.READ_ONLY_LEADERLESS: (_S, _R, _L, _L, _R),
    NodeState.UNKNOWN: _LEADERLESS,
    NodeState.DISCOVER_LEADER: _LEADERLESS,
    NodeState.PRE_LEADER: (_S, _S, _R, _R, _U),
}


def verdict(
    state: NodeState | int, request: Request, *, requires_leader: bool
) -> Verdict:
    """Look up what a node in this state does.

    Args:
        state: The node's own state.
        request: The kind of call.
        requires_leader: Whether the call insists on the leader.
    """
    row = _ROWS.get(NodeState(state), _CLOSED) if state in _STATES else _CLOSED
    match request:
        case Request.READ:
            return row[1] if requires_leader else row[0]
        case Request.WRITE:
            return row[3] if requires_leader else row[2]
        case Request.PERSISTENT:
            return row[4]


def requires_leader(header: str | bytes | None) -> bool:
    """Read the `requires-leader` header as .NET's `bool.TryParse` does.

    Args:
        header: The value; None when the call has no such header.

    Returns:
        True for `true` in any case, blanks around it allowed; `1` is not true.
    """
    text = header.decode("ascii", "replace") if isinstance(header, bytes) else header
    return text is not None and text.strip().lower() == "true"


_STATES: Final = frozenset(NodeState)
