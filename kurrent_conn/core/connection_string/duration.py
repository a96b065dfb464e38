"""Durations: whole milliseconds in text, seconds in Python.

A bare number is milliseconds, as .NET, Java and Rust read it; `500ms`, `5s` and `1m`
say their unit. Whole milliseconds are the resolution, so that text and value are the
same thing: a value from Python is rounded to the nearest, and never down to 0.
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.connection_string.value import (
    FOREVER,
    Kind,
    Unreadable,
    digits,
)

MAX_MS: Final = 9_000_000_000_000
"""The longest duration, 285 years: timers count nanoseconds in 64 bits."""

_MS_PER_UNIT: Final = {"ms": 1, "s": 1_000, "m": 60_000}
_MS_PER_S: Final = 1_000
_UNITS_HINT: Final = "write milliseconds such as 500, or a unit: 500ms, 5s, 1m"


def is_bare(text: str) -> bool:
    """Tell whether a duration is written without its unit.

    Args:
        text: A readable duration.
    """
    return text[-1:].isdigit()


def _read_s(text: str) -> float:
    unit = "" if is_bare(text) else ("ms" if text.endswith("ms") else text[-1:])
    if unit and unit not in _MS_PER_UNIT:
        raise Unreadable("is no duration", hint=_UNITS_HINT)
    number = text.removesuffix(unit)
    if not (number.isascii() and number.isdigit()):
        raise Unreadable("is no duration", hint=_UNITS_HINT)
    return _seconds(digits(number) * _MS_PER_UNIT.get(unit, 1))


def _seconds(ms: int) -> float:
    if ms > MAX_MS:
        raise Unreadable(f"is longer than {MAX_MS} ms")
    return ms / _MS_PER_S


def _take_s(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"must be seconds, not a {type(value).__name__}")
    if not value >= 0:  # the one comparison that also refuses what is no number
        raise Unreadable("is no length of time")
    if value > MAX_MS / _MS_PER_S:
        raise Unreadable(f"is longer than {MAX_MS // _MS_PER_S} s")
    ms = round(value * _MS_PER_S)
    return (1 if value and not ms else ms) / _MS_PER_S


def _write_s(seconds: float) -> str:
    return str(round(seconds * _MS_PER_S))


def _positive(seconds: float) -> float:
    if not seconds:
        raise Unreadable("must be longer than 0", hint=_UNITS_HINT)
    return seconds


FROM_ZERO: Final = Kind("a duration", _read_s, _take_s, _write_s)

POSITIVE: Final = Kind(
    "a duration longer than 0",
    lambda text: _positive(_read_s(text)),
    lambda value: _positive(_take_s(value)),
    _write_s,
)


def _read_or_off(text: str) -> float | None:
    return None if text == FOREVER else _positive(_read_s(text))


def _take_or_off(value: object) -> float | None:
    return None if value is None else _positive(_take_s(value))


def _write_or_off(seconds: float | None) -> str:
    return FOREVER if seconds is None else _write_s(seconds)


def or_off(meaning: str) -> Kind[float | None]:
    """Make the kind of a duration that `-1`, in Python None, switches off.

    Args:
        meaning: What -1 means, in a word.
    """
    return Kind(
        f"a duration longer than 0, or -1: {meaning}",
        _read_or_off,
        _take_or_off,
        _write_or_off,
    )
