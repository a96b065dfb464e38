"""What a connection says of itself while it is measured, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

ASKED: bool = "--events" in sys.argv[1:]
"""Whether the driver was started with it."""


def listener() -> Callable[[object], None] | None:
    """Make an `on_event` that prints notices with their instants; None: not asked."""
    if not ASKED:
        return None
    return lambda notice: print(f"{monotonic():.4f} {notice}", file=sys.stderr)
