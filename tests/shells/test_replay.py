"""A request stream that can be sent again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kurrent_conn.shells.replay import MAX_BYTES, MAX_MESSAGES, Replay, entry_serializer


def _messages(entries: Iterator[object]) -> list[object]:
    return [entry.message for entry in entries]  # type: ignore[attr-defined]  # an Entry


def test_attempts_read_the_same() -> None:
    """Every attempt reads all requests from the first on."""
    replay = Replay(iter([1, 2, 3]))
    assert _messages(replay.attempt()) == [1, 2, 3]
    assert _messages(replay.attempt()) == [1, 2, 3]
    assert replay.is_whole


def test_no_item_is_lost_to_a_dead_attempt() -> None:
    """What a dead attempt pulled is what the next one reads."""
    replay = Replay(iter([1, 2, 3]))
    first = replay.attempt()
    assert next(first).message == 1
    second = replay.attempt()
    assert next(first, None) is None
    assert _messages(second) == [1, 2, 3]


def test_limit_of_messages() -> None:
    """With more than so many messages nothing is kept, and all arrive."""
    replay = Replay(iter(range(MAX_MESSAGES + 5)))
    assert _messages(replay.attempt()) == list(range(MAX_MESSAGES + 5))
    assert not replay.is_whole
    assert len(replay._kept) <= 1
    assert Replay(iter(range(MAX_MESSAGES))).is_whole


def test_limit_of_bytes() -> None:
    """With more than so many bytes nothing is kept; each message is counted once."""
    serialize = entry_serializer(None)
    replay = Replay(iter([b"x" * MAX_BYTES, b"y"]))
    entries = replay.attempt()
    entry = next(entries)
    for _ in range(3):
        assert len(serialize(entry)) == MAX_BYTES
    assert replay.is_whole
    serialize(next(entries))
    assert not replay.is_whole


def test_failing_iterator_fails_every_attempt() -> None:
    """What the caller's iterator raises, every attempt raises."""

    def broken() -> Iterator[int]:
        yield 1
        raise LookupError

    replay = Replay(broken())
    for _ in range(2):
        entries = replay.attempt()
        assert next(entries).message == 1
        with pytest.raises(LookupError):
            next(entries)
