"""What a caller does with a failed call: raise it, or repeat it, where, and when.

Repeated is what was not executed (not leader, not ready, too busy, never sent), and a
read-only call also after an unknown outcome; always within the call's deadline, and
only while all of its request can be sent again and none of its response was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from tenacity import RetryCallState, stop_never, wait_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from kurrent_conn.core.belief import is_self, is_trusted
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import RpcFailure, Verdict, verdict_of
from kurrent_conn.core.method import is_read_only
from kurrent_conn.core.nowhere import why_nowhere
from kurrent_conn.core.state import Node, State

HOP_LIMIT: Final = 3
"""So many redirects are followed at once; each further one waits first."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait before a call is repeated, and when to stop repeating.

    Both are tenacity strategies; `attempt_number` counts from 1 and
    `seconds_since_start` runs from the call's beginning. A repeat never outlives the
    call's deadline, whatever the policy says. What is repeated at all is not a matter
    of policy.

    Args:
        wait: Before a node that said "not ready" or "too busy" is asked again, and
            after too many redirects. Default: 10 ms, doubling, to 1 s.
        stop: Default: never; the deadline bounds it.
    """

    wait: wait_base = field(
        default_factory=lambda: wait_exponential(multiplier=0.01, max=1)
    )
    stop: stop_base = stop_never


@dataclass(frozen=True, slots=True)
class Effort:
    """What a call has behind it when it fails.

    Args:
        method: Its full path.
        preference: Whose node it was sent to.
        began_at: When the caller began it, monotonic seconds.
        deadline_at: When it must be over; without a deadline of its own, when it may
            no longer wait for a node.
        attempt: Which try failed, counted from 1.
        redirects: How many redirects it has followed.
        can_repeat: Whether all of its request is still at hand and no message of its
            response was seen.
    """

    method: str
    preference: NodePreference
    began_at: float
    deadline_at: float
    attempt: int = 1
    redirects: int = 0
    can_repeat: bool = True


@dataclass(frozen=True, slots=True)
class Raise:
    """Give the failure to the caller, unchanged."""


@dataclass(frozen=True, slots=True)
class RaiseUntrusted:
    """The named leader is outside `trusted_names`: say so.

    Args:
        host: The named host.
        told_by: Who named it.
    """

    host: str
    told_by: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the call again.

    Args:
        preference: Whose node it goes to now.
        redirected: Whether this follows a redirect.
        after_s: How long to wait first.
    """

    preference: NodePreference
    redirected: bool = False
    after_s: float = 0.0


Decision = Raise | RaiseUntrusted | Repeat

_NOT_EXECUTED: Final = frozenset(
    {
        Verdict.NOT_LEADER,
        Verdict.NO_LEADER,
        Verdict.NOT_READY,
        Verdict.TOO_BUSY,
        Verdict.NEVER_SENT,
        Verdict.REFUSED,
        Verdict.BAD_TLS,
    }
)
_WAITS: Final = frozenset({Verdict.NO_LEADER, Verdict.NOT_READY, Verdict.TOO_BUSY})


def after_failure(
    state: State,
    node: Node,
    effort: Effort,
    failure: RpcFailure,
    policy: RetryPolicy,
    now: float,
) -> Decision:
    """Decide what to do with a failed call.

    Args:
        state: What the connection believes.
        node: Where the call was sent.
        effort: What the call has behind it.
        failure: How it ended.
        policy: How to wait and when to stop.
        now: Monotonic seconds.

    Returns:
        Whether to raise or to repeat, where, and after how long.
    """
    verdict = verdict_of(failure)
    if not effort.can_repeat or not _may_repeat(effort, verdict, failure):
        return Raise()
    if verdict is Verdict.NOT_LEADER:
        decision, waits = _redirect(state, node, effort, failure.leader)
    else:
        decision = Repeat(effort.preference)
        waits = verdict in _WAITS or effort.attempt > HOP_LIMIT
    if not isinstance(decision, Repeat):
        return decision
    tried = _tried(effort, now)
    after_s = policy.wait(tried) if waits else 0.0
    if policy.stop(tried) or now + after_s >= effort.deadline_at:
        return Raise()
    return replace(decision, after_s=after_s)


def _may_repeat(effort: Effort, verdict: Verdict, failure: RpcFailure) -> bool:
    if verdict in _NOT_EXECUTED:
        return True
    lost = verdict is Verdict.LOST or (
        verdict is Verdict.UNSURE and failure.code == "UNAVAILABLE"
    )
    return lost and is_read_only(effort.method)


def _redirect(
    state: State, node: Node, effort: Effort, leader: Endpoint | None
) -> tuple[Decision, bool]:
    """Say where a not-leader answer leads, and whether to wait first."""
    if not state.plan.follow:
        return Raise(), False
    if leader and why_nowhere(state.plan.router, leader):
        return Raise(), False
    if leader is None or is_self(state, node, leader):
        return Repeat(NodePreference.LEADER, redirected=True), True
    if not is_trusted(state, leader):
        return RaiseUntrusted(leader.host, str(node.advertised)), False
    waits = effort.redirects >= HOP_LIMIT
    return Repeat(NodePreference.LEADER, redirected=True), waits


def _tried(effort: Effort, now: float) -> RetryCallState:
    """Say in tenacity's words what the call has behind it."""
    tried = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]  # strategies read numbers and instants only
    tried.attempt_number = effort.attempt
    tried.start_time = effort.began_at
    tried.outcome_timestamp = now
    return tried
