"""Waiting for what happens elsewhere, with a deadline and without a sleep."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

DEADLINE_S = 10.0


def wait_for(claim: Callable[[], bool]) -> None:
    """Wait until something is so."""
    ends_at = time.monotonic() + DEADLINE_S
    while not claim():
        assert time.monotonic() < ends_at, "it did not come about"
        os.sched_yield()
