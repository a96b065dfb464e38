"""Kinds of value: how one is read from text, taken from Python, and written.

A kind knows spelling only; which option is of which kind says `option`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from kurrent_conn.core.cluster import NodePreference

T = TypeVar("T")

MAX_COUNT: Final = 2**31 - 1
"""The largest count.

Source: .NET `KurrentDBClientSettings.ConnectionString.cs` and Java
`ConnectionSettingsBuilder.java` keep counts in 32 bits.
"""

MAX_DIGITS: Final = 16
"""Longer numbers are refused unread: `int` of very many digits is not linear."""

FOREVER: Final = "-1"
"""How the connection string spells "no limit" and "off"."""


class Unreadable(Exception):
    """A value that its kind refuses; the reason never quotes the value.

    Args:
        reason: What is wrong.
        hint: What to write instead.
        offset: Where in the value, in characters.
    """

    def __init__(self, reason: str, hint: str = "", offset: int = 0) -> None:
        super().__init__(reason, hint, offset)
        self.reason = reason
        self.hint = hint
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of value.

    Args:
        expects: What a value must be, for messages and help.
        read: Makes a value of the decoded text; raises `Unreadable`.
        take: Makes a value of what Python code passed; raises `Unreadable`.
        write: Makes the text, not yet percent-encoded, that `read` reads back.
    """

    expects: str
    read: Callable[[str], T]
    take: Callable[[object], T]
    write: Callable[[T], str]


def _read_flag(text: str) -> bool:
    folded = text.lower()
    if folded not in {"true", "false"}:
        raise Unreadable("is neither true nor false", hint="write true or false")
    return folded == "true"


def _take_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unreadable(f"must be True or False, not {_article(value)}")
    return value


FLAG: Final = Kind("true or false", _read_flag, _take_flag, lambda on: str(on).lower())


def _take_text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f"must be text, not {_article(value)}")
    if not value:
        raise Unreadable("is empty", hint="use None for none")
    return whole_text(value)


def whole_text(value: str) -> str:
    """Refuse text that UTF-8 cannot carry.

    Args:
        value: Any text.

    Raises:
        Unreadable: It holds a lone surrogate.
    """
    if value.isascii():
        return value
    position = surrogate_position(value)
    if position is not None:
        raise Unreadable(
            "holds half of a surrogate pair, which is no Unicode text", offset=position
        )
    return value


def surrogate_position(text: str) -> int | None:
    """Find the first lone surrogate, or None.

    Args:
        text: Any text.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


TEXT: Final[Kind[str | None]] = Kind("text", str, _take_text, str)


def _read_path(text: str) -> str | None:
    if "\0" in text:
        raise Unreadable("holds a NUL, which no path can", offset=text.index("\0"))
    return text


def _take_path(value: object) -> str | None:
    text = _take_text(value)
    return None if text is None else _read_path(text)


PATH: Final[Kind[str | None]] = Kind("a path", _read_path, _take_path, str)


def _read_count(text: str) -> int:
    if text == FOREVER:
        return -1
    return _take_count(digits(text))


def _take_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"must be a whole number, not {_article(value)}")
    if value != -1 and not 1 <= value <= MAX_COUNT:
        raise Unreadable(
            f"is not between 1 and {MAX_COUNT}", hint="-1 means without a limit"
        )
    return value


COUNT: Final = Kind("a number from 1, or -1: for ever", _read_count, _take_count, str)


def digits(text: str) -> int:
    """Read an unsigned decimal number.

    Args:
        text: ASCII digits, leading zeros allowed.

    Raises:
        Unreadable: Anything else, or more than `MAX_DIGITS` digits that count.
    """
    if not (text.isascii() and text.isdigit()):
        raise Unreadable("is no number", hint="write digits only")
    significant = text.lstrip("0") or "0"
    if len(significant) > MAX_DIGITS:
        raise Unreadable("is too large a number")
    return int(significant)


def _read_preference(text: str) -> NodePreference:
    try:
        return NodePreference(text.lower().replace("_", ""))
    except ValueError:
        pass
    names = ", ".join(NodePreference)
    raise Unreadable("is no node preference", hint=f"write one of {names}")


def _take_preference(value: object) -> NodePreference:
    if not isinstance(value, str):
        raise Unreadable(f"must be a NodePreference, not {_article(value)}")
    return _read_preference(value)


PREFERENCE: Final = Kind(
    ", ".join(NodePreference),
    _read_preference,
    _take_preference,
    lambda preference: preference.value,
)


def _article(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
