"""A subscription's place in the log: what it has still to be sent.

Pure over the log; whoever owns the call asks again whenever the log grew.
"""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.testing.log.event_log import EventLog
from kurrent_conn.testing.log.read_request import END, ReadRequest
from kurrent_conn.testing.log.record import Record


class Checkpoint:
    """How far a filtered subscription is, when nothing was worth sending.

    Args:
        position: The position of the event that was looked at last.
    """

    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position


class SubscriptionCursor:
    """Where one subscription stands.

    Args:
        request: A request without a count.
        log: The log.
    """

    def __init__(self, request: ReadRequest, log: EventLog) -> None:
        self._request = request
        self._log = log
        self._since_checkpoint = 0
        self._next = self._first()

    def take(self) -> Iterator[Record | Checkpoint]:
        """Give everything new, one by one; stops at the end of the log."""
        if self._request.stream is None:
            yield from self._take_all()
        else:
            yield from self._take_stream(self._request.stream)

    def _first(self) -> int:
        stream, start = self._request.stream, self._request.start
        if stream is not None:
            if start == END:
                return self._log.stream(stream).last_revision + 1
            return 0 if start is None else start + 1
        if start == END:
            return len(self._log.records)
        return 0 if start is None else self._log.index_of(start + 1)

    def _take_stream(self, stream: str) -> Iterator[Record]:
        while True:
            history = self._log.stream(stream)
            self._next = max(self._next, history.first_readable)
            if self._next >= len(history.records):
                # first_readable of a deleted stream lies beyond every revision.
                self._next = min(self._next, len(history.records))
                return
            record = history.records[self._next]
            self._next += 1
            yield record

    def _take_all(self) -> Iterator[Record | Checkpoint]:
        wanted = self._request.filter
        every = self._request.checkpoint_every
        while self._next < len(self._log.records):
            record = self._log.records[self._next]
            self._next += 1
            if wanted is None or wanted.matches(record):
                yield record
            self._since_checkpoint += 1
            if every and self._since_checkpoint >= every:
                self._since_checkpoint = 0
                yield Checkpoint(record.position)
