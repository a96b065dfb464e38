"""A request stream that can be sent again, as long as all of it is still at hand.

grpc pulls requests in a thread of its own a call, which may still sit in the caller's
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


class Entry:
    """One request: the message, and its bytes once an attempt has serialised it."""

    __slots__ = ("data", "message", "replay")

    def __init__(self, message: Any, replay: Replay) -> None:
        self.message = message
        self.data: bytes | None = None
        self.replay = replay


def entry_serializer(serializer: Serializer) -> Callable[[Entry], bytes]:
    """Wrap a caller's serialiser: it runs once a message, however often it is sent.

    Args:
        serializer: The caller's; None for messages that are bytes already.
    """

    def serialize(entry: Entry) -> bytes:
        if entry.data is None:
            message = entry.message
            entry.data = message if serializer is None else serializer(message)
            entry.replay.count(len(entry.data))
        return entry.data

    return serialize


class Replay:
    """The caller's request iterator, shared by the attempts of one call.

    Args:
        source: The caller's iterator; nobody else may pull from it.
    """

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self._pulling = threading.Lock()
        self._kept: deque[Entry] = deque()
        self._dropped = 0
        self._bytes = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._attempt = 0
        self.is_whole = True

    def count(self, size: int) -> None:
        """Note the bytes of one message; past the limit nothing is kept any more."""
        self._bytes += size
        if self._bytes > MAX_BYTES:
            self.is_whole = False

    def attempt(self) -> Iterator[Entry]:
        """Begin an attempt: read from the first request; earlier attempts end."""
        self._attempt += 1
        return self._read(self._attempt)

    def _read(self, attempt: int) -> Iterator[Entry]:
        position = 0
        while attempt == self._attempt:
            if position >= self._dropped + len(self._kept) and not self._pull(
                position, attempt
            ):
                return
            if attempt != self._attempt:
                return
            entry = self._kept[position - self._dropped]
            position += 1
            if not self.is_whole:
                self._drop(position)
            yield entry

    def _pull(self, position: int, attempt: int) -> bool:
        """Make sure that there is an item at the position; False at the end."""
        with self._pulling:
            if position < self._dropped + len(self._kept):
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
            self._kept.append(Entry(message, self))
            if self._dropped + len(self._kept) > MAX_MESSAGES:
                self.is_whole = False
            return True

    def _drop(self, position: int) -> None:
        while self._kept and self._dropped < position:
            self._kept.popleft()
            self._dropped += 1
