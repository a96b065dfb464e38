r"""A Corefile as tokens, cut exactly where CoreDNS cuts them.

Source: coredns/caddy 1.1.4, `caddyfile/lexer.go`. What surprises: a quote counts only
at the start of a token; `\"` is the only escape; `#` starts a comment even inside a
token, and such a comment ends at the next blank, not at the end of the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kurrent_conn.errors import InvalidOverride

# Go's unicode.IsSpace, but for "\r": that is a blank which does not end a token.
_BLANK: Final = "\t\n\v\f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PART: Final = re.compile(
    rf"[{_BLANK}\r]+"
    r"|#[^\n]*"
    r'|"(?P<quoted>(?:\\[\s\S]|[^"\\])*)(?:(?P<closed>")|\\?\Z)'
    rf"|(?P<word>[^{_BLANK}#]+)(?:#[^{_BLANK}]*)?"
)
_ESCAPE: Final = re.compile(r"\\[\s\S]")
_ENVIRONMENT: Final = re.compile(r"\{\$[^}]+\}|\{%(?:(?!%\}).)+%\}", re.DOTALL)
_NEEDS_QUOTES: Final = re.compile(rf"[{_BLANK}\r#]|^\"|^$")


class Token(NamedTuple):
    """A word of a Corefile, and where it stands.

    Args:
        text: The word, without quotes.
        line: The line that it starts on, counted from 1.
        first: Whether it is the first of its line. Only this decides where a
            directive ends: the lines of a snippet are replayed elsewhere.
    """

    text: str
    line: int
    first: bool


def tokens_of(text: str) -> Iterator[Token]:
    """Cut a Corefile into tokens.

    Args:
        text: The Corefile.
    """
    line, last = 1, 0
    for part in _PART.finditer(text):
        word, quoted = part["word"], part["quoted"]
        if word is not None:
            word = word.replace("\r", "")
        elif quoted is not None and (quoted or part["closed"]):
            word = _ESCAPE.sub(_unescaped, quoted)
        if word is not None:
            yield Token(word, line, line != last)
            last = line + word.count("\n")
        line += part[0].count("\n")


def environment_reference(text: str) -> str | None:
    """Give the first `{$NAME}` or `{%NAME%}` in a token, which CoreDNS would replace.

    Args:
        text: The token.
    """
    found = _ENVIRONMENT.search(text)
    return found[0] if found else None


def written(text: str) -> str:
    """Write a token so that it is read back as the same text.

    Args:
        text: The token.

    Raises:
        InvalidOverride: A Corefile has no way to write it.
    """
    if text in {"{", "}"} or environment_reference(text):
        raise InvalidOverride(f"a Corefile does not take {text!r} as it is")
    if not _NEEDS_QUOTES.search(text):
        return text
    quoted = '"' + text.replace('"', '\\"') + '"'
    if "\n" in text or [token.text for token in tokens_of(quoted)] != [text]:
        raise InvalidOverride(f"a Corefile has no way to quote {text!r}")
    return quoted


def _unescaped(found: re.Match[str]) -> str:
    return '"' if found[0] == '\\"' else found[0]
