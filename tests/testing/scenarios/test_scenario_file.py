"""A scenario file is read into values, or refused with file, key and a hint."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.errors import ConfigurationError
from kurrent_conn.testing.scenarios.facts import InvalidScenario
from kurrent_conn.testing.scenarios.scenario import CallStep, ConnectFacts, FaultStep
from kurrent_conn.testing.scenarios.scenario_file import (
    parse_scenario,
    read_scenario,
    scenario_of,
)

WHOLE = """
claim: It says something.
cluster: {size: 2, read_only_replicas: 1, tls: true, advertise: "n{index}.test:1"}
connect:
  seeds: [1, refused, black-hole]
  options: {gossipTimeout: 500}
  follow: false
  overrides: false
  trusted_names: ["*.test"]
timeline:
  - {at: 0.5, fault: crash, node: leader}
  - {at: 0.1, call: read, preference: follower, times: 2, every_s: 0.2, wait: true}
  - {at: 0.9, call: append, expect: not executed, deadline_s: 2, within_s: 1}
expect: {leader: 1, opened: {follower: [Follower]}, events: [fell-back]}
"""


def test_all_that_a_file_can_say_becomes_a_value() -> None:
    """In order of time, each call with a name of its own."""
    scenario = parse_scenario(WHOLE, "whole")
    assert scenario.cluster.count == 3
    assert scenario.connect == ConnectFacts(
        seeds=(1, "refused", "black-hole"),
        options=(("gossipTimeout", 500),),
        follow=False,
        overrides=False,
        trusted_names=("*.test",),
    )
    first, second, kill, last = scenario.timeline
    assert isinstance(first, CallStep)
    assert (first.name, first.at_s, first.waits) == ("read 1", 0.1, True)
    assert first.preference is NodePreference.FOLLOWER
    assert isinstance(second, CallStep)
    assert second.name == "read 2"
    assert second.at_s == pytest.approx(0.3)
    assert kill == FaultStep(0.5, "crash", (("node", "leader"),))
    assert isinstance(last, CallStep)
    assert (last.expect, last.deadline_s, last.within_s) == ("not executed", 2.0, 1.0)
    assert scenario.expect.opened == ((NodePreference.FOLLOWER, ("Follower",)),)
    assert not scenario.runs_anywhere
    assert hash(scenario) == hash(parse_scenario(WHOLE, "whole"))


def test_little_is_needed() -> None:
    """A claim and one step; three members whose seeds are all of them."""
    scenario = scenario_of({"claim": "x", "timeline": [{"call": "read"}]}, "x", "x")
    assert scenario.connect.seeds == (0, 1, 2)
    assert scenario.runs_anywhere


STEP = {"call": "append"}


@pytest.mark.parametrize(
    ("change", "key", "reason", "hint"),
    [
        ({"claim": None}, "claim", "text is wanted, not nothing", ""),
        ({"timline": []}, "timline", "no such key", "did you mean 'timeline'?"),
        ({"timeline": []}, "timeline", "nothing happens", ""),
        ({"timeline": {}}, "timeline", "a list is wanted, not a mapping", ""),
        ({"timeline": ["x"]}, "timeline[0]", "a mapping is wanted", ""),
        ({"timeline": [{}]}, "timeline[0]", "either a call or a fault", ""),
        (
            {"timeline": [STEP, {"fault": "kil", "node": 0}]},
            "timeline[1].fault",
            "kil: there is no such fault",
            "did you mean 'kill'?",
        ),
        (
            {"timeline": [{"fault": "kill", "node": 7}]},
            "timeline[0].fault",
            "node cannot be 7",
            "a node's index",
        ),
        (
            {"timeline": [{"call": "apend"}]},
            "timeline[0].call",
            "'apend' is not known",
            "did you mean 'append'?",
        ),
        (
            {"timeline": [{**STEP, "at": "soon"}]},
            "timeline[0].at",
            "a number >= 0 is wanted, not 'soon'",
            "",
        ),
        (
            {"timeline": [{**STEP, "expect": "ok"}]},
            "timeline[0].expect",
            "'ok' is not known",
            "one of served",
        ),
        (
            {"timeline": [{**STEP, "wait": 1}]},
            "timeline[0].wait",
            "true or false is wanted",
            "",
        ),
        (
            {"timeline": [{**STEP, "node": 1}]},
            "timeline[0].node",
            "no such key here",
            "call",
        ),
        ({"cluster": {"size": 0}}, "cluster.size", "1 to 9 members", ""),
        ({"cluster": {"size": True}}, "cluster.size", "a whole number", ""),
        ({"cluster": {"advertise": "{n}"}}, "cluster.advertise", "no template", "n{"),
        ({"connect": {"seeds": [3]}}, "connect.seeds", "3 is no seed", "below 3"),
        ({"connect": {"seeds": ["x"]}}, "connect.seeds", "'x' is no seed", "refused"),
        ({"expect": {"leader": 5}}, "expect.leader", "no member's index", ""),
        ({"expect": {"events": ["x"]}}, "expect.events", "'x' is no event", "node-"),
        (
            {"expect": {"opened": {"leder": [0]}}},
            "expect.opened.leder",
            "no such key",
            "",
        ),
        (
            {"expect": {"opened": {"leader": ["Boss"]}}},
            "expect.opened.leader",
            "'Boss' is no node",
            "Follower",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(
    change: Mapping[str, Any], key: str, reason: str, hint: str
) -> None:
    """File, key, reason and what to write instead."""
    value = {"claim": "x", "timeline": [STEP], **change}
    with pytest.raises(InvalidScenario) as caught:
        scenario_of(value, "x", "some.yaml")
    error = caught.value
    assert isinstance(error, ConfigurationError)
    assert (error.source, error.key) == ("some.yaml", key)
    assert reason in error.reason
    assert hint in error.hint
    assert str(error).startswith(f"some.yaml: {key}: {error.reason}")


@pytest.mark.parametrize("text", ["a: [", "- 1", "x", "", "2024-99-99", "? [a]: b"])
def test_a_text_that_is_no_scenario_is_refused(text: str) -> None:
    """Whatever YAML makes of it, it is one typed error."""
    with pytest.raises(InvalidScenario):
        parse_scenario(text, "x")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As is one that is no text."""
    with pytest.raises(InvalidScenario, match="cannot be read"):
        read_scenario(tmp_path / "missing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidScenario, match="cannot be read"):
        read_scenario(tmp_path / "bytes.yaml")


def test_without_pyyaml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes with an extra; the runtime does without."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "yaml":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InvalidScenario, match=r"kurrent-conn\[kubernetes\]"):
        parse_scenario(WHOLE, "whole")
