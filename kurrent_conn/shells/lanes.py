"""The connections to one node that calls run on: one, until streams need another.

Both shells count streams so; which connection has room is decided in `core.lane`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar
from weakref import WeakSet

from kurrent_conn.core.lane import lane_for

ChannelT = TypeVar("ChannelT")


class Place(Generic[ChannelT]):
    """Where one stream runs. Left by `leave`, or when nobody holds it any more.

    Args:
        channel: The channel that it runs on.
        taken: The places taken there.
    """

    __slots__ = ("__weakref__", "_taken", "channel")

    def __init__(self, channel: ChannelT, taken: WeakSet[Place[ChannelT]]) -> None:
        self.channel: Final = channel
        self._taken: Final = taken
        taken.add(self)

    def leave(self, *_: object) -> None:
        """Make room; a done callback may bring what it likes."""
        self._taken.discard(self)


class Lanes(Generic[ChannelT]):
    """Channels to one node, and how many streams run on each.

    Another one stays for the next streams when its own are over.

    Args:
        connect: Makes a channel.
    """

    def __init__(self, connect: Callable[[], ChannelT]) -> None:
        self._connect = connect
        # Taken by `take` and `close` alone: a place may be left in the middle of them,
        # by the collector.
        self._lock = threading.Lock()
        self._is_closed = False
        self._lanes: list[tuple[ChannelT, WeakSet[Place[ChannelT]]]] = [
            (connect(), WeakSet())
        ]

    @property
    def first(self) -> ChannelT:
        """The channel that calls with one answer go on."""
        return self._lanes[0][0]

    def __len__(self) -> int:
        """Count the streams that run."""
        return sum(len(taken) for _, taken in tuple(self._lanes))

    def take(self) -> Place[ChannelT]:
        """Take a place for a stream, on another connection if need be.

        After `close` it is one on a closed channel, whose calls say so.
        """
        with self._lock:
            chosen = lane_for([len(taken) for _, taken in self._lanes])
            if chosen == len(self._lanes):
                if self._is_closed:
                    chosen = 0
                else:
                    self._lanes.append((self._connect(), WeakSet()))
            return Place(*self._lanes[chosen])

    def close(self) -> tuple[ChannelT, ...]:
        """Make no more channels; give all there are, to be closed."""
        with self._lock:
            self._is_closed = True
            return tuple(channel for channel, _ in self._lanes)
