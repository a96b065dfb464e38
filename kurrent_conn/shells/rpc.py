"""What a grpc error says, as core values: the one place that looks into one.

`grpc` and `grpc.aio` raise unrelated classes; both give a code, details and metadata.
"""

from __future__ import annotations

from typing import Any, Final

import grpc

from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.events import GossipFailed
from kurrent_conn.core.failure import (
    Outcome,
    RpcFailure,
    Verdict,
    hung_up,
    outcome_of,
    verdict_of,
)
from kurrent_conn.core.report import Pong
from kurrent_conn.core.state import Node
from kurrent_conn.errors import KurrentConnError
from kurrent_conn.wire.not_leader import not_leader_of
from kurrent_conn.wire.status import reason_of


def failure_of(error: BaseException) -> RpcFailure:
    """Read a failed call's error into a value.

    Args:
        error: What a call of `grpc` or `grpc.aio` raised.

    Returns:
        Code, details and what the server attached; an error that is no call's end
        has the code `UNKNOWN` and its own text.
    """
    code = getattr(error, "code", None)
    status = code() if callable(code) else None
    if not isinstance(status, grpc.StatusCode):
        return RpcFailure("UNKNOWN", str(error))
    metadata = _metadata(error)
    not_leader = not_leader_of(metadata)
    details = getattr(error, "details", lambda: "")() or ""
    if not_leader is not None:
        return RpcFailure(
            status.name, details, "not-leader", not_leader.leader, server_spoke=True
        )
    return RpcFailure(
        status.name, details, reason_of(metadata), server_spoke=bool(metadata)
    )


def _metadata(error: BaseException) -> tuple[tuple[str, str | bytes], ...]:
    """Join initial and trailing metadata: a trailers-only answer has only the first."""
    found: list[tuple[str, str | bytes]] = []
    for name in ("initial_metadata", "trailing_metadata"):
        read = getattr(error, name, None)
        pairs: Any = read() if callable(read) else None
        found.extend(pairs or ())
    return tuple(found)


def outcome(error: BaseException) -> Outcome:
    """Say whether a failed call may have taken effect.

    Args:
        error: What a call through a channel raised.

    Returns:
        `NOT_EXECUTED`: the server refused it, or it was never sent. `UNKNOWN`: it may
        or may not have been executed; only an idempotent call may be repeated.
    """
    if isinstance(error, KurrentConnError):
        return Outcome.NOT_EXECUTED
    return outcome_of(verdict_of(failure_of(error)))


def pong_of(
    preference: NodePreference,
    node: Node,
    error: BaseException | None,
    round_trip_s: float,
) -> Pong:
    """Say what became of a ping.

    Args:
        preference: Whose calls go to the node.
        node: Who was asked.
        error: How the read failed; None when it was answered.
        round_trip_s: From asking to the end, in seconds.
    """
    if error is None:
        return Pong(preference, node.advertised, node.route, round_trip_s)
    failure = failure_of(error)
    cause = _cause(verdict_of(failure), failure, round_trip_s)
    return Pong(preference, node.advertised, node.route, None, cause)


_DENIED: Final = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
_NO_ANSWER: Final = frozenset(
    {Verdict.NEVER_SENT, Verdict.LOST, Verdict.BAD_TLS, Verdict.LATE}
)
_CONNECT_TEXT: Final = "failed to connect to all addresses; last error: "


def gossip_failed(read: int, failure: RpcFailure, timeout_s: float) -> GossipFailed:
    """Say what a failed gossip read means.

    Args:
        read: The number of the read.
        failure: How it ended.
        timeout_s: The deadline that it had.
    """
    verdict = verdict_of(failure)
    return GossipFailed(
        read=read,
        verdict=verdict,
        phase=_phase(verdict, failure),
        cause=_cause(verdict, failure, timeout_s),
        denied=failure.code in _DENIED,
        answered=verdict not in _NO_ANSWER,
        hung_up=hung_up(failure),
    )


def _phase(verdict: Verdict, failure: RpcFailure) -> Phase:
    if verdict is Verdict.BAD_TLS:
        return Phase.TLS
    if verdict is Verdict.NEVER_SENT:
        resolving = failure.details.startswith(("errors resolving", "DNS resolution"))
        return Phase.RESOLVE if resolving else Phase.CONNECT
    return Phase.GOSSIP


def _cause(verdict: Verdict, failure: RpcFailure, timeout_s: float) -> str:
    if verdict is Verdict.LATE:
        return f"no answer within {timeout_s:g} s"
    text = failure.details.removeprefix(_CONNECT_TEXT)
    return f"{failure.code}: {text}" if text else failure.code
