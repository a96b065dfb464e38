"""Jobs side by side, and no longer than a time that is given.

A look-up by the system cannot be called off, so a job that is late is left behind on
a daemon thread: the examination ends when it said it would.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, TypeVar

Result = TypeVar("Result")

AT_ONCE: Final = 24
"""Threads at work; a cluster of nine by three routes is one or two rounds."""


def side_by_side(
    jobs: Sequence[Callable[[], Result]], ends_at: float
) -> tuple[Result | None, ...]:
    """Run jobs side by side.

    Args:
        jobs: They must not raise; an error of one ends its thread and counts as late.
        ends_at: When waiting ends, monotonic seconds.

    Returns:
        The results in the order of the jobs; None for one that was late.
    """
    todo: queue.SimpleQueue[tuple[int, Callable[[], Result]]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Result | None]] = queue.SimpleQueue()
    for numbered in enumerate(jobs):
        todo.put(numbered)

    def work() -> None:
        while True:
            try:
                number, job = todo.get_nowait()
            except queue.Empty:
                return
            done.put((number, job() if monotonic() < ends_at else None))

    for number in range(min(AT_ONCE, len(jobs))):
        name = f"kurrent-conn doctor {number}"
        threading.Thread(target=work, name=name, daemon=True).start()
    return _collected(done, len(jobs), ends_at)


def _collected(
    done: queue.SimpleQueue[tuple[int, Result | None]], count: int, ends_at: float
) -> tuple[Result | None, ...]:
    results: list[Result | None] = [None] * count
    for _ in range(count):
        try:
            number, result = done.get(timeout=max(ends_at - monotonic(), 0.0))
        except queue.Empty:
            break
        results[number] = result
    return tuple(results)
