"""Faults by name: every fault has one, other people's words fit, misfits say why."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import get_args

import pytest

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing import fault
from kurrent_conn.testing.faults.fault_name import (
    ALIASES,
    FAULTS,
    UnknownFault,
    at_call_named,
    at_call_sentence,
    fault_named,
    fault_of_words,
    name_of,
    sentence,
    usage,
)

ADVERTISED = [Endpoint("a"), Endpoint("b"), Endpoint("c")]


def test_every_fault_has_a_name() -> None:
    """All of the union but a swapped certificate, which is no plain data."""
    union = {
        kind
        for part in get_args(fault.Fault)
        for kind in (get_args(part) or (part,))
        if is_dataclass(kind)
    }
    assert union - set(FAULTS.values()) == {fault.SwapCertificate}


def test_the_words_of_others_mean_faults_of_ours() -> None:
    """Each alias leads to a name."""
    assert {name for name, _ in ALIASES.values()} <= FAULTS.keys()
    assert not ALIASES.keys() & FAULTS.keys()


@pytest.mark.parametrize(
    ("name", "arguments", "made"),
    [
        ("kill", {"node": 0}, fault.Kill(0)),
        ("crash", {"node": "leader"}, fault.Kill("leader")),
        ("rolling_restart", {"pause_s": "0.5"}, fault.RollingRestart(0.5)),
        ("resign", {}, fault.Resign()),
        ("partition", {"sides": [[0], ["1", 2]]}, fault.Partition(((0,), (1, 2)))),
        ("partition-oneway", {"nodes": [2]}, fault.Deafen((2,))),
        ("reset-peer", {"node": 1}, fault.CutConnections(1, reset=True)),
        ("stale-redirect", {"node": 0, "to": 2}, fault.StaleRedirect(0, 2)),
        (
            "lie",
            {"node": 1, "members": [{"node": 2, "state": "read-only-replica"}]},
            fault.Lie(
                1, (Member(Endpoint("c"), NodeState.READ_ONLY_REPLICA, is_alive=True),)
            ),
        ),
    ],
)
def test_a_fault_is_made_of_its_name_and_plain_values(
    name: str, arguments: dict[str, object], made: fault.Fault
) -> None:
    """Numbers may be text, as a query string or a prompt has them."""
    assert fault_named(name, arguments, ADVERTISED) == made


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "hint"),
    [
        ("kil", {}, "no such fault", "did you mean 'kill'?"),
        ("explode", {}, "no such fault", "known: kill"),
        ("kill", {}, "needs 'node'", "it takes <node> [noticed_after_s]"),
        ("kill", {"nod": 1}, "no 'nod'", "it takes <node>"),
        ("kill", {"node": 3}, "node cannot be 3", "index from 0"),
        ("kill", {"node": True}, "node cannot be True", "index from 0"),
        ("slow", {"node": 0, "delay_s": -1}, "delay_s cannot be -1", "0 or more"),
        ("slow", {"node": 0, "delay_s": "nan"}, "delay_s cannot be", "0 or more"),
        ("heal", {"node": 0}, "no 'node'", "it takes nothing"),
        ("partition", {"sides": "01"}, "sides cannot be", "lists of indices"),
        ("trickle", {"node": 0, "bytes_per_s": 0}, "bytes_per_s cannot", "1 or more"),
        ("lie", {"node": 0, "members": [{"node": 1}]}, "members cannot", "state:"),
    ],
)
def test_a_misfit_says_what_fits(
    name: str, arguments: dict[str, object], reason: str, hint: str
) -> None:
    """The error has the name, the reason and what to write instead."""
    with pytest.raises(UnknownFault) as caught:
        fault_named(name, arguments, ADVERTISED)
    assert caught.value.name == name
    assert reason in caught.value.reason
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("kill 0", fault.Kill(0)),
        ("kill leader 2.5", fault.Kill("leader", 2.5)),
        ("elect 1 0.3", fault.Elect(1, 0.3)),
        ("elect node=1 after_s=0.3", fault.Elect(1, 0.3)),
        ("partition 0 | 1 2", fault.Partition(((0,), (1, 2)))),
        ("deafen 1 2", fault.Deafen((1, 2))),
        ("heal", fault.Heal()),
    ],
)
def test_a_line_at_the_prompt_is_a_fault(line: str, made: fault.Fault) -> None:
    """Arguments in the order of the fields, or by name."""
    assert fault_of_words(line.split()) == made


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("append", fault.AtCall("append")),
        ({"call": "read", "node": 2}, fault.AtCall("read", 2)),
        (
            {"call": "gossip", "number": "3", "is_served": "true"},
            fault.AtCall("gossip", number=3, is_served=True),
        ),
    ],
)
def test_a_call_is_named_or_described(value: object, made: fault.AtCall) -> None:
    """As a word, or as plain values of its fields."""
    assert at_call_named(value, ADVERTISED) == made
    assert f"at {made.call} {made.number}" in at_call_sentence(made)


@pytest.mark.parametrize(
    "value",
    [
        "appendix",
        7,
        {"node": 1},
        {"call": "read", "nod": 1},
        {"call": "read", "node": 9},
        {"call": "read", "number": 0},
    ],
)
def test_a_call_that_is_none_is_refused(value: object) -> None:
    """With what there is."""
    with pytest.raises(UnknownFault) as caught:
        at_call_named(value, ADVERTISED)
    assert caught.value.name == "at_call"
    assert caught.value.hint


def test_a_line_that_is_too_long_is_refused() -> None:
    """With what the fault takes."""
    with pytest.raises(UnknownFault, match="'2' is too much; it takes <node>"):
        fault_of_words(["freeze", "1", "2"])


def test_a_fault_is_written_with_what_differs_from_usual() -> None:
    """One line for transcripts, one for the manual."""
    assert sentence(fault.Elect(1, 0.3)) == "elect node=1 after_s=0.3"
    assert sentence(fault.Kill("leader")) == "kill node=leader"
    assert sentence(fault.Partition(((0,), (1,)))) == "partition sides=[[0], [1]]"
    assert name_of(fault.CutConnections(0)) == "cut-connections"
    assert usage("elect") == "elect <node> [after_s]"
