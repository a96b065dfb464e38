"""One call on its way, as values: how often it was tried, how long it may go on.

What both shells know of a call that may be repeated; each adds how it waits.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import grpc

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.retry import Effort, Repeat


class Course:
    """A call's deadline and what it has behind it.

    Args:
        method: Its full path.
        preference: Whose node it goes to first.
        began_at: When the caller began it, monotonic seconds.
        timeout_s: Its own deadline; None: it has none.
        wait_s: How long a call without a deadline waits for a node.
    """

    __slots__ = ("_has_deadline", "effort")

    def __init__(
        self,
        method: str,
        preference: NodePreference,
        began_at: float,
        timeout_s: float | None,
        wait_s: float,
    ) -> None:
        self._has_deadline = timeout_s is not None
        bound_s = wait_s if timeout_s is None else timeout_s
        self.effort = Effort(method, preference, began_at, began_at + bound_s)

    def left_s(self) -> float | None:
        """Say how much of the call's own deadline is left; None without one."""
        if not self._has_deadline:
            return None
        return max(self.effort.deadline_at - monotonic(), 0.0)

    def status(self) -> grpc.StatusCode:
        """Say with which status the call ends when no node could be had."""
        late = self._has_deadline and monotonic() >= self.effort.deadline_at
        return (
            grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.UNAVAILABLE
        )

    def go_on(self, repeat: Repeat) -> None:
        """Note that the call goes another time."""
        effort = self.effort
        self.effort = replace(
            effort,
            preference=repeat.preference,
            attempt=effort.attempt + 1,
            redirects=effort.redirects + repeat.redirected,
        )
