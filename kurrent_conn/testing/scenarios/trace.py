"""What came out of a scenario, in words that every driver shares, and the judgement.

A trace leaves out what may differ between runs that are equally right: instants, the
order in which seeds were asked, which of two equal followers was taken.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import NodeOpened, Notice, TopologyChanged
from kurrent_conn.testing.scenarios.scenario import CallStep, Expected, Scenario

OUTSIDE: Final = "outside"
"""A node that is none of the scenario's."""

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How one call ended.

    Args:
        name: As in the scenario.
        outcome: Served, not executed, or unknown.
        code: The status of a failure; empty when it was served.
        took_s: From beginning to end, in seconds. Not part of equality.
        text: The failure's text. Not part of equality.
    """

    name: str
    outcome: Expected
    code: str = ""
    took_s: float = field(default=0.0, compare=False)
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Write one line without instants."""
        return f"{self.name}: {self.outcome}" + (f" ({self.code})" if self.code else "")


@dataclass(frozen=True, slots=True)
class Trace:
    """One run of a scenario.

    Args:
        calls: How they ended, in the order of the timeline.
        opened: For each preference that was opened, the nodes in order; empty where
            the scenario does not ask.
        leader: The index of the leader believed in at the end, or None; `any` where
            the scenario does not ask.
        events: What the client said at least once. Not part of equality: how often
            it asks whom is a matter of chance.
    """

    calls: tuple[CallEnd, ...]
    opened: tuple[tuple[NodePreference, tuple[int | str, ...]], ...]
    leader: int | str | None
    events: frozenset[str] = field(default=frozenset(), compare=False)

    def lines(self) -> list[str]:
        """Write what is compared, a fact a line."""
        return [
            *map(str, self.calls),
            *(
                f"{preference} opened: {', '.join(map(str, nodes))}"
                for preference, nodes in self.opened
            ),
            f"leader at the end: {self.leader}",
        ]


class Listener:
    """Writes down what a client says while it plays a scenario.

    Args:
        places: The index of each endpoint that is a node's: advertised or its own.
    """

    def __init__(self, places: Mapping[Endpoint, int]) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._events: set[str] = set()
        self._opened: dict[NodePreference, list[int | str]] = {}
        self._topology = Topology()
        self.ends: dict[str, CallEnd] = {}

    def hear(self, notice: Notice) -> None:
        """Take an event; fits `on_event`."""
        with self._lock:
            self._events.add(event_name(type(notice).__name__))
            if isinstance(notice, TopologyChanged):
                self._topology = notice.topology
            elif isinstance(notice, NodeOpened):
                self._open(notice)

    def ended(self, end: CallEnd) -> None:
        """Take the end of a call."""
        with self._lock:
            self.ends[end.name] = end

    def trace(self, scenario: Scenario) -> Trace:
        """Give what was heard.

        Args:
            scenario: What was played; every call of it has ended.
        """
        leader: int | str | None = "any"
        if scenario.expect.leader != "any":
            believed = self._topology.leader
            leader = None if believed is None else self._places.get(believed, OUTSIDE)
        return Trace(
            calls=tuple(self.ends[call.name] for call in scenario.calls),
            opened=()
            if scenario.expect.opened is None
            else tuple((p, tuple(n)) for p, n in sorted(self._opened.items())),
            leader=leader,
            events=frozenset(self._events),
        )

    def _open(self, notice: NodeOpened) -> None:
        nodes = self._opened.setdefault(notice.preference, [])
        node: int | str = self._places.get(notice.advertised, OUTSIDE)
        member = self._topology.member(notice.advertised)
        if notice.preference is NodePreference.RANDOM:
            node = "any"
        elif notice.preference is not NodePreference.LEADER and member is not None:
            node = member.state_name
        if nodes[-1:] != [node]:
            nodes.append(node)


@cache
def event_name(kind: str) -> str:
    """Give an event's name as scenarios spell it.

    Args:
        kind: The name of the event's class.
    """
    return _CAPITAL.sub("-", kind).lower()


def judge(scenario: Scenario, trace: Trace, slack_s: float = 0.0) -> tuple[str, ...]:
    """Compare what came out with what was expected.

    Args:
        scenario: What was expected.
        trace: What came out.
        slack_s: How much longer a call may take than the scenario says, on a machine
            that has other things to do.

    Returns:
        Every difference in a sentence; none when all is as it should be.
    """
    ends = {end.name: end for end in trace.calls}
    problems = [_judge_call(call, ends[call.name], slack_s) for call in scenario.calls]
    expect, opened = scenario.expect, dict(trace.opened)
    if expect.leader != trace.leader:
        problems.append(f"the leader is {trace.leader}, expected {expect.leader}")
    for preference, nodes in expect.opened or ():
        found = opened.get(preference, ())
        if found != nodes:
            problems.append(
                f"{preference} was opened for {_list(found)}, expected {_list(nodes)}"
            )
    problems += [
        f"the client never said {event}"
        for event in expect.events
        if event not in trace.events
    ]
    problems += [
        f"the client said {event}" for event in expect.absent if event in trace.events
    ]
    return tuple(problem for problem in problems if problem)


def judge_outcomes(
    scenario: Scenario, trace: Trace, slack_s: float = 0.0
) -> tuple[str, ...]:
    """Compare the outcomes of the calls alone, as on a cluster that is not ours.

    Args:
        scenario: What was expected.
        trace: What came out.
        slack_s: As for `judge`.
    """
    ends = {end.name: end for end in trace.calls}
    problems = (_judge_call(call, ends[call.name], slack_s) for call in scenario.calls)
    return tuple(problem for problem in problems if problem)


def _judge_call(call: CallStep, end: CallEnd, slack_s: float) -> str:
    if end.outcome != call.expect:
        why = f": {end.code} {end.text}".rstrip() if end.code else ""
        return f"{call.name} ended {end.outcome!r}, expected {call.expect!r}{why}"
    if call.within_s is not None and end.took_s > call.within_s + slack_s:
        return f"{call.name} took {end.took_s:.3f} s, expected {call.within_s:g} s"
    return ""


def _list(nodes: tuple[int | str, ...]) -> str:
    return ", ".join(map(str, nodes)) or "nothing"
