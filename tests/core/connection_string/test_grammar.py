"""Cutting: nothing of the text is lost, and every position is right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.connection_string.finding import Remarks
from kurrent_conn.core.connection_string.grammar import cut, pairs

TEXT = st.text("ab:@/?#&=,% ")


@given(TEXT.map("x://".__add__))
def test_every_part_stands_where_it_says(text: str) -> None:
    """The text at a part's position is the part."""
    parts = cut(text, Remarks())
    assert parts is not None
    found = [parts.hosts, parts.path, parts.query, parts.fragment]
    for part in [*found, *([parts.userinfo] if parts.userinfo else [])]:
        assert text[part.position :].startswith(part.text)


@given(TEXT)
def test_pairs_stand_where_they_say(query: str) -> None:
    """Every pair's key stands at its position, and no pair is empty."""
    parts = cut(f"x://h?{query}", Remarks())
    assert parts is not None
    for key, value, position in pairs(parts.query):
        assert f"x://h?{query}"[position:].startswith(key)
        assert key or value is not None


def test_userinfo_ends_at_the_last_at_of_the_authority() -> None:
    """An `@` after `/`, `?` or `#` is not the authority's."""
    parts = cut("x://a@b@c/@?@#@", Remarks())
    assert parts is not None
    assert parts.userinfo is not None
    assert (parts.userinfo.text, parts.hosts.text) == ("a@b", "c")
    assert (parts.path.text, parts.query.text, parts.fragment.text) == ("/@", "@", "#@")
