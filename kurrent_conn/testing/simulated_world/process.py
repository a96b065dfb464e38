"""A client's process: it can stand still, and then whatever comes waits for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from kurrent_conn.testing.simulated_world.clock import Clock

_Argument = TypeVar("_Argument")


class Process:
    """Does things in virtual time, unless it stands still.

    Args:
        clock: Virtual time.

    Attributes:
        paused_until: When it goes on, or went on last.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Let the process stand still: whatever comes waits."""
        self.paused_until = max(self.paused_until, self.clock.now + seconds)

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at an instant, or when the process goes on."""
        self.clock.at(when, partial(self._awake, do))

    def _awake(self, do: Callable[[], None]) -> None:
        if self.clock.now < self.paused_until:
            self.clock.at(self.paused_until, partial(self._awake, do))
        else:
            do()

    def guarded(self, do: Callable[[_Argument], None]) -> Callable[[_Argument], None]:
        """Take what the network brings only while the process runs."""

        def take(argument: _Argument) -> None:
            if self.clock.now < self.paused_until:
                self.clock.at(self.paused_until, partial(take, argument))
            else:
                do(argument)

        return take
