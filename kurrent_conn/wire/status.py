"""Rich errors: `google.rpc.Status` and its details, without `google.rpc`'s names.

`Any` is written and read by hand: its type URL carries the name that the other side
knows, ours are called differently (see `protos/README.md`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message

from kurrent_conn.wire.protos import status_pb2

STATUS_TRAILER: Final = "grpc-status-details-bin"
"""The trailer that carries a serialised `google.rpc.Status`."""

ERROR_INFO: Final = "google.rpc.ErrorInfo"
NOT_LEADER_NODE_DETAILS: Final = "kurrent.rpc.NotLeaderNodeErrorDetails"
REVISION_CONFLICT_DETAILS: Final = (
    "kurrentdb.protocol.v2.streams.errors.StreamRevisionConflictErrorDetails"
)
ALREADY_IN_SESSION_DETAILS: Final = (
    "kurrentdb.protocol.v2.streams.errors.StreamAlreadyInAppendSessionErrorDetails"
)
TOMBSTONED_DETAILS: Final = (
    "kurrentdb.protocol.v2.streams.errors.StreamTombstonedErrorDetails"
)
CONSISTENCY_VIOLATION_DETAILS: Final = (
    "kurrentdb.protocol.v2.streams.errors.AppendConsistencyViolationErrorDetails"
)
WRONG_EXPECTED_VERSION: Final = "event_store.client.WrongExpectedVersion"
STREAM_DELETED: Final = "event_store.client.StreamDeleted"
APPEND_TOO_LARGE: Final = "event_store.client.MaximumAppendSizeExceeded"
TIMEOUT: Final = "event_store.client.Timeout"

_URL_PREFIX: Final = "type.googleapis.com/"


def packed(name: str, message: Message) -> Any:
    """Put a message into an `Any` under the name that the other side knows.

    Args:
        name: The full name of the message on the other side.
        message: Our message with the same fields.
    """
    return Any(type_url=_URL_PREFIX + name, value=message.SerializeToString())


def encode_status(code: int, message: str, details: Iterable[Any]) -> bytes:
    """Write a `google.rpc.Status`.

    Args:
        code: The number of the gRPC status code.
        message: The text for people.
        details: The packed details, in order.
    """
    return status_pb2.Status(
        code=code, message=message, details=details
    ).SerializeToString()


def details_of(status: bytes) -> dict[str, bytes]:
    """Read the details of a serialised `google.rpc.Status`.

    Args:
        status: The value of the trailer.

    Returns:
        The serialised details by full message name, the first of each name; empty
        when the bytes are no status, since a trailer is only a hint.
    """
    try:
        parsed = status_pb2.Status.FromString(status)
    except DecodeError:
        return {}
    found: dict[str, bytes] = {}
    for detail in parsed.details:
        found.setdefault(detail.type_url.rpartition("/")[2], detail.value)
    return found


def reason_of(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Say what the server named an error.

    Args:
        metadata: Of the failed call, keys in lower case.

    Returns:
        The v1 trailer `exception` or the v2 `ErrorInfo.reason`; empty without either.
    """
    trailers = dict(metadata)
    exception = trailers.get("exception")
    if exception is not None:
        return exception if isinstance(exception, str) else exception.decode()
    status = trailers.get(STATUS_TRAILER)
    if not isinstance(status, bytes):
        return ""
    try:
        info = details_of(status).get(ERROR_INFO, b"")
        return status_pb2.ErrorInfo.FromString(info).reason
    except DecodeError:
        return ""
