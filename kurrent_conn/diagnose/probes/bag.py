"""What the doctor brings to every visit: who we are, what we believe, how long."""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.settings import Settings
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification


@dataclass(frozen=True, slots=True)
class Bag:
    """What the doctor brings to every visit.

    Args:
        settings: Whether there is TLS, and who we are.
        trust: The trust in force; None without TLS.
        verification: What channels verify by it.
        step_s: The most that one step may take, in seconds.
    """

    settings: Settings
    trust: Trust | None
    verification: Verification
    step_s: float
