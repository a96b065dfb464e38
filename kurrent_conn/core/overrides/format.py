"""Which of the three formats a text has.

By content, never by the name of the file: a ConfigMap's keys have any name.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from kurrent_conn.errors import InvalidOverride


class Format(StrEnum):
    """The formats that rules are written in."""

    TOML = "toml"
    COREFILE = "corefile"
    SIDECAR = "sidecar"


_TOML_KEY: Final = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_TOML_START: Final = re.compile(
    rf"\[\[?\s*{_TOML_KEY}|{_TOML_KEY}(?:\s*\.\s*{_TOML_KEY})*\s*="
)
_COREFILE_WORD: Final = re.compile(r"[{}]|^\s*(?:rewrite|hosts)\b", re.MULTILINE)
_JSON_START: Final = re.compile(r"\{\s*[\"}]")


def format_of(text: str, source: str) -> Format:
    """Tell the format by the first thing that is no comment.

    Args:
        text: The text.
        source: Where it came from, for messages.

    Raises:
        InvalidOverride: There are only blanks, or it is none of the three.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InvalidOverride(
            "is empty; for a set without rules write a comment, such as # no rules",
            source,
        )
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if not first or _TOML_START.match(first):
        return Format.TOML
    if _JSON_START.match(text.lstrip()):
        return Format.SIDECAR
    if not _COREFILE_WORD.search(text):
        # Any words are a Corefile that serves zones of those names and has no rules.
        raise InvalidOverride(
            "is neither TOML, nor a Corefile, nor the sidecar's JSON; write "
            "[[override]] tables",
            source,
        )
    return Format.COREFILE
