"""A signal that wakes whoever waits for it, and costs little while nobody does.

`asyncio.Event` remembers that it was set, and takes as long to make as all the rest
that a call keeps of its requests.
"""

from __future__ import annotations

import asyncio


class Signal:
    """Is given again and again; who waits, waits for the next time."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: tuple[asyncio.Future[None], ...] = ()

    def give(self) -> None:
        """Wake all who wait."""
        if self._waiting:
            waiting, self._waiting = self._waiting, ()
            for each in waiting:
                if not each.done():  # cancelled
                    each.set_result(None)

    def next(self) -> asyncio.Future[None]:
        """Give what ends when it is given next.

        Take it before you set off what will give it: with eager tasks that may be at
        once.
        """
        next_time: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = (*self._waiting, next_time)
        return next_time
