"""Who acknowledged what: the account of a writer, to be compared with the stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account says of a stream that was read back.

    Args:
        appended: Events whose append was acknowledged.
        read_back: Events found in the stream, each counted once.
        lost: Acknowledged events that are not there.
        duplicated: Events that are there more than once.
        unknown: Appends whose outcome was unknown at first, whatever came of them.
        errors: Errors that reached the writer although nothing was unknown.
    """

    appended: int
    read_back: int
    lost: int
    duplicated: int
    unknown: int
    errors: int


@dataclass(slots=True)
class Ledger:
    """The writer's own record; used by one thread at a time."""

    acknowledged: list[UUID] = field(default_factory=list)
    unknown: int = 0
    errors: int = 0

    def balance(self, found: Iterable[UUID]) -> Balance:
        """Compare the account with what the stream holds.

        Args:
            found: The event ids of the stream, one entry an event.
        """
        times = Counter(found)
        return Balance(
            appended=len(self.acknowledged),
            read_back=len(times),
            lost=sum(1 for event_id in self.acknowledged if not times[event_id]),
            duplicated=sum(1 for count in times.values() if count > 1),
            unknown=self.unknown,
            errors=self.errors,
        )
