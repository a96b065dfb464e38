"""One thread of a connection that does things later: wake the core, let channels go.

A channel must not be closed inside a grpc callback (it deadlocks with another call in
flight), and users' callbacks must not run inside one either; both run here.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

Job = Callable[[], object]

_LOG: Final = logging.getLogger("kurrent_conn")


class Timer:
    """Runs jobs at instants, one after another, on its own thread.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._jobs: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        self._closed = False
        # A daemon, so that a program that forgets to close can still end.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._is_started = False

    def at(self, when: float, job: Job, *, starts: bool = True) -> bool:
        """Run a job at an instant (monotonic seconds).

        Args:
            when: The instant; one that has passed means as soon as may be.
            job: What to run.
            starts: Whether the thread is started for it. Else the job waits for one
                that is: a thread takes as long to start as a tenth of a connect.

        Returns:
            False after `close`: nothing is run any more.
        """
        with self._changed:
            if not self._closed:
                heapq.heappush(self._jobs, (when, next(self._numbers), job))
                self._changed.notify()
                if starts and not self._is_started:
                    self._is_started = True
                    self._thread.start()
            return not self._closed

    def soon(self, job: Job) -> None:
        """Run a job as soon as the thread is free."""
        self.at(0.0, job)

    def abandon(self) -> None:
        """Run nothing any more: this is a forked child, where no thread is."""
        self._changed = threading.Condition(threading.Lock())
        self._jobs.clear()
        self._closed = True

    def close(self) -> None:
        """Run every job that is left, whatever its instant, and end the thread.

        A call may wait in one: it must learn that there is no more to wait for.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - one bad job must not end the others
                _LOG.exception("a job of %s failed", self._thread.name)
            del job  # it may hold the last reference to a channel

    def _next(self) -> Job | None:
        with self._changed:
            while True:
                wait_s = self._jobs[0][0] - monotonic() if self._jobs else None
                if wait_s is not None and (wait_s <= 0 or self._closed):
                    return heapq.heappop(self._jobs)[2]
                if self._closed:
                    return None
                self._changed.wait(wait_s)
