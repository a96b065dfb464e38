"""Percent-encoding, apart from where it is used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.connection_string.percent import decode, encode
from kurrent_conn.core.connection_string.value import Unreadable

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_what_is_encoded_decodes(text: str) -> None:
    """Decoding undoes encoding, for every text."""
    assert decode(encode(text)) == text
    assert encode(text).isascii()


def test_plus_is_no_blank() -> None:
    """Form-decoding does not happen."""
    assert decode("a+b%2Bc%20d") == "a+b+c d"


def test_replacement_character_is_a_character() -> None:
    """An encoded U+FFFD is itself, not a sign of broken bytes."""
    assert decode("%EF%BF%BD") == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "offset"), [("a%", 1), ("%4", 0), ("ab%zz", 2), ("%41%%", 3), ("%ff", 0)]
)
def test_malformed_escape(text: str, offset: int) -> None:
    """What is no escape, or no UTF-8, is refused with its place and without it."""
    with pytest.raises(Unreadable) as caught:
        decode(text)
    assert caught.value.offset == offset
    assert caught.value.__context__ is None
