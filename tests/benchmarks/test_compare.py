"""The benchmarks run: one quick row, of the blocking connection alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import compare


def test_a_row_is_measured_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A leader is killed once: a figure a line, and every append accounted for."""
    path = tmp_path / "figures.json"
    chosen = ["--rows", "kill", "--peers", "ours blocking", "--runs", "1"]
    compare.main([*chosen, "--json", str(path)])
    table = capsys.readouterr().out
    assert "leader killed, the next elected 0.3 s later, one caller" in table
    (case,) = json.loads(path.read_text())["cases"]
    assert case["notes"] == []
    samples = {
        line["figure"]: line["samples"]["ours blocking"] for line in case["figures"]
    }
    assert 0 < samples["first success, ms"][0] < 10_000
    assert samples["errors to the application, of calls begun later"] == [0]
    assert samples["acknowledged appends lost, or events written twice"] == [0]


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named."""
    with pytest.raises(SystemExit):
        compare.main(["--rows", "kill,nothing"])
    assert "unknown: nothing" in capsys.readouterr().err
