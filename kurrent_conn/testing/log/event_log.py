"""The one log of a cluster, in memory: what a command does to it, and what follows.

`decide` is the leader's part and changes nothing; `apply` is everybody's part. A
replica that applies the same records in the same order is the same log.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, assert_never
from uuid import UUID

from kurrent_conn.testing.log.append_rule import (
    Conflict,
    Fresh,
    Gone,
    Repeat,
    judge,
)
from kurrent_conn.testing.log.record import (
    ANY,
    BYTES,
    JSON,
    METADATA_TYPE,
    METASTREAM_PREFIX,
    NO_STREAM,
    STREAM_EXISTS,
    TOMBSTONE_REVISION,
    TOMBSTONE_TYPE,
    Proposal,
    Record,
    is_tombstone,
)
from kurrent_conn.testing.log.stream_history import StreamHistory

FIRST_POSITION: Final = 4096
"""Never 0: a real log starts with records of its own, and 0 reads as "no position"."""

_OVERHEAD_BYTES: Final = 96


@dataclass(frozen=True, slots=True)
class Append:
    """Append events to a stream.

    Args:
        stream: The stream's name.
        expected: A revision, or one of the expectations of `record`.
        events: Zero or more events; all of them or none are taken.
    """

    stream: str
    expected: int
    events: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a stream: hide its events, or with `hard` close it for ever.

    Args:
        stream: The stream's name.
        expected: As for `Append`.
        hard: Whether to leave a tombstone.
        event_id: The id of the record that this leaves.
    """

    stream: str
    expected: int
    hard: bool
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Session:
    """Append to several streams, all or none.

    Args:
        appends: One a stream.
        checks: Streams and the last revisions that they must have, or expectations
            of `record`; those that are written may be among them.
    """

    appends: tuple[Append, ...]
    checks: tuple[tuple[str, int], ...] = ()


Command = Append | Delete | Session


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command holds.

    Args:
        records: What is new in the log; empty for a repeat.
        first: The first revision of the append.
        last: Its last revision; one below `first` when it had no events.
        position: The position of its last record.
    """

    records: tuple[Record, ...]
    first: int
    last: int
    position: int


@dataclass(frozen=True, slots=True)
class SessionAccepted:
    """The session holds.

    Args:
        parts: What became of each append, in order.
    """

    parts: tuple[Accepted, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """What is new in the log."""
        return tuple(record for part in self.parts for record in part.records)


@dataclass(frozen=True, slots=True)
class SessionRejected:
    """One append of the session does not hold, so none does.

    Args:
        append: Which.
        reason: Why.
    """

    append: Append
    reason: Conflict | Gone


@dataclass(frozen=True, slots=True)
class ChecksFailed:
    """Streams are not where the writer wants them.

    Args:
        violations: Number of the check, stream, expected and actual revision.
    """

    violations: tuple[tuple[int, str, int, int], ...]


AppendDecision = Accepted | Conflict | Gone
Decision = AppendDecision | SessionAccepted | SessionRejected | ChecksFailed


def records_of(decision: object) -> tuple[Record, ...]:
    """Give what a decision adds to the log.

    Args:
        decision: Any; most add nothing.
    """
    if isinstance(decision, Accepted | SessionAccepted):
        return decision.records
    return ()


_EMPTY: Final = StreamHistory()


class EventLog:
    """Records in order, by position and by stream.

    Single-threaded: whoever owns it calls it from one thread or one event loop.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.listeners: set[Callable[[], None]] = set()
        self._positions: list[int] = []
        self._streams: dict[str, StreamHistory] = {}
        self._end = FIRST_POSITION

    @property
    def last_position(self) -> int:
        """The position of the newest record; 0 when there is none."""
        return self._positions[-1] if self._positions else 0

    def stream(self, name: str) -> StreamHistory:
        """Look at a stream; an empty history when nothing was ever written to it.

        Args:
            name: The stream's name.
        """
        return self._streams.get(name, _EMPTY)

    def index_of(self, position: int) -> int:
        """Find the index of the first record at or behind a position.

        Args:
            position: A position in the log.
        """
        return bisect.bisect_left(self._positions, position)

    def decide(self, command: Command, now_ticks: int) -> Decision:
        """Work out what a command would do, changing nothing.

        Args:
            command: What a writer asks for.
            now_ticks: The time, in 100 ns since the Unix epoch.
        """
        match command:
            case Append():
                return self._decide_append(command, now_ticks, self._end)
            case Delete():
                return self._decide_delete(command, now_ticks)
            case Session():
                return self._decide_session(command, now_ticks)

    def apply(self, records: Iterable[Record]) -> None:
        """Take records that were decided, and wake the listeners.

        Args:
            records: In order of position.
        """
        for record in records:
            self._apply(record)
        for listener in tuple(self.listeners):
            listener()

    def _apply(self, record: Record) -> None:
        self.records.append(record)
        self._positions.append(record.position)
        self._end = record.position + _size(record)
        name = record.stream
        self._streams.setdefault(name, StreamHistory()).add(record)
        if name.startswith(METASTREAM_PREFIX) and record.type == METADATA_TYPE:
            original = name.removeprefix(METASTREAM_PREFIX)
            governed = self._streams.setdefault(original, StreamHistory())
            governed.govern(record.data)
        elif is_tombstone(record):
            # Source: server, `IndexReader.cs` (GetStreamLastEventNumberCached): with
            # its stream a metadata stream is gone too.
            metadata = self._streams.setdefault(
                METASTREAM_PREFIX + name, StreamHistory()
            )
            metadata.is_tombstoned = True

    def _decide_append(
        self, command: Append, now_ticks: int, position: int
    ) -> AppendDecision:
        history = self.stream(command.stream)
        judgement = judge(history, command.expected, [e.id for e in command.events])
        match judgement:
            case Fresh():
                return self._accept(command, now_ticks, position)
            case Repeat(first, last):
                return Accepted((), first, last, history.records[last].position)
            case Conflict() | Gone():
                return judgement
            case _:
                assert_never(judgement)

    def _accept(self, command: Append, now_ticks: int, position: int) -> Accepted:
        first = self.stream(command.stream).last_revision + 1
        records: list[Record] = []
        for revision, event in enumerate(command.events, first):
            record = _record(event, command.stream, revision, position, now_ticks)
            records.append(record)
            position += _size(record)
        where = records[-1].position if records else self.last_position
        return Accepted(tuple(records), first, first + len(records) - 1, where)

    def _decide_session(self, command: Session, now_ticks: int) -> Decision:
        failed = tuple(self._violations(command.checks))
        if failed:
            return ChecksFailed(failed)
        parts: list[Accepted] = []
        position = self._end
        for append in command.appends:
            decision = self._decide_append(append, now_ticks, position)
            if not isinstance(decision, Accepted):
                return SessionRejected(append, decision)
            position += sum(map(_size, decision.records))
            parts.append(decision)
        return SessionAccepted(tuple(parts))

    def _violations(
        self, checks: Iterable[tuple[str, int]]
    ) -> Iterable[tuple[int, str, int, int]]:
        for number, (name, expected) in enumerate(checks):
            history = self.stream(name)
            actual = history.last_revision if history.exists else NO_STREAM
            holds = expected == ANY or (
                history.exists if expected == STREAM_EXISTS else expected == actual
            )
            if not holds:
                yield number, name, expected, actual

    def _decide_delete(self, command: Delete, now_ticks: int) -> AppendDecision:
        history = self.stream(command.stream)
        judgement = judge(history, command.expected, ())
        if not command.hard and not (history.records or history.has_metadata):
            # Source: server, `StorageWriterService.cs` (WriteDelete): there is nothing
            # to delete, whatever is expected; a tombstone needs nothing.
            judgement = Conflict(NO_STREAM)
        if not isinstance(judgement, Fresh):
            if isinstance(judgement, Repeat):
                return Conflict(judgement.last)
            return judgement
        target = command.stream if command.hard else METASTREAM_PREFIX + command.stream
        revision = (
            TOMBSTONE_REVISION
            if command.hard
            else self.stream(target).last_revision + 1
        )
        event = Proposal(
            command.event_id,
            TOMBSTONE_TYPE if command.hard else METADATA_TYPE,
            JSON,
            b"",
            b"" if command.hard else b'{"$tb":%d}' % TOMBSTONE_REVISION,
        )
        record = _record(event, target, revision, self._end, now_ticks)
        return Accepted((record,), revision, revision, record.position)


def backwards(records: Sequence[Record]) -> Iterable[Record]:
    """Give records newest first, without copying them.

    Args:
        records: Oldest first.
    """
    return (records[index] for index in range(len(records) - 1, -1, -1))


def _record(
    event: Proposal, stream: str, revision: int, position: int, now_ticks: int
) -> Record:
    return Record(
        id=event.id,
        stream=stream,
        revision=revision,
        position=position,
        created_ticks=now_ticks,
        type=event.type,
        content_type=JSON if event.content_type == JSON else BYTES,
        custom_metadata=event.custom_metadata,
        data=event.data,
    )


def _size(record: Record) -> int:
    return (
        _OVERHEAD_BYTES
        + len(record.stream)
        + len(record.type)
        + len(record.custom_metadata)
        + len(record.data)
    )
