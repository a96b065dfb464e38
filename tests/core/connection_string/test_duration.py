"""Durations: spelling, resolution and bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.connection_string.duration import (
    FROM_ZERO,
    MAX_MS,
    POSITIVE,
    is_bare,
    or_off,
)
from kurrent_conn.core.connection_string.value import Unreadable


@given(st.integers(0, MAX_MS))
def test_every_millisecond_reads_back(ms: int) -> None:
    """Every whole number of milliseconds survives seconds in a float."""
    assert FROM_ZERO.write(FROM_ZERO.read(str(ms))) == str(ms)
    assert FROM_ZERO.take(ms / 1000) == ms / 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("500", 0.5), ("500ms", 0.5), ("5s", 5), ("1m", 60), ("007", 0.007)],
)
def test_spellings(text: str, seconds: float) -> None:
    """A bare number is milliseconds; `ms`, `s` and `m` say their unit."""
    assert FROM_ZERO.read(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "s", "ms", "-1", "-5", "+5", " 5", "5 s", "5S", "5h", "1.5s", "1e3"),
        *("\u0665", "9" * 17, str(MAX_MS + 1), "5sms", "5mss"),
    ],
)
def test_refused_spellings(text: str) -> None:
    """Signs, blanks, fractions, other units and other digits are refused."""
    with pytest.raises(Unreadable):
        FROM_ZERO.read(text)


def test_zero_and_off() -> None:
    """0 is only for the kind that says so; -1 only for the kind that can be off."""
    with pytest.raises(Unreadable):
        POSITIVE.read("0ms")
    off = or_off("off")
    assert off.read("-1") is None
    assert off.write(None) == "-1"
    for text in ("0", "-2", "-1ms"):
        with pytest.raises(Unreadable):
            off.read(text)


@pytest.mark.parametrize(("text", "bare"), [("5", True), ("5s", False), ("5ms", False)])
def test_is_bare(text: str, *, bare: bool) -> None:
    """A duration is bare when it has no unit."""
    assert is_bare(text) is bare
