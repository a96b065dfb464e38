"""How a node says no to v2 calls: a `google.rpc.Status` in the trailers.

Source: server, `Api.V2/Modules/ApiErrors.cs`, `Streams/Errors`;
`proto/kurrent/rpc/errors.proto`, `proto/.../v2/streams/errors.proto`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import grpc
from google.protobuf.message import Message

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.services.refusal import Refusal
from kurrent_conn.wire.not_leader import encode_v2
from kurrent_conn.wire.protos import status_pb2
from kurrent_conn.wire.status import (
    ALREADY_IN_SESSION_DETAILS,
    CONSISTENCY_VIOLATION_DETAILS,
    ERROR_INFO,
    REVISION_CONFLICT_DETAILS,
    STATUS_TRAILER,
    TOMBSTONED_DETAILS,
    encode_status,
    packed,
)

_SERVER: Final = "server"
_STREAMS: Final = "streams"


def v2_not_leader(leader: Endpoint) -> Refusal:
    """Send the client to the leader.

    Args:
        leader: What the leader advertises; the node itself when it knows no leader.
    """
    text = f"This node is not the leader. The leader is at {leader}."
    return Refusal(grpc.StatusCode.FAILED_PRECONDITION, text, encode_v2(leader, text))


def v2_not_ready() -> Refusal:
    """The node cannot serve now."""
    return _refusal(
        grpc.StatusCode.UNAVAILABLE,
        "The server is not ready.",
        ("SERVER_NOT_READY", _SERVER),
    )


def v2_too_busy() -> Refusal:
    """The node has too much to do."""
    return _refusal(
        grpc.StatusCode.UNAVAILABLE,
        "The server is overloaded.",
        ("SERVER_OVERLOADED", _SERVER),
    )


V2_READ_ONLY: Final = Refusal(grpc.StatusCode.INTERNAL, "Server is in read-only mode")
"""A replica names no leader to v2 calls. Source: server, `ApiCallback.cs`."""


def v2_conflict(stream: str, expected: int, actual: int) -> Refusal:
    """A stream is not where the writer expects it.

    Args:
        stream: The stream's name.
        expected: A revision or an expectation.
        actual: The last revision; -1 without a stream.
    """
    details = status_pb2.StreamRevisionConflictErrorDetails(
        stream=stream, expected_revision=expected, actual_revision=actual
    )
    return _refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Append failed due to a revision conflict on stream '{stream}'. "
        f"Expected revision: {expected}. Actual revision: {actual}.",
        ("STREAM_REVISION_CONFLICT", _STREAMS),
        (REVISION_CONFLICT_DETAILS, details),
    )


def v2_tombstoned(stream: str) -> Refusal:
    """A stream is gone for ever.

    Args:
        stream: The stream's name.
    """
    return _refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Stream '{stream}' is tombstoned.",
        ("STREAM_TOMBSTONED", _STREAMS),
        (TOMBSTONED_DETAILS, status_pb2.StreamNamedErrorDetails(stream=stream)),
    )


def v2_checks_failed(violations: Iterable[tuple[int, str, int, int]]) -> Refusal:
    """Streams are not where the checks want them.

    Args:
        violations: Number of the check, stream, expected and actual revision.
    """
    violation = status_pb2.AppendConsistencyViolationErrorDetails.Violation
    details = status_pb2.AppendConsistencyViolationErrorDetails(
        violations=[
            violation(
                check_index=number,
                stream_state=violation.StreamStateViolation(
                    stream=stream, expected_state=expected, actual_state=actual
                ),
            )
            for number, stream, expected, actual in violations
        ]
    )
    return _refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        "Append failed due to consistency violations.",
        ("APPEND_CONSISTENCY_VIOLATION", _STREAMS),
        (CONSISTENCY_VIOLATION_DETAILS, details),
    )


def v2_already_in_session(stream: str) -> Refusal:
    """A session writes a stream twice.

    Args:
        stream: The stream's name.
    """
    return _refusal(
        grpc.StatusCode.ABORTED,
        f"Stream '{stream}' already in append session.",
        ("STREAM_ALREADY_IN_APPEND_SESSION", _STREAMS),
        (
            ALREADY_IN_SESSION_DETAILS,
            status_pb2.StreamNamedErrorDetails(stream=stream),
        ),
    )


def v2_no_requests() -> Refusal:
    """A session writes nothing."""
    return _refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        "Append session has no requests.",
        ("APPEND_SESSION_NO_REQUESTS", _STREAMS),
    )


def _refusal(
    code: grpc.StatusCode,
    text: str,
    reason: tuple[str, str],
    *details: tuple[str, Message],
) -> Refusal:
    info = status_pb2.ErrorInfo(reason=reason[0], domain=reason[1])
    number, _ = code.value
    status = encode_status(
        number,
        text,
        [packed(ERROR_INFO, info), *(packed(name, detail) for name, detail in details)],
    )
    return Refusal(code, text, ((STATUS_TRAILER, status),))
