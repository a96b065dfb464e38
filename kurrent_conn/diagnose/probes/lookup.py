"""Looks a name up twice: as every program does, and by DNS itself."""

from __future__ import annotations

from functools import partial

from kurrent_conn.core.events import Resolved, ResolveFailed
from kurrent_conn.diagnose.probes.side_by_side import side_by_side
from kurrent_conn.diagnose.sight import Lookup
from kurrent_conn.shells.resolver import ask_dns, ask_system


def look_up(host: str, ends_at: float) -> Lookup:
    """Ask the system, and DNS beside it; blocks.

    Args:
        host: The name.
        ends_at: When waiting ends, monotonic seconds.
    """
    jobs = (partial(ask_system, host), partial(ask_dns, host))
    answer, by_dns = side_by_side(jobs, ends_at)
    dns = by_dns.addresses if isinstance(by_dns, Resolved) else None
    if isinstance(answer, Resolved):
        return Lookup(host, answer.addresses, dns=dns)
    late = "the system's resolver gives no answer"
    cause = answer.cause if isinstance(answer, ResolveFailed) else late
    return Lookup(host, failure=cause, dns=dns)
