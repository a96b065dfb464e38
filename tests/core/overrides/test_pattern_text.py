"""Patterns as text: only what cannot change their meaning is done to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.overrides.pattern_text import (
    before_end,
    inside_anchors,
    literal,
    refuse_choices,
    refuse_last_group,
    shifted,
)
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.errors import InvalidOverride


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_literal_matches_itself_only(text: str) -> None:
    """Every printable character."""
    pattern = compile_pattern(literal(text))
    assert pattern.full(text) == (text,)
    assert pattern.full(text + "x") is None


@pytest.mark.parametrize(
    ("pattern", "inner"), [("a$", "a"), (r"a\$", r"a\$"), (r"a\\$", r"a\\"), ("a", "a")]
)
def test_one_anchor_at_the_end_says_nothing_new(pattern: str, inner: str) -> None:
    """A whole host ends where the pattern ends."""
    assert before_end(pattern) == inner


@pytest.mark.parametrize("pattern", ["a$|b", r"a\z", "a$b", r"\Qa"])
def test_other_anchors_and_open_quotes_are_refused(pattern: str) -> None:
    """They would mean something else before more text."""
    with pytest.raises(InvalidOverride):
        before_end(pattern)


@pytest.mark.parametrize("pattern", ["a|b", "a*?", "a+?", "a??", "a{1,2}?", "(?U)a*"])
def test_choices_are_refused(pattern: str) -> None:
    """Leftmost-first may stop before the end of the host."""
    with pytest.raises(InvalidOverride):
        refuse_choices(pattern)


def test_the_inside_of_anchors() -> None:
    r"""`^X\.$` for the FQDN is X for the host."""
    assert inside_anchors(r"^(a|b)[^.|]\|\.$") == r"(a|b)[^.|]\|"


@pytest.mark.parametrize(
    "pattern", ["a", r"^a\.", r"^a|b\.$", r"^a^\.$", r"^a$\.$", r"^a\\.$", r"^\Qa\.$"]
)
def test_other_forms_are_refused(pattern: str) -> None:
    """They may match parts of a name."""
    with pytest.raises(InvalidOverride):
        inside_anchors(pattern)


def test_groups_are_renumbered_and_the_last_is_looked_at() -> None:
    """`{n}` only; other braces are text."""
    assert shifted("{0}.{9}{x}", 1) == "{1}.{10}{x}"
    refuse_last_group("{1}.a")
    refuse_last_group("a{x}")
    with pytest.raises(InvalidOverride):
        refuse_last_group("a.{1}")
