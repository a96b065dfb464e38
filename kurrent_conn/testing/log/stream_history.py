"""One stream as the log has it: its records, and how much of it can still be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kurrent_conn.testing.log.record import Record, is_tombstone

_SOFT_DELETED: Final = 2**63 - 1
"""`$tb` of a deleted stream. Source: server, `Services/Storage/IndexWriter.cs`."""


class StreamHistory:
    """The records of one stream in order; changes only by `add` and `govern`."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_tombstoned = False
        self.has_metadata = False
        self._revisions: dict[UUID, int] = {}
        self._truncate_before = 0
        self._max_count: int | None = None

    @property
    def last_revision(self) -> int:
        """The revision of the newest event, the tombstone not counted; -1: none."""
        return len(self.records) - 1

    @property
    def is_soft_deleted(self) -> bool:
        """Whether the stream was deleted and not written since."""
        return self._truncate_before == _SOFT_DELETED

    @property
    def exists(self) -> bool:
        """Whether a reader finds the stream."""
        return bool(self.records) and not self.is_soft_deleted

    @property
    def first_readable(self) -> int:
        """The first revision that a reader still gets."""
        by_count = 0 if self._max_count is None else len(self.records) - self._max_count
        return max(0, self._truncate_before, by_count)

    def readable(self) -> Sequence[Record]:
        """Give the records that a reader still gets, oldest first."""
        return self.records[self.first_readable :]

    def revision_of(self, identifier: UUID) -> int | None:
        """Find the revision of an event by its id; None when it is not there.

        Args:
            identifier: The event's id.
        """
        return self._revisions.get(identifier)

    def add(self, record: Record) -> None:
        """Take one more record.

        Args:
            record: The next revision, or the tombstone.
        """
        if is_tombstone(record):
            self.is_tombstoned = True
            return
        if self.is_soft_deleted:
            # Writing revives a deleted stream: its old events stay hidden.
            self._truncate_before = record.revision
        self.records.append(record)
        self._revisions[record.id] = record.revision

    def govern(self, metadata: bytes) -> None:
        """Follow the stream's metadata: `$tb` and `$maxCount`.

        Args:
            metadata: JSON; what is no JSON object rules nothing.
        """
        self.has_metadata = True
        try:
            rules = json.loads(metadata)
        except ValueError:
            return
        if not isinstance(rules, dict):
            return
        self._truncate_before = int(rules.get("$tb") or 0)
        most = rules.get("$maxCount")
        self._max_count = None if most is None else int(most)
