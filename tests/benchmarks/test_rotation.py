"""Certificates are rotated under load, and no call fails."""

from __future__ import annotations

import pytest

from benchmarks import rotation

RATE = 300.0
"""A third of what the benchmark asks for: here the nodes share this process."""


@pytest.mark.parametrize(("front", "rotations"), [("blocking", 3), ("asyncio", 1)])
def test_no_call_fails_while_everything_is_rotated(front: str, rotations: int) -> None:
    """Old CA, old and new, new; nodes' certificates; our own with its key."""
    account = rotation.measure(front, RATE, rotations)
    assert account.failed == {}
    assert account.rotations == rotations
    assert account.answered > RATE * rotations / 3


def test_the_command_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """Rate and failures, and an exit code that says whether they are right."""
    words = ["--front", "blocking", "--rate", "20", "--rotations", "0"]
    assert rotation.main(words) in {0, 1}
    assert "calls failed             0" in capsys.readouterr().out


def test_a_failed_call_is_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One failure among a thousand calls is a failed run."""
    account = rotation.Account(answered=1000, took_s=1.0)
    assert rotation.show("blocking", 1000, account)
    account.count(0.0, LookupError("lost"))
    assert not rotation.show("blocking", 1000, account)
    assert "1 x LookupError: lost" in capsys.readouterr().out
