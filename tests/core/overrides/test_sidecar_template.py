"""The sidecar's references and ours, both ways."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.sidecar_template import braces, dollars
from kurrent_conn.errors import InvalidOverride


def test_references_are_written_as_numbers() -> None:
    """Names become numbers, missing groups nothing, `$$` a dollar."""
    assert braces("$n.${1}$2x$$", "(?P<n>a)") == "{1}.{1}$"
    with pytest.raises(InvalidOverride, match="braces as text"):
        braces("{1}", "a")


def test_numbers_are_written_as_references() -> None:
    """Numbers above the count are text in CoreDNS, and stay text."""
    assert dollars("{1}.{2}$", 1) == "${1}.{2}$$"
