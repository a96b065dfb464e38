"""The account sees what a client got wrong."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from benchmarks.account import Calls
from benchmarks.call_record import NOT_EXECUTED, OK, UNKNOWN, CallRecord
from benchmarks.exactly_once import Account

EVENT = uuid4()


def account_of(result: str, found: list[UUID], *, ended_ns: int | None = 2) -> Account:
    """Account for one append, and for what its stream has."""
    account = Account()
    account.add(Calls([CallRecord(str(EVENT), 1, ended_ns, result)]), found)
    return account


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (OK, [EVENT]),
        (NOT_EXECUTED, []),
        (UNKNOWN, []),
        (UNKNOWN, [EVENT]),
    ],
)
def test_what_was_said_is_so(result: str, found: list[UUID]) -> None:
    """Nothing is held against a client that told the truth."""
    assert account_of(result, found).is_balanced


@pytest.mark.parametrize(
    ("result", "found", "blamed"),
    [
        (OK, [], "lost"),
        (OK, [EVENT, EVENT], "duplicated"),
        (UNKNOWN, [EVENT, EVENT], "duplicated"),
        (NOT_EXECUTED, [EVENT], "executed_all_the_same"),
        (OK, [EVENT, uuid4()], "strangers"),
    ],
)
def test_a_lie_is_seen(result: str, found: list[UUID], blamed: str) -> None:
    """Each kind of lie has its own count."""
    account = account_of(result, found)
    assert not account.is_balanced
    assert getattr(account, blamed) == 1


def test_a_call_that_never_ends_is_seen() -> None:
    """It hangs, whatever became of its event."""
    assert account_of("hangs", [EVENT], ended_ns=None).hanging == 1
