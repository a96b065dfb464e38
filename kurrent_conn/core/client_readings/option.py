"""What the models share: options by key, each with this client's reader.

A client's table maps its comparison form of a key to the option and a reader; a reader
raises `Refusal` where the client raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from kurrent_conn.core.client_readings.client import (
    FileCheck,
    OptionValue,
    Refusal,
)

PREFERENCES: Final = frozenset({"leader", "follower", "random", "readonlyreplica"})
"""Source: all six clients, `nodePreference` (Node also takes blanks, `-` and `_`)."""

_MS_PER_S: Final = 1_000

Reader: TypeAlias = Callable[[str], OptionValue]


@dataclass(frozen=True, slots=True)
class Known:
    """An option that a client knows.

    Args:
        name: Our name of it.
        default: What the client uses when it is absent.
        read: Reads its value.
    """

    name: str
    default: OptionValue
    read: Reader

    def take(self, value: str) -> OptionValue:
        """Read a value; what the client raises then names the option.

        Args:
            value: The value as this client decoded it.
        """
        try:
            return self.read(value)
        except Refusal as refusal:
            reason = f"{self.name}: {refusal.reason}"
        raise Refusal(reason)


Table: TypeAlias = Mapping[str, Known]


def table(*options: Known) -> Table:
    """Index options by their lower-case name.

    Args:
        options: What the client knows.
    """
    return {option.name.lower(): option for option in options}


def defaults(known: Table) -> dict[str, OptionValue]:
    """Give the value of every known option when the text has none.

    Args:
        known: What the client knows.
    """
    return {option.name: option.default for option in known.values()}


def flag(text: str) -> bool:
    """Read `true` or `false` in any case.

    Args:
        text: The value.
    """
    return exact_flag(text.lower())


def exact_flag(text: str) -> bool:
    """Read `true` or `false` in lower case.

    Args:
        text: The value.
    """
    if text not in {"true", "false"}:
        raise Refusal("neither true nor false as it spells them")
    return text == "true"


def preference(text: str) -> str:
    """Read a node preference in any case.

    Args:
        text: The value.
    """
    if text.lower() not in PREFERENCES:
        raise Refusal("no node preference that it knows")
    return text.lower()


def text(value: str) -> str:
    """Take a text as it is.

    Args:
        value: The value.
    """
    return value


def milliseconds(
    read: Callable[[str], int], least: int | None = None
) -> Callable[[str], float]:
    """Make a reader of milliseconds.

    Args:
        read: The language's numbers.
        least: Below it the client raises; None: it never does.
    """

    def read_s(value: str) -> float:
        number = read(value)
        if least is not None and number < least:
            raise Refusal("too short a duration")
        return number / _MS_PER_S

    return read_s


def seconds(read: Callable[[str], int]) -> Callable[[str], float]:
    """Make a reader of seconds.

    Args:
        read: The language's numbers.
    """
    return lambda value: float(read(value))


def or_off(read: Callable[[str], int], least: int = 0) -> Reader:
    """Make a reader of milliseconds where -1 means off.

    Args:
        read: The language's numbers.
        least: Below it, but for -1, the client raises.
    """

    def read_s(value: str) -> float | None:
        number = read(value)
        if number == -1:
            return None
        if number < least:
            raise Refusal("too short a duration")
        return number / _MS_PER_S

    return read_s


def require_both(values: Mapping[str, OptionValue]) -> None:
    """Refuse a certificate without its key, and the reverse.

    Args:
        values: What was read; an empty path counts as none.
    """
    if bool(values.get("userCertFile")) != bool(values.get("userKeyFile")):
        raise Refusal("userCertFile and userKeyFile come together or not at all")


def require_files(
    values: Mapping[str, OptionValue], names: tuple[str, ...], exists: FileCheck
) -> None:
    """Refuse a file that is missing where the client parses.

    Args:
        values: What was read.
        names: The options whose files the client opens while parsing.
        exists: Whether a file is there.
    """
    for name in names:
        path = values.get(name)
        if isinstance(path, str) and not exists(path):
            raise Refusal(f"{name} is opened while parsing, and there is no such file")
