"""How problems and warnings are collected while a string is read.

What is quoted in them is decided here: nothing that could be part of a password.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kurrent_conn.core.connection_string.value import Unreadable
from kurrent_conn.errors import Problem

MAX_LISTED: Final = 1_000
"""So many are listed: nobody reads more of a megabyte of nonsense."""


@dataclass(slots=True)
class Remarks:
    """Problems, or warnings, in the order in which they were found.

    Args:
        listed: What was found, up to `MAX_LISTED`.
        full: Whether there was more; who reads the text may then stop.
    """

    listed: list[Problem] = field(default_factory=list)
    full: bool = False

    def add(
        self, option: str, reason: str, position: int | None = None, hint: str = ""
    ) -> None:
        """Keep one remark.

        Args:
            option: What it is about.
            reason: What is wrong; never quotes a value.
            position: Where, in characters from the start of the text.
            hint: What to write instead.
        """
        if len(self.listed) < MAX_LISTED:
            self.listed.append(Problem(option, reason, position, hint))
        else:
            self.full = True

    def add_unreadable(self, option: str, error: Unreadable, position: int) -> None:
        """Keep what a reader said about a value.

        Args:
            option: What it is about.
            error: What the reader said.
            position: Where the value starts.
        """
        self.add(option, error.reason, position + error.offset, error.hint)

    def extend(self, others: Remarks) -> None:
        """Keep the remarks of another collection too.

        Args:
            others: What to take over.
        """
        room = MAX_LISTED - len(self.listed)
        self.listed += others.listed[:room]
        self.full |= others.full or len(others.listed) > room

    def sorted(self) -> tuple[Problem, ...]:
        """Give them in the order of the text, those without a place last."""
        found = sorted(self.listed, key=_place)
        if self.full:
            found.append(Problem("text", "and more like these"))
        return tuple(found)

    def __bool__(self) -> bool:
        return bool(self.listed)


def _place(problem: Problem) -> float:
    return float("inf") if problem.position is None else problem.position
