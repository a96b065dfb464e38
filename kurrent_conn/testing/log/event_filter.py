"""Which events of $all a reader wants, by stream name or event type.

The server's regular expressions are .NET's; Python's `re` stands in for them, which
differs in corners that filters do not visit (balancing groups, Unicode classes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from kurrent_conn.testing.log.record import Record


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A regular expression or prefixes, on one field of an event.

    Args:
        field: What is looked at.
        regex: Searched anywhere in the field; None when prefixes decide.
        prefixes: The field starts with one of them.
    """

    field: Literal["stream", "type"]
    regex: re.Pattern[str] | None = None
    prefixes: tuple[str, ...] = ()

    def matches(self, record: Record) -> bool:
        """Whether a reader with this filter gets the event.

        Args:
            record: The event.
        """
        text = record.stream if self.field == "stream" else record.type
        if self.regex is not None:
            return self.regex.search(text) is not None
        return text.startswith(self.prefixes)

    def to_json(self) -> dict[str, object]:
        """Write it as JSON values."""
        regex = None if self.regex is None else self.regex.pattern
        return {"field": self.field, "regex": regex, "prefixes": list(self.prefixes)}

    @classmethod
    def from_json(cls, entry: Any) -> EventFilter | None:
        """Read what `to_json` wrote.

        Args:
            entry: JSON values; None is no filter.
        """
        if entry is None:
            return None
        regex = entry["regex"]
        return cls(
            entry["field"],
            None if regex is None else re.compile(regex),
            tuple(entry["prefixes"]),
        )
