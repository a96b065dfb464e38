"""Reading plain data with care: every wrong key says where it stands and what fits.

Knows mappings and lists, knows no file format: YAML, TOML and JSON arrive alike.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

from kurrent_conn.errors import ConfigurationError


class InvalidScenario(ConfigurationError):
    """A scenario that cannot be read.

    Args:
        source: The file, or a word for where the text came from.
        key: The place in it, such as `timeline[2].node`; empty for all of it.
        reason: What is wrong there.
        hint: What to write instead; empty when there is no more to say.
    """

    def __init__(self, source: str, key: str, reason: str, hint: str = "") -> None:
        super().__init__(source, key, reason, hint)
        self.source = source
        self.key = key
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        """Write one line: file, key, reason, hint."""
        where = f"{self.source}: {self.key}" if self.key else self.source
        return f"{where}: {self.reason}" + (f"; {self.hint}" if self.hint else "")


class Facts:
    """A mapping whose keys are taken one by one.

    Args:
        source: The file, for errors.
        path: Where in it this mapping stands; empty for the whole.
        value: What stands there.

    Raises:
        InvalidScenario: It is no mapping with text keys.
    """

    def __init__(self, source: str, path: str, value: object) -> None:
        self.source = source
        self.path = path
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            raise self.wrong("", f"a mapping is wanted, not {_kind(value)}")
        self._left: dict[str, Any] = dict(value)
        self._known: list[str] = []

    def wrong(self, key: str, reason: str, hint: str = "") -> InvalidScenario:
        """Make the error for one key.

        Args:
            key: The key; empty for the mapping itself.
            reason: What is wrong.
            hint: What to write instead.
        """
        return InvalidScenario(self.source, self._at(key), reason, hint)

    def has(self, key: str) -> bool:
        """Whether the key is there and not taken yet."""
        return key in self._left

    def take(self, key: str, default: object = None) -> Any:
        """Take a value as it is."""
        self._known.append(key)
        return self._left.pop(key, default)

    def need(self, key: str) -> Any:
        """Take a value that must be there."""
        if key not in self._left:
            raise self.wrong(key, "it is missing")
        return self.take(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there."""
        value = self.need(key) if default is None else self.take(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, f"text is wanted, not {_kind(value)}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Take a finite number of 0 or more; without a default it must be there."""
        value = self.need(key) if default is None else self.take(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value < math.inf:
            raise self.wrong(key, f"a number >= 0 is wanted, not {value!r}")
        return float(value)

    def whole(self, key: str, default: int) -> int:
        """Take a whole number of 0 or more."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, f"a whole number >= 0 is wanted, not {value!r}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Take true or false."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"true or false is wanted, not {value!r}")
        return value

    def word(self, key: str, words: Sequence[str], default: str | None = None) -> str:
        """Take one of some words."""
        value = self.text(key, default)
        if value not in words:
            near = difflib.get_close_matches(value, words, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {_list(words)}"
            raise self.wrong(key, f"{value!r} is not known", hint)
        return value

    def items(self, key: str) -> list[Any]:
        """Take a list; an empty one when it is not there."""
        value = self.take(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, f"a list is wanted, not {_kind(value)}")
        return value

    def table(self, key: str) -> Self:
        """Take a mapping; an empty one when it is not there."""
        value = self.take(key)
        return type(self)(self.source, self._at(key), {} if value is None else value)

    def tables(self, key: str) -> list[Self]:
        """Take a list of mappings."""
        return [
            type(self)(self.source, f"{self._at(key)}[{number}]", value)
            for number, value in enumerate(self.items(key))
        ]

    def rest(self) -> dict[str, Any]:
        """Take all that is left."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        """Refuse whatever was not taken."""
        for key in self._left:
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else _list(self._known)
            raise self.wrong(key, "there is no such key here", hint)

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and key else self.path or key


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"the text {value!r}"
        case _:
            return repr(value)


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
