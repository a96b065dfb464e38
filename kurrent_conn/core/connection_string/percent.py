"""Percent-encoding: `%41` is `A`, and `+` stays `+`.

Form-decoding, where `+` is a blank, is what Java, Go, Rust and Python do in one place
or another; a password that changes with the reader is worse than one that is refused.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from kurrent_conn.core.connection_string.value import Unreadable

_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def decode(text: str) -> str:
    """Undo percent-encoding, as UTF-8.

    Args:
        text: Any text without lone surrogates.

    Raises:
        Unreadable: A `%` is not followed by two hexadecimal digits, or the bytes are
            no UTF-8; `offset` is where in the text.
    """
    if "%" not in text:
        return text
    broken = _BROKEN_ESCAPE.search(text)
    if broken:
        raise Unreadable(
            "a '%' is not followed by two hexadecimal digits",
            hint="write a literal '%' as %25",
            offset=broken.start(),
        )
    decoded = unquote_to_bytes(text).decode(errors="replace")
    if "\N{REPLACEMENT CHARACTER}" in decoded and not _is_utf8(text):
        raise Unreadable(
            "its percent-encoded bytes are no UTF-8",
            hint="encode each character as its UTF-8 bytes",
        )
    return decoded


def encode(text: str, keep: str = "") -> str:
    """Percent-encode everything but ASCII letters, digits, `-._~` and `keep`.

    Args:
        text: Any text without lone surrogates.
        keep: Further ASCII characters to leave as they are; never `%`.
    """
    return quote(text, safe=keep)


def _is_utf8(text: str) -> bool:
    # Asked apart so that no exception that carries the bytes - they may be a
    # password - ends up in the context of ours.
    try:
        unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return False
    return True
