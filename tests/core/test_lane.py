"""Streams share connections up to a limit, and never wait for room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.lane import STREAMS_MAX, lane_for


@given(st.lists(st.integers(0, STREAMS_MAX), max_size=6))
def test_the_first_connection_with_room_is_chosen(running: list[int]) -> None:
    """Whatever runs: the stream finds room, and no sooner connection had any."""
    lane = lane_for(running)
    assert all(streams == STREAMS_MAX for streams in running[:lane])
    assert lane == len(running) or running[lane] < STREAMS_MAX


def test_three_hundred_streams_need_four_connections() -> None:
    """Connections are filled one after another."""
    running: list[int] = []
    for _ in range(300):
        lane = lane_for(running)
        running += [0] * (lane == len(running))
        running[lane] += 1
    assert running == [90, 90, 90, 30]
