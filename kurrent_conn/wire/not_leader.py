"""The two ways in which a node says "not me, ask the leader".

v1 calls end with NOT_FOUND and the trailers `exception: not-leader`,
`leader-endpoint-host`, `leader-endpoint-port`; v2 calls with FAILED_PRECONDITION and a
`google.rpc.Status` in `grpc-status-details-bin`. The status code decides nothing:
NOT_FOUND is also what a missing stream gives. A leader so named is what that node
advertises to clients, may be dead, and may be the very node that refused.

Source: server, `Services/Transport/Grpc/RpcExceptions.cs` (v1),
`Api.V2/Modules/ApiErrors.cs` (v2), `Services/VNode/LeaderInfoProvider.cs` (itself).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.wire.protos import status_pb2
from kurrent_conn.wire.status import (
    ERROR_INFO,
    NOT_LEADER_NODE_DETAILS,
    STATUS_TRAILER,
    details_of,
    encode_status,
    packed,
)

EXCEPTION_TRAILER: Final = "exception"
NOT_LEADER: Final = "not-leader"
HOST_TRAILER: Final = "leader-endpoint-host"
PORT_TRAILER: Final = "leader-endpoint-port"
REASON: Final = "NOT_LEADER_NODE"
DOMAIN: Final = "server"
V1_DETAILS: Final = "Leader info available"
"""The status text of a v1 answer; `kurrentdbclient` looks at nothing else."""

_FAILED_PRECONDITION: Final = 9

Metadata = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class NotLeader:
    """A node's refusal to act for the leader.

    Args:
        leader: Who it says leads, as that node advertises itself; None when it
            names nobody or names no endpoint.
    """

    leader: Endpoint | None


def not_leader_of(metadata: Metadata) -> NotLeader | None:
    """Recognise a not-leader answer of either protocol.

    Args:
        metadata: The trailing metadata, or the initial one of an answer that is all
            trailers; keys in lower case as HTTP/2 has them.

    Returns:
        The refusal, or None when the answer is something else.
    """
    trailers = dict(metadata)
    if _text(trailers.get(EXCEPTION_TRAILER)) == NOT_LEADER:
        return NotLeader(
            _endpoint(
                _text(trailers.get(HOST_TRAILER)), _text(trailers.get(PORT_TRAILER))
            )
        )
    status = trailers.get(STATUS_TRAILER)
    return _of_status(status) if isinstance(status, bytes) else None


def leader_of(metadata: Metadata) -> Endpoint | None:
    """Who leads, if this is a not-leader answer that says so.

    Args:
        metadata: As for `not_leader_of`.
    """
    refusal = not_leader_of(metadata)
    return refusal.leader if refusal else None


def encode_v1(leader: Endpoint) -> tuple[tuple[str, str], ...]:
    """Write the trailers of a v1 answer.

    Args:
        leader: The endpoint that the leader advertises.
    """
    return (
        (EXCEPTION_TRAILER, NOT_LEADER),
        (HOST_TRAILER, leader.host),
        (PORT_TRAILER, str(leader.port)),
    )


def encode_v2(leader: Endpoint, message: str = "") -> tuple[tuple[str, bytes], ...]:
    """Write the trailers of a v2 answer.

    Args:
        leader: The endpoint that the leader advertises.
        message: The text for people.
    """
    node = status_pb2.NotLeaderNodeErrorDetails.NodeInfo(
        host=leader.host, port=leader.port
    )
    details = (
        packed(ERROR_INFO, status_pb2.ErrorInfo(reason=REASON, domain=DOMAIN)),
        packed(
            NOT_LEADER_NODE_DETAILS,
            status_pb2.NotLeaderNodeErrorDetails(current_leader=node),
        ),
    )
    return ((STATUS_TRAILER, encode_status(_FAILED_PRECONDITION, message, details)),)


def _of_status(status: bytes) -> NotLeader | None:
    details = details_of(status)
    named = details.get(NOT_LEADER_NODE_DETAILS)
    try:
        info = status_pb2.ErrorInfo.FromString(details.get(ERROR_INFO, b""))
        if named is None:
            return NotLeader(None) if info.reason == REASON else None
        node = status_pb2.NotLeaderNodeErrorDetails.FromString(named).current_leader
    except DecodeError:
        return None
    return NotLeader(_endpoint(node.host, str(node.port)))


def _endpoint(host: str, port: str) -> Endpoint | None:
    try:
        return Endpoint(host, int(port))
    except ValueError:
        return None


def _text(value: str | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
