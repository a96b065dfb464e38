"""Waits stay within their stated bounds, and jitter spreads clients at every cap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.backoff import (
    election_interval_s,
    look_pause_s,
    round_pause_s,
    stagger_s,
)

DRAWS = st.floats(0, 1, exclude_max=True)


@given(st.none() | st.floats(0, 1e6))
def test_the_stagger_is_bounded(round_trip_s: float | None) -> None:
    """Between 25 and 250 ms, 25 before any round trip is known."""
    assert 0.025 <= stagger_s(round_trip_s) <= 0.25
    assert stagger_s(None) == 0.025


@given(st.floats(0.001, 10), st.integers(1, 10_000), DRAWS)
def test_the_pause_between_rounds_is_bounded(
    first_s: float, round_number: int, draw: float
) -> None:
    """Never none, never above 2 s unless the first pause is."""
    pause = round_pause_s(first_s, round_number, draw)
    assert 0 < pause <= max(2.0, first_s)


def test_the_pause_doubles_up_to_the_cap() -> None:
    """100, 200, 400 ms and so on, and 2 s from then on."""
    pauses = [round_pause_s(0.1, number, 0.999999) for number in (1, 2, 3, 6, 60)]
    assert [round(pause, 2) for pause in pauses] == [0.1, 0.2, 0.4, 2.0, 2.0]


@given(st.floats(0, 1e6), DRAWS)
def test_the_election_interval_is_bounded(waited_s: float, draw: float) -> None:
    """Between 10 and 250 ms, give or take a fifth."""
    assert 0.008 <= election_interval_s(waited_s, draw) <= 0.3


@given(DRAWS)
def test_a_look_within_a_pause_comes_soon(draw: float) -> None:
    """A node that starts is in use half a second later."""
    assert 0.2 <= look_pause_s(draw) <= 0.4


@given(st.integers(1, 60))
def test_jitter_remains_at_the_cap(round_number: int) -> None:
    """A thousand clients at the cap do not ask at the same instant."""
    low, high = (round_pause_s(0.1, round_number, draw) for draw in (0.0, 0.999))
    assert high > 1.9 * low
