"""The suite of the example finds the bug that was planted in it, and only that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def suite(desk: str) -> subprocess.CompletedProcess[str]:
    """Run the example's own tests as its owner would."""
    plugin = ("-p", "kurrent_conn.testing.pytest_plugin")
    return subprocess.run(  # noqa: S603 - our own file
        [sys.executable, "-m", "pytest", *plugin, "examples/orders", "--desk", desk],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
    )


def test_the_planted_bug_is_found_and_its_story_told() -> None:
    """Only the order in flight is lost, and the report says who died and who leads."""
    done = suite("careless")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "test_an_order_in_flight_is_not_lost" in done.stdout
    story = done.stdout[done.stdout.index("Cluster of kurrent_cluster") :]
    assert "fault: kill node=leader, 0.2 s from now" in story
    assert "node 0    is killed" in story
    assert "node 1    Unknown -> Leader of term 2" in story


def test_the_mended_desk_passes() -> None:
    """The suite is content with a desk that asks what became of its orders."""
    done = suite("careful")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
