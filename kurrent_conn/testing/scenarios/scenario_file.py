"""Reads scenarios from YAML, as documented in `docs/scenarios.md`, with typed errors.

Every error names the file, the key and what would fit. Nothing is played here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, get_args

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.faults.fault_argument import state_named
from kurrent_conn.testing.faults.fault_name import UnknownFault
from kurrent_conn.testing.scenarios.facts import Facts, InvalidScenario
from kurrent_conn.testing.scenarios.scenario import (
    EVENTS,
    CallStep,
    ClusterFacts,
    ConnectFacts,
    Expectation,
    Expected,
    FaultStep,
    Opened,
    Operation,
    Scenario,
    Step,
)

_MAX_SIZE: Final = 9
_SEEDS: Final = ("refused", "black-hole")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from a YAML file.

    Args:
        path: The file; its name is the scenario's.

    Raises:
        InvalidScenario: It cannot be read, or what it says makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidScenario(str(path), "", f"it cannot be read: {error}") from error
    return parse_scenario(text, path.stem, str(path))


def parse_scenario(text: str, name: str, source: str = "the text") -> Scenario:
    """Read a scenario from YAML.

    Args:
        text: The YAML.
        name: What to call it.
        source: Where it came from, for errors.

    Raises:
        InvalidScenario: What it says makes no sense, or PyYAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415 - an extra: only who plays scenarios needs it
    except ModuleNotFoundError as error:
        hint = "pip install 'kurrent-conn[kubernetes]'"
        raise InvalidScenario(source, "", "reading YAML needs PyYAML", hint) from error
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InvalidScenario(source, "", f"it is no YAML: {reason}") from error
    return scenario_of(loaded, name, source)


def scenario_of(value: object, name: str, source: str) -> Scenario:
    """Read a scenario from plain data.

    Args:
        value: What a YAML or JSON file holds.
        name: What to call it.
        source: Where it came from, for errors.

    Raises:
        InvalidScenario: It makes no sense.
    """
    facts = Facts(source, "", value)
    claim = facts.text("claim")
    cluster = _cluster(facts.table("cluster"))
    connect = _connect(facts.table("connect"), cluster)
    timeline = _timeline(facts, cluster)
    expect = _expectation(facts.table("expect"), cluster)
    facts.end()
    return Scenario(name, claim, cluster, connect, timeline, expect)


def _cluster(facts: Facts) -> ClusterFacts:
    size = facts.whole("size", 3)
    if not 1 <= size <= _MAX_SIZE:
        raise facts.wrong("size", f"a cluster has 1 to {_MAX_SIZE} members, not {size}")
    advertise = facts.text("advertise", "")
    try:
        Endpoint.parse(advertise.format(index=0) or "none")
    except (ValueError, LookupError):
        hint = 'such as "n{index}.kurrent.test:2113"'
        raise facts.wrong("advertise", f"{advertise!r} is no template", hint) from None
    made = ClusterFacts(
        size=size,
        read_only_replicas=facts.whole("read_only_replicas", 0),
        tls=facts.flag("tls", default=False),
        advertise=advertise or None,
        settle_s=facts.number("settle_s", 0.05),
    )
    facts.end()
    return made


def _connect(facts: Facts, cluster: ClusterFacts) -> ConnectFacts:
    seeds = facts.items("seeds") or list(range(cluster.size))
    for seed in seeds:
        is_node = isinstance(seed, int) and 0 <= seed < cluster.count
        if not is_node and seed not in _SEEDS:
            hint = f"an index below {cluster.count}, or one of {', '.join(_SEEDS)}"
            raise facts.wrong("seeds", f"{seed!r} is no seed", hint)
    names = facts.items("trusted_names") if facts.has("trusted_names") else None
    made = ConnectFacts(
        seeds=tuple(seeds),
        options=tuple(facts.table("options").rest().items()),
        follow=facts.flag("follow", default=True),
        overrides=facts.flag("overrides", default=True),
        trusted_names=None if names is None else tuple(map(str, names)),
    )
    facts.end()
    return made


def _timeline(facts: Facts, cluster: ClusterFacts) -> tuple[Step, ...]:
    steps: list[Step] = []
    for entry in facts.tables("timeline"):
        if entry.has("call") == entry.has("fault"):
            raise entry.wrong("", "an entry is either a call or a fault")
        if entry.has("call"):
            steps += _calls(entry, sum(isinstance(s, CallStep) for s in steps))
        else:
            steps.append(_fault(entry, cluster))
        entry.end()
    if not steps:
        raise facts.wrong("timeline", "nothing happens in it")
    return tuple(sorted(steps, key=lambda step: step.at_s))


def _calls(entry: Facts, before: int) -> list[CallStep]:
    operation: Operation = entry.word("call", get_args(Operation))  # type: ignore[assignment]  # one of them
    expect: Expected = entry.word("expect", get_args(Expected), "served")  # type: ignore[assignment]  # one of them
    preference = entry.word("preference", list(NodePreference), "leader")
    at_s, every_s = entry.number("at", 0.0), entry.number("every_s", 0.05)
    deadline_s = entry.number("deadline_s", 5.0)
    waits = entry.flag("wait", default=False)
    within_s = entry.number("within_s") if entry.has("within_s") else None
    return [
        CallStep(
            name=f"{operation} {before + number + 1}",
            at_s=at_s + number * every_s,
            operation=operation,
            preference=NodePreference(preference),
            deadline_s=deadline_s,
            expect=expect,
            within_s=within_s,
            waits=waits,
        )
        for number in range(entry.whole("times", 1))
    ]


def _fault(entry: Facts, cluster: ClusterFacts) -> FaultStep:
    at_s, name = entry.number("at", 0.0), entry.text("fault")
    step = FaultStep(at_s, name, _frozen(entry.rest()))
    try:
        step.made([Endpoint(f"n{index}") for index in range(cluster.count)])
    except UnknownFault as error:
        raise entry.wrong(
            "fault", f"{error.name}: {error.reason}", error.hint
        ) from None
    return step


def _frozen(value: Any) -> Any:
    """Make lists and mappings values that never change: tuples, and pairs."""
    if isinstance(value, dict):
        return tuple((key, _frozen(each)) for key, each in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _expectation(facts: Facts, cluster: ClusterFacts) -> Expectation:
    leader = facts.take("leader", "any")
    if leader not in (None, "any", *range(cluster.size)):
        raise facts.wrong("leader", f"{leader!r} is no member's index")
    made = Expectation(
        leader=leader,
        opened=_all_opened(facts),
        events=_events(facts, "events"),
        absent=_events(facts, "absent"),
    )
    facts.end()
    return made


def _all_opened(facts: Facts) -> Opened | None:
    opened = facts.take("opened", {})
    if opened == "any":
        return None
    table = Facts(facts.source, "expect.opened", opened)
    made = tuple(
        (preference, tuple(_opened(table, preference)))
        for preference in NodePreference
        if table.has(preference)
    )
    table.end()
    return made


def _opened(facts: Facts, preference: NodePreference) -> list[int | str]:
    nodes: list[int | str] = facts.items(preference)
    for node in nodes:
        if isinstance(node, int) or node == "any":
            continue
        try:
            state_named(node)
        except (LookupError, AttributeError):
            hint = "an index, or a state such as Follower"
            raise facts.wrong(preference, f"{node!r} is no node", hint) from None
    return nodes


def _events(facts: Facts, key: str) -> tuple[str, ...]:
    for event in (found := facts.items(key)):
        if event not in EVENTS:
            raise facts.wrong(key, f"{event!r} is no event", ", ".join(EVENTS))
    return tuple(found)
