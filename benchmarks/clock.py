"""Instants that compare across the processes of one machine, and what lies between."""

from __future__ import annotations

from time import monotonic_ns

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

now_ns = monotonic_ns
"""The instant, in nanoseconds of CLOCK_MONOTONIC."""


def ms_since(began_ns: int) -> float:
    """Say how many milliseconds have passed.

    Args:
        began_ns: Since when.
    """
    return (monotonic_ns() - began_ns) / NS_PER_MS
