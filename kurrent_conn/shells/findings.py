"""Looks at the certificates of the routes that failed, and says what is wrong.

gRPC reports every TLS fault as UNAVAILABLE with a line of prose, so a failed search is
explained by a look of our own, only afterwards and within the same deadline.
"""

from __future__ import annotations

from time import monotonic
from typing import Final

from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.errors import DiscoveryError, KurrentConnError
from kurrent_conn.shells.tls_probe import probe
from kurrent_conn.shells.trust import Trust

PROBE_S: Final = 2.0
"""The most that one look may take; a node that let gRPC fail was quick to answer."""


def find(
    error: KurrentConnError, trust: Trust, left_s: float
) -> tuple[TlsFinding, ...]:
    """Probe every route whose TLS failed, one after another.

    Args:
        error: Lists the attempts.
        trust: The trust in force.
        left_s: For all probes together, in seconds.

    Returns:
        What was found, in the order of the attempts; nothing once the time is up.
    """
    ends_at = monotonic() + left_s
    found: dict[TlsFinding, None] = {}
    for attempt in _failed_handshakes(error):
        timeout_s = min(PROBE_S, ends_at - monotonic())
        if timeout_s <= 0:
            break
        looked = probe(attempt.endpoint, attempt.route, trust, timeout_s=timeout_s)
        found.update(dict.fromkeys(looked))
    return tuple(found)


def _failed_handshakes(error: KurrentConnError) -> tuple[Attempt, ...]:
    if not isinstance(error, DiscoveryError):
        return ()
    return tuple(a for a in error.attempts if a.phase is Phase.TLS)
