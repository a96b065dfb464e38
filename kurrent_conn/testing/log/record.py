"""Events before and after the log took them, and what a writer may expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

NO_STREAM: Final = -1
ANY: Final = -2
STREAM_EXISTS: Final = -4
"""Expectations that are no revision. Source: server, `Data/ExpectedVersion.cs`."""

TOMBSTONE_REVISION: Final = 2**63 - 1
"""The revision of the last event of a tombstoned stream.

Source: server, `Data/EventNumber.cs` (DeletedStream).
"""

METASTREAM_PREFIX: Final = "$$"
METADATA_TYPE: Final = "$metadata"
TOMBSTONE_TYPE: Final = "$streamDeleted"
LINK_TYPE: Final = "$>"
JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An event that somebody wants to append.

    Args:
        id: Chosen by the writer; the same id again is the same event.
        type: The event's type.
        content_type: `application/json`; anything else is kept as bytes.
        custom_metadata: The writer's metadata.
        data: The event's data.
    """

    id: UUID
    type: str
    content_type: str
    custom_metadata: bytes
    data: bytes

    @property
    def size_bytes(self) -> int:
        """What counts towards the largest append."""
        return len(self.data) + len(self.custom_metadata) + len(self.type)


@dataclass(frozen=True, slots=True)
class Record:
    """An event in the log.

    Args:
        id: As proposed.
        stream: The stream's name.
        revision: Its number in the stream, from 0.
        position: Its place in the log; commit and prepare position are the same.
        created_ticks: When it was appended, in 100 ns since the Unix epoch.
        type: As proposed.
        content_type: `application/json` or `application/octet-stream`.
        custom_metadata: As proposed.
        data: As proposed.
    """

    id: UUID
    stream: str
    revision: int
    position: int
    created_ticks: int
    type: str
    content_type: str
    custom_metadata: bytes
    data: bytes


def is_tombstone(record: Record) -> bool:
    """Whether a record is the last one of its stream, for ever.

    Args:
        record: Any.
    """
    return record.type == TOMBSTONE_TYPE and record.revision == TOMBSTONE_REVISION
