"""Does a certificate end soon? A pure decision; who asks passes the clock.

For the peer's certificate and for our own. What has ended already is a TLS finding
and no longer a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kurrent_conn.core.certificate import CertificateFacts

WITHIN_S: Final = 14 * 24 * 3600.0
"""How long before its end a certificate is worth a warning, in seconds.

cert-manager renews after two thirds of the life (30 of 90 days are left), so what has
less than 14 days left was not renewed when it should have been.
"""


FIRST_CHECK_S: Final = 1.0
"""When a new connection is looked at first: not beside its first calls."""

CHECK_EVERY_S: Final = 60.0
"""How often it is looked whether a certificate is due for a look."""

LOOK_EVERY_S: Final = 24 * 3600.0
"""How often the same node is looked at: certificates end by the day."""


@dataclass(frozen=True, slots=True)
class Expiring:
    """A certificate that is valid now and ends soon.

    Args:
        subject: Its subject as RFC 4514 text.
        names: The names that it carries.
        not_after: When it ends, UTC.
        left_s: Seconds until then; not negative.
    """

    subject: str
    names: tuple[str, ...]
    not_after: datetime
    left_s: float

    def __str__(self) -> str:
        """Write one line: which certificate, when, how long that is."""
        days = int(self.left_s // 86400)
        left = f"{days} days" if days > 1 else f"{int(self.left_s // 3600)} hours"
        whose = ", ".join(self.names) or self.subject
        day = f"{self.not_after:%Y-%m-%d}"
        return f"the certificate of {whose} ends on {day}, in {left}"


def is_due(looked_at: float | None, now: float) -> bool:
    """Decide whether a node's certificate is to be looked at.

    Args:
        looked_at: When it was looked at last, monotonic seconds; None for never.
        now: Monotonic seconds.
    """
    return looked_at is None or now - looked_at >= LOOK_EVERY_S


def expiring(
    certificate: CertificateFacts, at: datetime, within_s: float = WITHIN_S
) -> Expiring | None:
    """Decide whether a certificate ends soon.

    Args:
        certificate: The certificate's facts.
        at: The instant of asking, UTC.
        within_s: How soon is soon, in seconds; exactly so many seconds are soon.

    Returns:
        None when it has longer, and when it has ended or not begun.
    """
    left = certificate.not_after - at
    if at < certificate.not_before or not timedelta(0) <= left:
        return None
    if left.total_seconds() > within_s:
        return None
    return Expiring(
        certificate.subject,
        certificate.names.verifiable,
        certificate.not_after,
        left.total_seconds(),
    )
