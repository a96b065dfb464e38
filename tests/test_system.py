"""Tests that need a tool run where it is, and are missed where it must be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.system import require


def test_a_tool_that_is_there_is_found() -> None:
    """Its path comes back."""
    (found,) = require(sys.executable)
    assert Path(found).samefile(sys.executable)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_tool_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """It fails the test in CI, and skips it elsewhere."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no-such-tool: not installed"):
        require("no-such-tool")
