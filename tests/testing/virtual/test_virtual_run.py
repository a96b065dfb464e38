"""The simulator plays whole scenarios, the same way for the same seed, in no time."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from kurrent_conn.errors import InvalidConnectionString
from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_file import scenario_of
from kurrent_conn.testing.scenarios.trace import judge
from kurrent_conn.testing.virtual.transcript import folded
from kurrent_conn.testing.virtual.virtual_run import play_virtually

KILLED: list[dict[str, Any]] = [
    {"call": "append", "wait": True},
    {"at": 1, "fault": "kill", "node": 0},
    {"at": 1, "fault": "elect", "node": 1, "after_s": 3},
    {"at": 2, "call": "append"},
]


def scenario(*timeline: dict[str, Any], **more: Any) -> Scenario:
    """Write one down."""
    return scenario_of({"claim": "x", "timeline": list(timeline), **more}, "x", "x")


def test_the_seed_decides_everything() -> None:
    """Equal seeds, equal transcripts; other seeds ask others first."""
    row = scenario(*KILLED)
    assert play_virtually(row, 7) == play_virtually(row, 7)
    assert len({play_virtually(row, seed).transcript for seed in range(5)}) == 5


def test_virtual_time_is_cheap() -> None:
    """Ten minutes of an outage take less than ten seconds of ours."""
    row = scenario(
        {"call": "append", "wait": True},
        {"at": 1, "fault": "kill", "node": 0},
        {"at": 590, "fault": "elect", "node": 1},
        {"at": 591, "call": "append"},
    )
    began_at = perf_counter()
    run = play_virtually(row)
    assert judge(row, run.trace) == ()
    assert run.took_s > 590
    assert perf_counter() - began_at < 10


def test_a_timeline_stands_still_for_a_call_that_it_waits_for() -> None:
    """What follows comes later by as much as the call took."""
    row = scenario(
        {"fault": "slow", "node": 0, "delay_s": 0.5},
        {"call": "append", "wait": True},
        {"at": 0.1, "fault": "kill", "node": 0},
    )
    run = play_virtually(row)
    assert judge(row, run.trace) == ()
    assert run.took_s > 0.6


def test_a_frozen_node_answers_late_what_it_was_sent() -> None:
    """When it goes on, within the deadline, nobody is the wiser."""
    row = scenario(
        {"call": "append", "wait": True},
        {"at": 0.1, "fault": "freeze", "node": 0},
        {"at": 0.2, "call": "append", "within_s": 0.4},
        {"at": 0.5, "fault": "thaw", "node": 0},
    )
    assert judge(row, play_virtually(row).trace) == ()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "resign", "node": 1}, None),
        ({"fault": "trickle", "node": 0, "bytes_per_s": 9}, "not simulated"),
        ({"fault": "elect", "node": 1}, "cannot lead"),
    ],
)
def test_what_cannot_happen_is_said(
    fault: dict[str, Any], expected: str | None
) -> None:
    """As on real nodes; a fault that is not simulated is never passed over."""
    row = scenario({"fault": "kill", "node": 1}, fault, {"at": 0.1, "call": "read"})
    if expected is None:
        play_virtually(row)
        return
    with pytest.raises((LookupError, RuntimeError), match=expected):
        play_virtually(row)


def test_what_was_played_before_makes_no_option_right() -> None:
    """1 and `true` are equal in Python, and not the same to a connection string."""

    def connecting(attempts: object) -> Scenario:
        connect = {"options": {"maxDiscoverAttempts": attempts}}
        return scenario({"call": "read"}, connect=connect)

    play_virtually(connecting(1))
    for wrong in (True, 1.0, [1]):
        with pytest.raises(InvalidConnectionString):
            play_virtually(connecting(wrong))


def test_a_folded_transcript_says_everything_once() -> None:
    """Hundreds of polls of one election become a line that counts them."""
    transcript = play_virtually(scenario(*KILLED)).transcript
    short = folded(transcript)
    assert len(short) * 4 < len(transcript)
    assert any("lines like those above)" in line for line in short)
    assert [line for line in transcript if "**" in line] == [
        line for line in short if "**" in line
    ]
