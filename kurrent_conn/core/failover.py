"""How long a preference was without a node: noticed, found, answered.

Values only; `outage` measures them. All three times count from when the trouble began:
when the oldest call that the node left unanswered was sent, as far as that is known.
Where a connection's own end told of it, that is the same instant. Time in which nobody
wanted a node is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Failover:
    """One failover, from the first unanswered call to the first answered one.

    Args:
        preference: Whose calls had no node.
        lost: The node that they went to before.
        found: The node that they go to now; the same one where it came back.
        noticed_s: Seconds until the node was given up for new calls.
        found_s: Seconds until the next one was open, by its own word.
        answered_s: Seconds until a call was answered there, one of those that had
            waited or were repeated; None while none was.
    """

    preference: NodePreference
    lost: Endpoint
    found: Endpoint
    noticed_s: float
    found_s: float
    answered_s: float | None = None

    def __str__(self) -> str:
        """Write one line for people."""
        answered = (
            "" if self.answered_s is None else f", answered {self.answered_s:.3f}"
        )
        return (
            f"{self.preference}: {self.lost} -> {self.found}, seconds: "
            f"noticed {self.noticed_s:.3f}, found {self.found_s:.3f}{answered}"
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A failover that is not over.

    Args:
        lost: The node that calls went to.
        since: When the trouble began, monotonic seconds.
        noticed_at: When the node was given up for new calls.
        wanted_at: Until when somebody is known to have wanted a node: when it was
            given up, a wait for another ended, or another was found.
        found: The serial of the node that is open now; None while there is none.
    """

    lost: Endpoint
    since: float
    noticed_at: float
    wanted_at: float
    found: int | None = None
