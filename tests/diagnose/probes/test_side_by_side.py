"""Jobs run side by side, and nobody waits longer than was said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier, Event
from time import monotonic

from kurrent_conn.diagnose.probes.side_by_side import AT_ONCE, side_by_side


def test_results_come_in_the_order_of_the_jobs() -> None:
    """More jobs than threads, each done once."""
    jobs = [partial(pow, number, 2) for number in range(3 * AT_ONCE)]
    expected = tuple(number**2 for number in range(3 * AT_ONCE))
    assert side_by_side(jobs, monotonic() + 10) == expected


def test_they_run_at_once() -> None:
    """Jobs that wait for each other meet."""
    barrier = Barrier(AT_ONCE)
    jobs = [partial(barrier.wait, 5)] * AT_ONCE
    assert None not in side_by_side(jobs, monotonic() + 10)


def test_a_late_job_is_left_behind() -> None:
    """The others' results are there; the late one's is None."""
    free = Event()
    try:
        jobs: list[Callable[[], object]] = [partial(free.wait, 30), partial(pow, 2, 2)]
        late, done = side_by_side(jobs, monotonic() + 0.1)
        assert late is None
        assert done == 4
    finally:
        free.set()


def test_nothing_to_do() -> None:
    """No jobs, no results."""
    assert side_by_side([], monotonic() + 1) == ()
