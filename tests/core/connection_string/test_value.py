"""Kinds of value: what each reads, takes and writes."""

from __future__ import annotations

import pytest

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.connection_string.value import (
    COUNT,
    FLAG,
    MAX_COUNT,
    PATH,
    PREFERENCE,
    Unreadable,
    digits,
    surrogate_position,
)


@pytest.mark.parametrize("text", ["true", "TRUE", "True"])
def test_flag_in_any_case(text: str) -> None:
    """A switch is true or false in any case, and nothing else."""
    assert FLAG.read(text) is True
    for other in ("1", "yes", "t", "", " true"):
        with pytest.raises(Unreadable):
            FLAG.read(other)


def test_count_bounds() -> None:
    """A count is 1 to 2147483647, or -1."""
    assert COUNT.read("-1") == -1
    assert COUNT.read("0010") == 10
    assert COUNT.read(str(MAX_COUNT)) == MAX_COUNT
    for text in ("0", "-2", str(MAX_COUNT + 1), "1.0", "1_0", "+1", "-01"):
        with pytest.raises(Unreadable):
            COUNT.read(text)


def test_preference_round_trip() -> None:
    """Every preference is written as it is read."""
    for preference in NodePreference:
        assert PREFERENCE.read(PREFERENCE.write(preference)) is preference


def test_path_has_no_nul() -> None:
    """A path with a NUL is refused before anyone opens it."""
    with pytest.raises(Unreadable) as caught:
        PATH.read("ab\0")
    assert caught.value.offset == 2


def test_digits_are_bounded() -> None:
    """A number with very many digits is refused unread, leading zeros apart."""
    assert digits("0" * 10_000 + "7") == 7
    with pytest.raises(Unreadable):
        digits("7" * 10_000)


def test_surrogate_position() -> None:
    """The first lone surrogate is found."""
    assert surrogate_position("ab\ud800") == 2
    assert surrogate_position("äb") is None
