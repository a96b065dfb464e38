"""`testing.event_log`: a replica that applies the records is the same log."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.testing.log.append_rule import Conflict, Gone
from kurrent_conn.testing.log.event_log import (
    FIRST_POSITION,
    Accepted,
    Append,
    Command,
    Decision,
    Delete,
    EventLog,
)
from kurrent_conn.testing.log.record import (
    ANY,
    JSON,
    METADATA_TYPE,
    NO_STREAM,
    STREAM_EXISTS,
    Proposal,
)

NAMES = ("a", "b", "$$a")


def event(number: int, type_: str = "T", data: bytes = b"{}") -> Proposal:
    """Make an event whose id is a number."""
    return Proposal(UUID(int=number), type_, JSON, b"", data)


def commit(log: EventLog, command: Command) -> Decision:
    """Decide and, where it holds, apply."""
    decision = log.decide(command, now_ticks=7)
    if isinstance(decision, Accepted):
        log.apply(decision.records)
    return decision


commands = st.one_of(
    st.builds(
        Append,
        stream=st.sampled_from(NAMES),
        expected=st.sampled_from((NO_STREAM, ANY, STREAM_EXISTS, 0, 1, 2)),
        events=st.lists(st.builds(event, st.integers(0, 20)), max_size=3).map(tuple),
    ),
    st.builds(
        Delete,
        stream=st.sampled_from(("a", "b")),
        expected=st.sampled_from((ANY, 0, 1)),
        hard=st.booleans(),
        event_id=st.uuids(),
    ),
)


@given(st.lists(commands, max_size=12))
def test_replicas_agree(history: list[Command]) -> None:
    """Whatever is decided, a log fed with the records answers every stream alike."""
    leader, replica = EventLog(), EventLog()
    for command in history:
        decision = commit(leader, command)
        if isinstance(decision, Accepted):
            replica.apply(decision.records)
    assert replica.records == leader.records
    for name in NAMES:
        mine, theirs = leader.stream(name), replica.stream(name)
        assert list(mine.readable()) == list(theirs.readable())
        assert mine.exists == theirs.exists
        assert mine.is_tombstoned == theirs.is_tombstoned


@given(st.lists(commands, max_size=12))
def test_positions_and_revisions_only_grow(history: list[Command]) -> None:
    """Positions strictly grow over the log, revisions by one over each stream."""
    log = EventLog()
    for command in history:
        commit(log, command)
    positions = [record.position for record in log.records]
    assert positions == sorted(set(positions))
    for name in NAMES:
        revisions = [record.revision for record in log.stream(name).records]
        assert revisions == list(range(len(revisions)))


@given(st.lists(commands, max_size=12))
def test_deciding_changes_nothing(history: list[Command]) -> None:
    """A decision is a value: asked twice, the log says the same."""
    log = EventLog()
    for command in history:
        before = list(log.records)
        assert log.decide(command, 7) == log.decide(command, 7)
        assert log.records == before
        commit(log, command)


def test_a_repeat_gives_the_first_answer() -> None:
    """The same ids again are answered with their old revisions and position."""
    log = EventLog()
    first = commit(log, Append("a", NO_STREAM, (event(1), event(2))))
    assert isinstance(first, Accepted)
    commit(log, Append("a", 1, (event(3),)))
    for expected in (NO_STREAM, ANY, STREAM_EXISTS):
        again = commit(log, Append("a", expected, (event(1), event(2))))
        assert again == Accepted((), 0, 1, first.position)
    assert len(log.records) == 3


@pytest.mark.parametrize(
    ("expected", "numbers"),
    [
        (NO_STREAM, (1, 9)),
        (NO_STREAM, (2, 1)),
        (NO_STREAM, (9,)),
        (NO_STREAM, (1, 2, 9)),
        (ANY, (1, 9)),
        (0, (9,)),
        (0, ()),
        (7, (1,)),
    ],
)
def test_what_is_no_repeat_conflicts(expected: int, numbers: tuple[int, ...]) -> None:
    """Half known, other order, other events, a future version: all are refused."""
    log = EventLog()
    commit(log, Append("a", NO_STREAM, (event(1), event(2))))
    command = Append("a", expected, tuple(map(event, numbers)))
    assert log.decide(command, 7) == Conflict(1)


def test_ids_are_known_in_their_own_stream_only() -> None:
    """The same event in another stream is another append."""
    log = EventLog()
    commit(log, Append("a", ANY, (event(1),)))
    other = commit(log, Append("b", ANY, (event(1),)))
    assert isinstance(other, Accepted)
    assert len(other.records) == 1


def test_a_deleted_stream_is_revived_behind_its_past() -> None:
    """Old events stay hidden, numbers go on; to who expects it to exist it is gone."""
    for expected in (NO_STREAM, ANY, 1):
        log = EventLog()
        commit(log, Append("a", NO_STREAM, (event(1), event(2))))
        commit(log, Delete("a", 1, hard=False, event_id=uuid4()))
        assert not log.stream("a").exists
        assert log.decide(Append("a", STREAM_EXISTS, (event(3),)), 7) == Gone()
        wrong = Delete("a", STREAM_EXISTS, hard=False, event_id=uuid4())
        assert log.decide(wrong, 7) == Gone()
        assert log.decide(Append("a", 0, (event(3),)), 7) == Conflict(1)
        commit(log, Append("a", expected, (event(3),)))
        assert [r.revision for r in log.stream("a").readable()] == [2]


def test_a_tombstone_refuses_everything() -> None:
    """Appends and deletes of a tombstoned stream are refused, whatever they expect."""
    log = EventLog()
    commit(log, Append("a", ANY, (event(1),)))
    commit(log, Delete("a", ANY, hard=True, event_id=uuid4()))
    for expected in (ANY, NO_STREAM, 0):
        assert log.decide(Append("a", expected, (event(2),)), 7) == Gone()
        again = Delete("a", expected, hard=False, event_id=uuid4())
        assert log.decide(again, 7) == Gone()


def test_a_deleted_stream_remembers_its_events() -> None:
    """A repeat is a repeat; half of one is refused, other events are taken."""
    log = EventLog()
    first = commit(log, Append("a", NO_STREAM, (event(1), event(2))))
    assert isinstance(first, Accepted)
    commit(log, Delete("a", 1, hard=False, event_id=uuid4()))
    for expected in (NO_STREAM, ANY):
        again = Append("a", expected, (event(1), event(2)))
        assert log.decide(again, 7) == Accepted((), 0, 1, first.position)
        half = Append("a", expected, (event(1), event(9)))
        assert log.decide(half, 7) == Conflict(1)


def test_a_stream_of_nothing_but_metadata_exists() -> None:
    """To a writer; there is nothing to read yet, and something to delete."""
    log = EventLog()
    commit(log, Append("$$a", NO_STREAM, (event(1, METADATA_TYPE, b"{}"),)))
    assert not log.stream("a").exists
    taken = log.decide(Append("a", STREAM_EXISTS, (event(2),)), 7)
    assert isinstance(taken, Accepted)
    assert taken.first == 0
    deleted = log.decide(Delete("a", ANY, hard=False, event_id=uuid4()), 7)
    assert isinstance(deleted, Accepted)


@pytest.mark.parametrize("expected", [ANY, NO_STREAM])
def test_what_never_was_cannot_be_deleted(expected: int) -> None:
    """But it can be closed for ever."""
    log = EventLog()
    soft = Delete("a", expected, hard=False, event_id=uuid4())
    assert log.decide(soft, 7) == Conflict(-1)
    hard = Delete("a", expected, hard=True, event_id=uuid4())
    assert isinstance(log.decide(hard, 7), Accepted)


def test_metadata_is_gone_with_its_stream() -> None:
    """A tombstone closes the metadata stream too, written before or not."""
    for has_metadata in (True, False):
        log = EventLog()
        commit(log, Append("a", ANY, (event(1),)))
        if has_metadata:
            commit(log, Append("$$a", ANY, (event(2, METADATA_TYPE, b"{}"),)))
        commit(log, Delete("a", ANY, hard=True, event_id=uuid4()))
        assert log.stream("$$a").is_tombstoned
        more = Append("$$a", ANY, (event(3, METADATA_TYPE, b"{}"),))
        assert log.decide(more, 7) == Gone()


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ({"$maxCount": 2}, [3, 4]),
        ({"$tb": 1}, [1, 2, 3, 4]),
        ({"$tb": 4, "$maxCount": 3}, [4]),
        ({}, [0, 1, 2, 3, 4]),
        ([], [0, 1, 2, 3, 4]),
    ],
)
def test_metadata_hides_old_events(rules: object, left: list[int]) -> None:
    """`$tb` and `$maxCount` decide together what readers get."""
    log = EventLog()
    commit(log, Append("a", ANY, tuple(map(event, range(5)))))
    governing = event(9, METADATA_TYPE, json.dumps(rules).encode())
    commit(log, Append("$$a", ANY, (governing,)))
    assert [r.revision for r in log.stream("a").readable()] == left


def test_metadata_that_is_no_json_changes_nothing() -> None:
    """Garbage in a metadata stream is garbage, not a rule."""
    log = EventLog()
    commit(log, Append("a", ANY, (event(1),)))
    commit(log, Append("$$a", ANY, (event(9, METADATA_TYPE, b"\xff{"),)))
    assert log.stream("a").exists


def test_an_empty_append_writes_nothing() -> None:
    """No events: accepted, one revision below the next, nothing in the log."""
    log = EventLog()
    assert commit(log, Append("a", ANY, ())) == Accepted((), 0, -1, 0)
    commit(log, Append("a", ANY, (event(1),)))
    assert commit(log, Append("a", 0, ())) == Accepted((), 1, 0, FIRST_POSITION)


def test_listeners_hear_of_every_batch() -> None:
    """A listener is called once a batch, when the records are there."""
    log = EventLog()
    seen: list[int] = []
    log.listeners.add(lambda: seen.append(len(log.records)))
    commit(log, Append("a", ANY, (event(1), event(2))))
    commit(log, Append("a", ANY, (event(3),)))
    assert seen == [2, 3]
