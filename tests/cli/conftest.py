"""Running `kurrent-conn` in this process, with what it wrote and its exit code."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kurrent_conn.cli.app import run
from kurrent_conn.cli.given import VARIABLE
from kurrent_conn.cli.uri_build import PASSWORD_VARIABLE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read its output as one JSON object."""
        return json.loads(self.out)


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Give a function that runs `kurrent-conn` with words and stdin."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)

    def call(*words: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(words)
        written = capsys.readouterr()
        return Outcome(code, written.out, written.err)

    return call
