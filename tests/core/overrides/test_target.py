"""Targets as people write them."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.target import Target
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("a.test", Target("a.test")),
        ("A.test.:443", Target("a.test.", 443)),
        ("[fd00::1]", Target("fd00::1")),
        ("[fd00::1]:443", Target("fd00::1", 443)),
        ("fd00::1", Target("fd00::1")),
        (" 10.0.0.1:1 ", Target("10.0.0.1", 1)),
    ],
)
def test_a_target_is_read_and_written(text: str, target: Target) -> None:
    """Name or address, port or none; brackets only in text."""
    assert Target.parse(text) == target
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize("text", ["", ":443", "[fd00::1", "[a]x", "a:", "a:0", "a:٣"])
def test_what_is_no_target_is_refused(text: str) -> None:
    """The message quotes the text."""
    with pytest.raises(InvalidOverride, match="target"):
        Target.parse(text)
