"""What a failed call means: for the call, and for the node that it went to.

One table. Recognition is by status code, by what the server attached, and by the
*start* of the details text; an unknown text means that the outcome is unknown.

    verdict      executed?  the node               the call
    NOT_LEADER   no         serves, not as leader  goes to the leader
    NO_LEADER    no         knows no leader        waits for an election
    NOT_READY    no         up, not serving yet    waits, asks again
    TOO_BUSY     no         overloaded             waits, same node
    NEVER_SENT   no         not reachable          goes to another node
    REFUSED      no         closed this stream     goes again
    BAD_TLS      no         not who it should be   goes to another node
    LOST         unknown    connection died, or a  raises, unless read-only
                            proxy lost it, or has
                            no way to it
    LATE         unknown    nobody can tell        raises
    UNSURE       unknown    answers                raises
    ANSWERED     no         answers                raises: the server's word
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kurrent_conn.core.endpoint import Endpoint


class Verdict(StrEnum):
    """What a failed call means; the table is in the module's docstring."""

    NOT_LEADER = "not leader"
    NO_LEADER = "no leader known"
    NOT_READY = "not ready"
    TOO_BUSY = "too busy"
    NEVER_SENT = "never sent"
    REFUSED = "stream refused"
    BAD_TLS = "bad tls"
    LOST = "connection lost"
    LATE = "deadline exceeded"
    UNSURE = "outcome unknown"
    ANSWERED = "answered"


class Outcome(StrEnum):
    """Whether a failed call may have taken effect."""

    NOT_EXECUTED = "not executed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RpcFailure:
    """How a call ended, free of any grpc type.

    Args:
        code: The status name as gRPC spells it, such as `UNAVAILABLE`.
        details: The status text.
        reason: What the server named the error: the v1 trailer `exception` or the v2
            `ErrorInfo.reason`; empty when it named none.
        leader: The leader that a not-leader answer names, as advertised.
        server_spoke: Whether metadata came with the status: then the text is the
            server's or a proxy's, not our own transport's. (A proxy that is itself
            made of grpc's C core, and quotes its own client without any header of
            its own, cannot be told from our transport.)
    """

    code: str
    details: str = ""
    reason: str = ""
    leader: Endpoint | None = None
    server_spoke: bool = False


_STREAM_REMOVED: Final = "Stream removed ("
"""How grpcio >= 1.85 marks a local transport end; older versions leave it out."""

CONDEMNED: Final = "The node went silent"
"""How the text begins that we end calls with on a node that was given up."""

_SERVER_TEXTS: Final = (
    ("Server Is Not Ready", Verdict.NOT_READY),
    ("Server not ready", Verdict.NOT_READY),
    ("Server Is Too Busy", Verdict.TOO_BUSY),
    ("No leader info available", Verdict.NO_LEADER),
)
"""What a node says with UNAVAILABLE or UNKNOWN, never behind `Stream removed (`.

Source: server, `Services/Transport/Grpc/RpcExceptions.cs`.
"""

_TRANSPORT_TEXTS: Final = (
    ("failed to connect to all addresses", Verdict.NEVER_SENT),
    ("errors resolving ", Verdict.NEVER_SENT),
    ("DNS resolution failed for ", Verdict.NEVER_SENT),
    ("GOAWAY received", Verdict.REFUSED),
    ("RST_STREAM (Received RST_STREAM with error code 7)", Verdict.REFUSED),
    ("Received RST_STREAM with error code 7", Verdict.REFUSED),
    (CONDEMNED, Verdict.LOST),
    ("Socket closed", Verdict.LOST),
    ("recvmsg:", Verdict.LOST),
    ("sendmsg:", Verdict.LOST),
    ("Error in HTTP transport completing operation", Verdict.LOST),
    ("Delayed close due to in-progress write", Verdict.LOST),
    ("Connection reset by peer", Verdict.LOST),
    ("Broken pipe", Verdict.LOST),
    ("ping timeout", Verdict.LOST),
    ("Too many pings", Verdict.LOST),
    ("Cancelling all calls", Verdict.LOST),
)
"""What grpcio says with UNAVAILABLE when no server spoke. `failed to connect` means
"never sent" only because no retry policy is ever configured: with one, an earlier
attempt might have been sent."""

_BAD_TLS: Final = (
    "Tls handshake failed",
    "Custom verification check failed",
    "Cannot check peer: ",
    "Failed to create security handshaker",
)
"""Inside a `failed to connect` text: waiting does not mend these.

Source: run on grpcio 1.80.0 and 1.85.1, against a server for each fault.
"""

_MAY_PASS: Final = ("ALERT_INTERNAL_ERROR", "ALERT_USER_CANCELLED")
"""Alerts by which a server says that it cannot just now."""

_HUNG_UP: Final = (
    "Handshake read failed",
    "Unwrap failed",
    "Socket closed",
    "recvmsg:",
    "Connection reset by peer",
)
"""Inside a `failed to connect` text: the port was open, and closed the connection.

A node that dies does so; but so does one that refuses our certificate (TLS 1.3 says so
after the handshake, where gRPC does not listen), or that speaks no TLS.
"""

_V2_REASONS: Final = {
    "SERVER_NOT_READY": Verdict.NOT_READY,
    "SERVER_SHUTTING_DOWN": Verdict.NOT_READY,
    "SERVER_OVERLOADED": Verdict.TOO_BUSY,
    "OPERATION_TIMEOUT": Verdict.UNSURE,
    "SERVER_MALFUNCTION": Verdict.UNSURE,
}
"""Source: server, `proto/kurrent/rpc/errors.proto` (ServerError)."""

_NOT_LEADER_REASONS: Final = frozenset({"not-leader", "NOT_LEADER_NODE"})

_ANSWER_CODES: Final = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "UNAUTHENTICATED",
    }
)
"""Codes by which a server says that it did not do what was asked."""

_CALLERS_FAULTS: Final = (
    "Exception serializing request!",
    "Invalid metadata",
    "CLIENT: Sent message larger than max",
)

PROXY: Final = "Received http2 header with status"
"""A proxy answered in HTTP: whether the node saw the call, nobody knows."""

_NO_BACKEND: Final = tuple(f"{PROXY}: {status}" for status in (502, 503, 504))
"""By these a proxy says that it lost, lacks or cannot reach the node behind it.

Its own connection lives on, so that nothing else tells of the node's death.
Source: RFC 9110, sections 15.6.3 to 15.6.5.
"""


_ENDED_EARLY: Final = (
    "Stream removed (Data frame with END_STREAM",
    "Stream removed (RST_STREAM (Received RST_STREAM with error code 0)",
    "Received RST_STREAM with error code 0",
)
_NO_STATUS: Final = "Stream removed"
"""The answer ended without a status, which no node does: a proxy lost the node while it
answered, and its own connection lives on.

Source: run on grpcio 1.80.0 (the bare text) and 1.85.1, and against nginx.
"""


def verdict_of(failure: RpcFailure) -> Verdict:
    """Say what a failed call means.

    Args:
        failure: How the call ended.

    Returns:
        One row of the table in the module's docstring.
    """
    if failure.reason in _NOT_LEADER_REASONS:
        return Verdict.NOT_LEADER
    if failure.reason in _V2_REASONS:
        return _V2_REASONS[failure.reason]
    if _ended_early(failure):
        return Verdict.LOST
    if failure.code in {"UNAVAILABLE", "UNKNOWN"}:
        return _by_text(failure)
    return _by_code(failure)


def _by_code(failure: RpcFailure) -> Verdict:
    if failure.code == "DEADLINE_EXCEEDED":
        return Verdict.LATE
    answered = failure.code in _ANSWER_CODES and not failure.details.startswith(PROXY)
    if answered or failure.details.startswith(_CALLERS_FAULTS):
        return Verdict.ANSWERED
    return Verdict.UNSURE


def _ended_early(failure: RpcFailure) -> bool:
    text = failure.details
    return failure.code in {"INTERNAL", "UNKNOWN"} and (
        text == _NO_STATUS or text.startswith(_ENDED_EARLY)
    )


def _by_text(failure: RpcFailure) -> Verdict:
    for start, verdict in _SERVER_TEXTS:
        if failure.details.startswith(start):
            return verdict
    if failure.code != "UNAVAILABLE":
        return Verdict.UNSURE
    if failure.details.startswith(_NO_BACKEND):
        return Verdict.LOST
    text = failure.details.removeprefix(_STREAM_REMOVED)
    for start, verdict in _TRANSPORT_TEXTS:
        if text.startswith(start):
            return _of_transport(verdict, text, failure.server_spoke)
    return Verdict.UNSURE


def _of_transport(verdict: Verdict, text: str, server_spoke: bool) -> Verdict:
    if verdict is Verdict.LOST:
        return verdict
    if server_spoke:
        # A proxy may quote the error of its own client: that call was sent.
        return Verdict.UNSURE
    bad_tls = (
        verdict is Verdict.NEVER_SENT
        and any(sign in text for sign in _BAD_TLS)
        and not any(sign in text for sign in _MAY_PASS)
    )
    return Verdict.BAD_TLS if bad_tls else verdict


def hung_up(failure: RpcFailure) -> bool:
    """Tell whether a server took a connection and ended it without a word.

    Args:
        failure: How a call ended that was never sent.
    """
    return verdict_of(failure) is Verdict.NEVER_SENT and any(
        sign in failure.details for sign in _HUNG_UP
    )


DEAD: Final = frozenset({Verdict.NEVER_SENT, Verdict.LOST, Verdict.BAD_TLS})
"""The connection is gone, or cannot be made: the node is a suspect."""

FATAL: Final = frozenset({Verdict.BAD_TLS})
"""Waiting does not mend these."""

_UNKNOWN_OUTCOME: Final = frozenset({Verdict.LOST, Verdict.LATE, Verdict.UNSURE})


def outcome_of(verdict: Verdict) -> Outcome:
    """Say whether a call that failed like this may have taken effect.

    Args:
        verdict: What `verdict_of` said.
    """
    return Outcome.UNKNOWN if verdict in _UNKNOWN_OUTCOME else Outcome.NOT_EXECUTED
