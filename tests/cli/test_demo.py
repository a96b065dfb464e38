"""The demonstration keeps its promise, and prints it for people and for programs."""

from __future__ import annotations

import json
import re

import pytest

from kurrent_conn.cli.app import run

KEYS = {
    "appended",
    "read_back",
    "lost",
    "duplicated",
    "unknown",
    "errors",
    "failover_ms",
}


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_nothing_is_lost_and_nothing_comes_twice(
    isolation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A leader dies, a new one is elected, and the account is even."""
    code = run(["demo", "--json", "--isolation", isolation, "--calm", "0.5"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report.keys() >= KEYS
    assert report["appended"] == report["read_back"] > 0
    assert (report["lost"], report["duplicated"], report["errors"]) == (0, 0, 0)
    assert 0 < report["failover_ms"] < 5000


def test_people_see_the_timeline_and_the_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who led, what was dialled for which name; the account is a line of its own."""
    code = run(["demo", "--isolation", "thread", "--calm", "0.5"])
    out = capsys.readouterr().out
    shown = " ".join(out.split())
    assert code == 0
    assert "mydb-0.kurrent.test:2113, dialled as 127.0.0.1:" in shown
    assert "is elected" in shown
    assert re.fullmatch(
        r"appended \d+, read back \d+, lost 0, duplicated 0, unknown \d+, errors 0, "
        r"failover [\d.]+ ms",
        out.splitlines()[-1],
    )
