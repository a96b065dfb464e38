"""Looks a name up twice: as every program does, and by DNS itself."""

from __future__ import annotations

from kurrent_conn.core.events import ResolveFailed
from kurrent_conn.diagnose.sight import Lookup
from kurrent_conn.shells.resolver import ask_dns, ask_system


def look_up(host: str) -> Lookup:
    """Ask the system, and DNS beside it; blocks.

    Args:
        host: The name.
    """
    by_dns = ask_dns(host)
    dns = by_dns.addresses if by_dns is not None else None
    answer = ask_system(host)
    if isinstance(answer, ResolveFailed):
        return Lookup(host, failure=answer.cause, dns=dns)
    return Lookup(host, answer.addresses, dns=dns)
