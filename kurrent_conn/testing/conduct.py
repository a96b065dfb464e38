"""How a node misbehaves while it lives: a value that can be changed at any time."""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a node does beside its duty; by default nothing.

    Args:
        delay_s: How long every call waits before it is looked at, in seconds.
        is_silent: Calls are taken and never answered, as a node does before it has
            joined its cluster.
        is_busy: Reads and writes end with "Server Is Too Busy".
        lie: What gossip lists instead of the truth.
        redirect: Where a not-leader answer points instead of to the leader.
    """

    delay_s: float = 0.0
    is_silent: bool = False
    is_busy: bool = False
    lie: tuple[Member, ...] | None = None
    redirect: Endpoint | None = None


WELL_BEHAVED = Conduct()
