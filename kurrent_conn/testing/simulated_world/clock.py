"""Virtual time: what is due, in the order of its instants."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Clock:
    """A queue of things to do; time jumps from one to the next.

    Attributes:
        now: Seconds since the world began.
    """

    __slots__ = ("_due", "_number", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at an instant; what is due at one instant keeps its order."""
        self._number += 1
        heapq.heappush(self._due, (when, self._number, do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something after a while."""
        self.at(self.now + seconds, do)

    def run(self, until: float) -> None:
        """Let time pass up to an instant."""
        due = self._due
        while due and due[0][0] <= until:
            when, _, do = heapq.heappop(due)
            self.now = max(self.now, when)
            do()
        self.now = max(self.now, until)
