"""How a node says no: status code, text and trailers, as clients know them.

Source: server, `Services/Transport/Grpc/RpcExceptions.cs`, `Constants.cs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.log.record import ANY, NO_STREAM, STREAM_EXISTS
from kurrent_conn.wire.not_leader import EXCEPTION_TRAILER, V1_DETAILS, encode_v1

Trailers = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The end of a call that failed.

    Args:
        code: The status code.
        details: The status text; some clients look at nothing else.
        trailers: The trailing metadata.
    """

    code: grpc.StatusCode
    details: str
    trailers: Trailers = ()


class Refused(Exception):
    """Raised inside a handler to end its call.

    Args:
        refusal: How the call ends.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


NOT_READY = Refusal(grpc.StatusCode.UNAVAILABLE, "Server Is Not Ready")
TOO_BUSY = Refusal(grpc.StatusCode.UNAVAILABLE, "Server Is Too Busy")
UNAUTHENTICATED = Refusal(grpc.StatusCode.UNAUTHENTICATED, "Unauthenticated")
ACCESS_DENIED = Refusal(
    grpc.StatusCode.PERMISSION_DENIED,
    "Access Denied",
    ((EXCEPTION_TRAILER, "access-denied"),),
)
FORWARDING_TIMEOUT = Refusal(
    grpc.StatusCode.ABORTED, "Operation timed out: Forwarding timeout"
)


def not_leader(leader: Endpoint) -> Refusal:
    """Send the client to the leader.

    Args:
        leader: What the leader advertises; the node itself when it knows no leader.
    """
    return Refusal(grpc.StatusCode.NOT_FOUND, V1_DETAILS, encode_v1(leader))


def stream_deleted(stream: str) -> Refusal:
    """The stream has a tombstone.

    Args:
        stream: The stream's name.
    """
    return Refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Event stream '{stream}' is deleted.",
        ((EXCEPTION_TRAILER, "stream-deleted"), ("stream-name", stream)),
    )


def index_not_found(index: str) -> Refusal:
    """There is no such secondary index.

    Args:
        index: The index's name.
    """
    return Refusal(
        grpc.StatusCode.NOT_FOUND,
        f"Index '{index}' not found.",
        ((EXCEPTION_TRAILER, "index-not-found"), ("index-name", index)),
    )


def wrong_expected_version(stream: str, expected: int, actual: int) -> Refusal:
    """The stream is elsewhere; only Delete and Tombstone say it this way.

    Args:
        stream: The stream's name.
        expected: A revision or an expectation.
        actual: The last revision; -1 without a stream, sent as an empty value.
    """
    return Refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Append failed due to WrongExpectedVersion. Stream: {stream}, "
        f"Expected version: {expected}, Actual version: {actual}",
        (
            (EXCEPTION_TRAILER, "wrong-expected-version"),
            ("stream-name", stream),
            ("expected-version", str(expected)),
            ("actual-version", "" if actual == NO_STREAM else str(actual)),
        ),
    )


def append_too_large(limit_bytes: int) -> Refusal:
    """The append is larger than the server takes.

    Args:
        limit_bytes: The largest append.
    """
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"Maximum Append Size of {limit_bytes} Exceeded.",
        (
            (EXCEPTION_TRAILER, "maximum-append-size-exceeded"),
            ("maximum-append-size", str(limit_bytes)),
        ),
    )


def missing_metadata(name: str) -> Refusal:
    """An event came without its type or content type.

    Args:
        name: What is missing.
    """
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"Required Metadata Property '{name}' is missing",
        (
            (EXCEPTION_TRAILER, "missing-required-metadata-property"),
            ("required-metadata-properties", "type,content-type"),
        ),
    )


def persistent_missing(stream: str, group: str) -> Refusal:
    """There is no such group.

    Args:
        stream: The stream's name.
        group: The group's name.
    """
    return _persistent(
        grpc.StatusCode.NOT_FOUND,
        "persistent-subscription-does-not-exist",
        f"Subscription group {group} on stream {stream} does not exist.",
        (stream, group),
    )


def persistent_exists(stream: str, group: str) -> Refusal:
    """There is such a group already.

    Args:
        stream: The stream's name.
        group: The group's name.
    """
    return _persistent(
        grpc.StatusCode.ALREADY_EXISTS,
        "persistent-subscription-exists",
        f"Subscription group {group} on stream {stream} exists.",
        (stream, group),
    )


def persistent_dropped(stream: str, group: str) -> Refusal:
    """The subscription ends: its node no longer leads, or its group is deleted.

    Args:
        stream: The stream's name.
        group: The group's name.
    """
    return _persistent(
        grpc.StatusCode.CANCELLED,
        "persistent-subscription-dropped",
        f"Subscription group {group} on stream {stream} was dropped.",
        (stream, group),
    )


def _persistent(
    code: grpc.StatusCode, exception: str, details: str, names: tuple[str, str]
) -> Refusal:
    stream, group = names
    return Refusal(
        code,
        details,
        (
            (EXCEPTION_TRAILER, exception),
            ("stream-name", stream),
            ("group-name", group),
        ),
    )


def malformed(reason: str) -> Refusal:
    """The request makes no sense.

    Args:
        reason: What is wrong with it.
    """
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, reason)


EXPECTATIONS = {NO_STREAM: "no_stream", ANY: "any", STREAM_EXISTS: "stream_exists"}
"""The names of the expectations in the messages."""
