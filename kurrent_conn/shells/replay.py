"""A request stream that can be sent again, as long as all of it is still at hand.

`Kept` is what both shells keep of it; `Replay` reads a blocking iterator. There grpc
pulls requests in a thread of its own a call, which may still sit in the caller's
`next()` after its call has failed, and then takes one item more. So every attempt reads
from one shared list by a cursor of its own, and whoever is at the end of the list pulls
from the caller's iterator, under a lock: an item pulled by a dead attempt is in the
list and lost to nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

MAX_BYTES: Final = 1024 * 1024
MAX_MESSAGES: Final = 1000
"""Past either a stream is no longer kept, so its call can no longer be repeated."""

Serializer = Callable[[Any], bytes] | None


class Extent:
    """How much of a stream there was so far, and whether all of it is kept.

    Entries know of it and not of their stream: a call would else be garbage that only
    the collector can free, with all that grpc hangs on it.
    """

    __slots__ = ("bytes", "is_whole")

    def __init__(self) -> None:
        self.bytes = 0
        self.is_whole = True

    def count(self, size: int) -> None:
        """Note the bytes of one message; past the limit nothing is kept any more."""
        self.bytes += size
        if self.bytes > MAX_BYTES:
            self.is_whole = False


class Entry:
    """One request: the message, and its bytes once an attempt has serialised it."""

    __slots__ = ("data", "extent", "message")

    def __init__(self, message: Any, extent: Extent) -> None:
        self.message = message
        self.data: bytes | None = None
        self.extent = extent


def entry_serializer(serializer: Serializer) -> Callable[[Entry], bytes]:
    """Wrap a caller's serialiser: it runs once a message, however often it is sent.

    Args:
        serializer: The caller's; None for messages that are bytes already.
    """

    def serialize(entry: Entry) -> bytes:
        data = entry.data
        if data is None:
            message = entry.message
            data = entry.data = message if serializer is None else serializer(message)
            entry.extent.count(len(data))
        return data

    return serialize


class Kept:
    """The requests of one call that an attempt may still read, numbered from 0.

    Attributes:
        end: The number of the next request to come.
    """

    def __init__(self) -> None:
        self.end = 0
        self._kept: deque[Entry] = deque()
        self._dropped = 0
        self._extent = Extent()

    @property
    def is_whole(self) -> bool:
        """Whether all requests so far can be sent again."""
        return self._extent.is_whole

    def _append(self, message: Any) -> None:
        self._kept.append(Entry(message, self._extent))
        self.end += 1
        if self.end > MAX_MESSAGES:
            self._extent.is_whole = False

    def _take(self, position: int) -> Entry:
        """Give the request of a number; drop what no attempt will read again."""
        entry = self._kept[position - self._dropped]
        while not self._extent.is_whole and self._kept and self._dropped <= position:
            self._kept.popleft()
            self._dropped += 1
        return entry


class Replay(Kept):
    """The caller's request iterator, shared by the attempts of one call.

    Args:
        source: The caller's iterator; nobody else may pull from it.
    """

    def __init__(self, source: Iterator[Any]) -> None:
        super().__init__()
        self._source = source
        self._pulling = threading.Lock()
        self._ended = False
        self._failure: BaseException | None = None
        self._attempt = 0

    def attempt(self) -> Iterator[Entry]:
        """Begin an attempt: read from the first request; earlier attempts end."""
        self._attempt += 1
        return self._read(self._attempt)

    def _read(self, attempt: int) -> Iterator[Entry]:
        position = 0
        while attempt == self._attempt:
            if position >= self.end:
                if not self._pull(position, attempt):
                    return
                if attempt != self._attempt:
                    return
            entry = self._take(position)
            position += 1
            yield entry

    def _pull(self, position: int, attempt: int) -> bool:
        """Make sure that there is an item at the position; False at the end."""
        with self._pulling:
            if position < self.end:
                return True
            if self._failure is not None:
                raise self._failure
            if self._ended or attempt != self._attempt:
                return False
            try:
                message = next(self._source)
            except StopIteration:
                self._ended = True
                return False
            except BaseException as failure:
                self._failure = failure
                raise
            self._append(message)
            return True
