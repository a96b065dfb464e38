"""Samples of one figure, how they are written, and what they must keep to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf
from statistics import median

NEVER = inf
"""The sample of a run in which it did not happen while anybody waited."""


def written(value: float) -> str:
    """Write a number with three digits that count.

    Args:
        value: Not negative, or a little below zero by noise.
    """
    if isinf(value):
        return "never"
    if abs(value) >= 100:  # noqa: PLR2004 - from here on digits after the point are noise
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004 - as above


def spread(samples: Sequence[float]) -> str:
    """Write the median and, of several samples, the least and the greatest.

    Args:
        samples: One entry a run; "-" when there are none.
    """
    if not samples:
        return "-"
    middle = written(median(samples))
    if len(samples) == 1:
        return middle
    return f"{middle} [{written(min(samples))}-{written(max(samples))}]"


def counted(samples: Sequence[float]) -> str:
    """Write counts: their sum, and the greatest of a run.

    Args:
        samples: One entry a run; "-" when there are none.
    """
    if not samples:
        return "-"
    total = f"{sum(samples):.0f} in {len(samples)}"
    return f"{total}, max {max(samples):.0f}" if any(samples) else total


@dataclass(frozen=True, slots=True)
class Limit:
    """What samples must keep to.

    Args:
        middle: The greatest median; None: there is no such limit.
        most: The greatest sample; None as above.
    """

    middle: float | None = None
    most: float | None = None

    def holds(self, samples: Sequence[float]) -> bool:
        """Tell whether samples keep to it.

        Args:
            samples: At least one.
        """
        return (self.middle is None or median(samples) <= self.middle) and (
            self.most is None or max(samples) <= self.most
        )

    def __str__(self) -> str:
        """Write it as the table says it."""
        parts = [] if self.middle is None else [f"<= {self.middle:g}"]
        if self.most is not None:
            parts.append(f"max {self.most:g}")
        return ", ".join(parts)
