"""Tests that need a tool run where it is, and are missed where it must be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.system import require, require_namespaces


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


@pytest.mark.system
def test_namespaces_are_made_or_the_refusal_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine that refuses them says why, in CI by failing."""
    require_namespaces()
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho not permitted >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no namespaces.*not permitted"):
        require_namespaces()
