"""A Corefile is cut where CoreDNS cuts it."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.corefile_tokens import tokens_of, written
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b\n\tc", ["a", "b", "c"]),
        ('"a b" c', ["a b", "c"]),
        ('"a""b"c', ["a", "b", "c"]),
        ('a"b c"', ['a"b', 'c"']),
        (r'"a\"b\.c\\"', [r'a"b\.c\\']),
        ('""', [""]),
        ('"', []),
        ('"open', ["open"]),
        ('"open\\', ["open"]),
        ("a # b c\nd", ["a", "d"]),
        ("a#b c\nd", ["a", "c", "d"]),
        ('"#a" b', ["#a", "b"]),
        ("a\r\nb\rc", ["a", "bc"]),
        ("a\xa0b\u2003c", ["a", "b", "c"]),
        ("{a} {1}", ["{a}", "{1}"]),
    ],
)
def test_tokens(text: str, words: list[str]) -> None:
    """Blanks, quotes, escapes and comments, as the lexer of CoreDNS has them."""
    assert [token.text for token in tokens_of(text)] == words


def test_lines_are_counted_and_their_first_token_is_known() -> None:
    """Quoted text may span lines: what follows on its last line is the same line."""
    tokens = list(tokens_of('a b\n"c\nd" e\n\nf'))
    assert [token.line for token in tokens] == [1, 1, 2, 3, 5]
    assert [token.first for token in tokens] == [True, False, True, False, True]


@pytest.mark.parametrize("text", ["a", "", "a b", "a#b", '"a', 'a "b"', r"a\.b #"])
def test_what_is_written_is_read_back(text: str) -> None:
    """Quotes are put where they are needed."""
    assert [token.text for token in tokens_of(written(text))] == [text]


@pytest.mark.parametrize(
    "text", ["{", "}", "{$HOME}.x", "{%HOME%}", "a b\\", 'a \\"b', "a\nb"]
)
def test_what_a_corefile_cannot_hold_is_refused(text: str) -> None:
    """Braces, references to the environment, and what no quoting can carry."""
    with pytest.raises(InvalidOverride, match="a Corefile"):
        written(text)
