"""How each language reads a whole number from text."""

from __future__ import annotations

import re
from typing import Final

from kurrent_conn.core.client_readings.client import Refusal

INT32_MAX: Final = 2**31 - 1
INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1
INT16_MAX: Final = 2**15 - 1
UINT16_MAX: Final = 2**16 - 1

_MAX_DIGITS: Final = 30
"""More digits than any of these types holds; `int` of very many is not linear."""

_SIGNED: Final = re.compile(r"[+-]?[0-9]+")
_SIGNED_ANY_DIGIT: Final = re.compile(r"[+-]?\d+")
_UNSIGNED: Final = re.compile(r"\+?[0-9]+")
_JAVASCRIPT: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]*)|([0-9]+))")
_BLANKS_OF_DOTNET: Final = "\t\n\v\f\r "


def _bounded(pattern: re.Pattern[str], text: str, low: int, high: int) -> int:
    significant = text.lstrip("+-").lstrip("0")
    if not pattern.fullmatch(text) or len(significant) > _MAX_DIGITS:
        raise Refusal("no number (it takes no unit), or out of range")
    number = int(significant or "0")
    if text.startswith("-"):
        number = -number
    if not low <= number <= high:
        raise Refusal("out of range")
    return number


def dotnet(text: str) -> int:
    """Read as `int.TryParse` does: blanks around and a sign are fine.

    Args:
        text: The value, not decoded.
    """
    stripped = text.strip(_BLANKS_OF_DOTNET)
    return _bounded(_SIGNED, stripped, -INT32_MAX - 1, INT32_MAX)


def java(text: str, largest: int = INT32_MAX) -> int:
    """Read as `Integer.parseInt`, `Long.parseLong` or `Short.parseShort` do.

    Args:
        text: The value, not decoded.
        largest: The largest value of the type.
    """
    return _bounded(_SIGNED_ANY_DIGIT, text, -largest - 1, largest)


def go(text: str) -> int:
    """Read as `strconv.Atoi` does on 64 bits.

    Args:
        text: The decoded value.
    """
    return _bounded(_SIGNED, text, -INT64_MAX - 1, INT64_MAX)


def rust_unsigned(text: str, largest: int = UINT64_MAX) -> int:
    """Read as `str::parse` of an unsigned type does.

    Args:
        text: The decoded value.
        largest: The largest value of the type.
    """
    return _bounded(_UNSIGNED, text, 0, largest)


def rust_signed(text: str) -> int:
    """Read as `str::parse::<i64>` does.

    Args:
        text: The decoded value.
    """
    return _bounded(_SIGNED, text, -INT64_MAX - 1, INT64_MAX)


def node(text: str) -> int:
    """Read as `parseInt` does: what follows the digits is dropped.

    Args:
        text: The value.
    """
    found = _JAVASCRIPT.match(text.strip())
    if found is None:
        raise Refusal("does not start with a number")
    sign, hexadecimal, decimal = found.groups()
    digits, base = (decimal, 10) if hexadecimal is None else (hexadecimal, 16)
    if not digits:
        raise Refusal("does not start with a number")
    size = int(digits.lstrip("0")[:_MAX_DIGITS] or "0", base)
    return -size if sign == "-" else size


def python(text: str) -> int:
    """Read as `int` does: blanks, a sign and underscores are fine.

    Args:
        text: The decoded value.
    """
    number = _int_or_none(text)
    if number is None:
        raise Refusal("no number (it takes no unit)")
    return number


def _int_or_none(text: str) -> int | None:
    # Its message quotes the text: it must not become the context of our error.
    try:
        return int(text)
    except ValueError:
        return None
