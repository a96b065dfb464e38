"""May these events be appended here? The server's rule, repeats included.

A repeat of an append is recognised by its event ids and answered as the first time
was; that is what makes an append of unknown outcome safe to repeat. With an exact
expectation the ids must stand right behind it; with ANY the first id must be in the
stream. A batch that is half known and half new is refused.

A deleted stream is missing to everybody but to who expects it to exist: to those it is
gone, as a tombstoned one is to all. A stream that has nothing but metadata exists.

Source: server, `Services/Storage/IndexWriter.cs` (CheckCommit),
`RequestManager/Managers/RequestManagerBase.cs` (ConsistencyChecksFailed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kurrent_conn.testing.log.record import ANY, NO_STREAM, STREAM_EXISTS
from kurrent_conn.testing.log.stream_history import StreamHistory


@dataclass(frozen=True, slots=True)
class Fresh:
    """Append them behind the last revision."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """They are there already.

    Args:
        first: The revision of the first of them.
        last: The revision of the last of them.
    """

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The stream is not where the writer expects it.

    Args:
        actual: The stream's last revision; -1 when there is no stream.
    """

    actual: int


@dataclass(frozen=True, slots=True)
class Gone:
    """The stream is gone: for ever, or deleted though it is expected to exist."""


Judgement = Fresh | Repeat | Conflict | Gone


def judge(history: StreamHistory, expected: int, ids: Sequence[UUID]) -> Judgement:
    """Decide about one append.

    Args:
        history: The stream.
        expected: A revision, or `NO_STREAM`, `ANY`, `STREAM_EXISTS`.
        ids: The ids of the events, in order.
    """
    is_missed = expected == STREAM_EXISTS and history.is_soft_deleted
    if history.is_tombstoned or is_missed:
        return Gone()
    if expected == STREAM_EXISTS and not (history.records or history.has_metadata):
        return Conflict(NO_STREAM)
    if expected in (ANY, STREAM_EXISTS):
        return _judge_loose(history, ids)
    return _judge_exact(history, expected, ids)


def _judge_loose(history: StreamHistory, ids: Sequence[UUID]) -> Judgement:
    known = [history.revision_of(identifier) for identifier in ids]
    if not known or known[0] is None:
        return Fresh()
    revisions = [revision for revision in known if revision is not None]
    if len(revisions) < len(known):
        return Conflict(history.last_revision)
    return Repeat(revisions[0], revisions[-1])


def _judge_exact(
    history: StreamHistory, expected: int, ids: Sequence[UUID]
) -> Judgement:
    last = history.last_revision
    if expected == last:
        return Fresh()
    behind = [record.id for record in history.records[expected + 1 :][: len(ids)]]
    if expected < last and ids and behind == list(ids):
        return Repeat(expected + 1, expected + len(ids))
    begins_again = expected == NO_STREAM and history.is_soft_deleted
    if begins_again and (not ids or behind[0] != ids[0]):
        return Fresh()
    return Conflict(last)
