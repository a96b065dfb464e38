"""Every distinct state of the state machine that a few events can lead to.

Breadth first, from a fresh connection and from two with open nodes: from each new state
every letter of the alphabet is tried, and each step is held against the promises that
concern one step. Three nodes.

The alphabet, where it applies in a state:

    want leader, want follower, want news, abandon the oldest wait
    each read in flight: answered (a leads; b leads, a dead; nobody leads; a and b
        lead; nobody listed), refused, late, denied, up without gossip, bad TLS
    each open or watched node: its call lost, never sent, not ready, knows no leader,
        names itself, names another, names nobody; its calls late for one tick, for
        the notice time, for ever
    a's override comes or goes; certificates were renewed; the connection is closed
    the timer comes in time; our process stands still for a second, then it comes

What is merged, so that the search ends: time is told from `now` and in the classes of
`_CLASSES`; numbers and serials by their order; randomness is one fixed draw; nodes
that differ by name alone are one (they are named anew by where they first appear). The
first state found stands for its class, so the search proves nothing about the others:
random schedules look there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import Action, Open, Publish, ReadGossip
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.chance import Chance
from kurrent_conn.core.cluster import Member, NodePreference, NodeState
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    CallsLate,
    Closed,
    Event,
    GossipFailed,
    GossipRead,
    RulesChanged,
    TrustChanged,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.state import Node, Plan, State
from kurrent_conn.testing.virtual.canonical import canonical, rebased
from kurrent_conn.testing.virtual.feature import Features, features_of

NODES: Final = tuple(Endpoint(f"10.0.0.{number}") for number in (1, 2, 3))
RULES: Final = (
    Overrides(),
    Overrides((Override(exact=NODES[0].host, target="10.0.1.1"),)),
)
PLAN: Final = Plan(seeds=NODES, router=RULES[0], max_rounds=3, condemn_s=2.0)
WITHIN_S: Final = 3.0
TICK_S: Final = 0.05
MOST_WAITS: Final = 2

_LEADER, _FOLLOWER, _UNKNOWN = NodeState.LEADER, NodeState.FOLLOWER, NodeState.UNKNOWN


def _view(a: NodeState, b: NodeState, *, alive: bool = True) -> tuple[Member, ...]:
    return (
        Member(NODES[0], a, is_alive=alive),
        Member(NODES[1], b, is_alive=True),
        Member(NODES[2], _FOLLOWER if _LEADER in {a, b} else _UNKNOWN, is_alive=True),
    )


VIEWS: Final = (
    _view(_LEADER, _FOLLOWER),
    _view(_LEADER, _LEADER, alive=False),
    _view(_UNKNOWN, _UNKNOWN),
    _view(_LEADER, _LEADER),
    (),
)
FAILURES: Final = (
    (Verdict.NEVER_SENT, False, False),
    (Verdict.LATE, False, False),
    (Verdict.ANSWERED, True, True),
    (Verdict.UNSURE, False, True),
    (Verdict.BAD_TLS, False, False),
)
CALL_ENDS: Final = (
    (Verdict.LOST, None),
    (Verdict.NEVER_SENT, None),
    (Verdict.NOT_READY, None),
    (Verdict.NO_LEADER, None),
    (Verdict.NOT_LEADER, None),
    (Verdict.NOT_LEADER, NODES[0]),
    (Verdict.NOT_LEADER, NODES[1]),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """Something that happens: a few events, each after a while.

    Args:
        name: In words.
        events: The events, each with the seconds that pass before it.
    """

    name: str
    events: tuple[tuple[float, Event], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Args:
        states: How many distinct states.
        steps: How many letters were tried.
        depth: How many letters lie between the start and the last states.
        is_complete: Whether every state of that depth was reached.
        visited: The situations that those states are in.
        broken: Broken promises: what, and the letters that lead there.
    """

    states: int
    steps: int
    depth: int
    is_complete: bool
    visited: frozenset[Features]
    broken: tuple[tuple[str, tuple[str, ...]], ...]


def alphabet(state: State) -> Iterator[Letter]:
    """List what may happen in a state; its `now` is 0."""
    number = max((w.number for w in state.waiters), default=0) + 1
    if len(state.waiters) < MOST_WAITS:
        for wanted in (NodePreference.LEADER, NodePreference.FOLLOWER, None):
            event = Wanted(number, wanted, WITHIN_S)
            yield Letter(f"want {wanted or 'news'}", ((0.0, event),))
    if state.waiters:
        oldest = Abandoned(state.waiters[0].number)
        yield Letter("abandon", ((0.0, oldest),))
    yield from _answers(state)
    for node in _nodes(state):
        yield from _ends_of_calls(node)
    if not state.closed:
        other = RULES[state.plan.router == RULES[0]]
        yield Letter("rules changed", ((0.0, RulesChanged(other)),))
        yield Letter("trust changed", ((0.0, TrustChanged()),))
        yield Letter("closed", ((0.0, Closed()),))
    if state.wake_at is not None:
        yield Letter("woke", ((max(state.wake_at, 0.0), Woke()),))
        yield Letter("stood still", ((max(state.wake_at, 0.0) + 1.0, Woke()),))


def _answers(state: State) -> Iterator[Letter]:
    reads = [*state.reads, *(v.probe for v in state.vigils if v.probe)]
    for read in reads:
        who = read.candidate.endpoint.host
        for index, view in enumerate(VIEWS):
            said = GossipRead(read.number, view, 0.001)
            yield Letter(f"{who} says view {index}", ((0.001, said),))
        for verdict, denied, answered in FAILURES:
            failed = GossipFailed(
                read.number,
                verdict,
                Phase.GOSSIP,
                "it failed",
                denied=denied,
                answered=answered,
            )
            yield Letter(f"read of {who} fails: {verdict}", ((0.001, failed),))


def _nodes(state: State) -> list[Node]:
    nodes = [*state.chosen.values(), *(v.node for v in state.vigils)]
    return list(dict.fromkeys(nodes))


def _ends_of_calls(node: Node) -> Iterator[Letter]:
    who = node.advertised.host
    for verdict, leader in CALL_ENDS:
        failed = CallFailed(node, verdict, leader)
        yield Letter(f"call on {who}: {verdict} {leader or ''}", ((0.0, failed),))
    for ticks in (1, 12, 45):
        late = tuple((TICK_S, CallsLate(node, -0.1)) for _ in range(ticks))
        yield Letter(f"calls on {who} late for {ticks} ticks", late)


def beginning(*opened: NodePreference) -> State:
    """Give a state to begin from: all is well, and some preferences have a node.

    Args:
        opened: Whose nodes are open; a leads.
    """
    state, now = core_state.start(PLAN, seed=0), 0.0
    for number, preference in enumerate(opened, 1):
        state, _ = advance(state, Wanted(number, preference, now + WITHIN_S), now)
        while preference not in state.chosen:
            now += 0.001
            said = GossipRead(state.reads[0].number, VIEWS[0], 0.001)
            state, _ = advance(state, said, now)
        now += WITHIN_S  # whatever paces searches has come to rest
    return rebased(replace(state, chance=Chance(0)), now)


def search(depth: int, most_states: int | None = None) -> Found:
    """Visit all states that so many letters lead to.

    Args:
        depth: How many letters.
        most_states: Stop after so many states; None never.
    """
    tour = _Tour()
    layer: list[_Way] = [
        (beginning(), ("at the beginning",)),
        (beginning(NodePreference.LEADER), ("the leader is open",)),
        (
            beginning(NodePreference.LEADER, NodePreference.FOLLOWER),
            ("leader and follower are open",),
        ),
    ]
    for state, _ in layer:
        tour.is_new(state)
    for level in range(1, depth + 1):
        following: list[_Way] = []
        for way in layer:
            following += tour.ways_on(way)
            if most_states is not None and len(tour.seen) >= most_states:
                return tour.found(level, is_complete=False)
        layer = following
    return tour.found(depth, is_complete=True)


_Way = tuple[State, tuple[str, ...]]
"""A state, and the letters that led there."""


class _Tour:
    """What a search has seen so far."""

    def __init__(self) -> None:
        self.seen: set[Hashable] = set()
        self._visited: set[Features] = set()
        self._broken: list[tuple[str, tuple[str, ...]]] = []
        self._steps = 0

    def is_new(self, state: State) -> bool:
        """Note a state; tell whether no other of its class was seen before."""
        before = len(self.seen)
        self.seen.add(canonical(state))
        if len(self.seen) == before:
            return False
        self._visited.add(features_of(state))
        return True

    def ways_on(self, way: _Way) -> Iterator[_Way]:
        """Try every letter in a state; give the new states."""
        state, path = way
        for letter in alphabet(state):
            self._steps += 1
            after, why = _follow(state, letter)
            further = (*path, letter.name)
            if why:
                self._broken.append((why, further))
            if self.is_new(after):
                yield after, further

    def found(self, depth: int, *, is_complete: bool) -> Found:
        """Sum up."""
        return Found(
            states=len(self.seen),
            steps=self._steps,
            depth=depth,
            is_complete=is_complete,
            visited=frozenset(self._visited),
            broken=tuple(self._broken),
        )


def _follow(state: State, letter: Letter) -> tuple[State, str]:
    """Take a letter's events; give the state after them, told from its own now."""
    now, why = 0.0, ""
    for after_s, event in letter.events:
        now += after_s
        before = state
        state, actions = advance(state, event, now)
        state = replace(state, chance=Chance(0))
        why = why or broken_promise(before, state, actions, event, now)
    return rebased(state, now), why


def broken_promise(
    before: State,
    state: State,
    actions: tuple[Action, ...],
    event: Event,
    now: float,
) -> str:
    """Say which promise a step breaks; empty when it keeps them all."""
    suspects = [n for n in state.chosen.values() if n.advertised in state.suspects]
    routes = [r.candidate.route for r in state.reads]
    generations = [
        before.topology.generation,
        *(a.topology.generation for a in actions if isinstance(a, Publish)),
    ]
    # A node whose calls still run is probed where they go, whatever the rules say now.
    probes = {v.probe.number for v in state.vigils if v.probe}
    dials = [
        (a.endpoint, a.route)
        for a in actions
        if isinstance(a, ReadGossip) and a.read not in probes
    ] + [(a.node.advertised, a.node.route) for a in actions if isinstance(a, Open)]
    due = [w.deadline_at for w in state.waiters]
    needed = bool(due) or any(v.is_suspect for v in state.vigils)
    held = {
        "an open node is a suspect": not suspects,
        "two reads of a search go one way": len(routes) == len(set(routes)),
        "the generation falls": generations == sorted(generations),
        "a dial past the overrides": all(
            route in state.plan.router.routes(endpoint) for endpoint, route in dials
        ),
        "a wait for news outlives them": not any(
            isinstance(a, Publish) for a in actions
        )
        or all(w.preference is not None for w in state.waiters),
        "a wait outlives its deadline": all(at > now for at in due),
        "a search without a reason": needed or state.search is None,
        "a wait without a search": state.search is not None or not due,
        "a wait without a timer": not due or state.wake_at is not None,
        "the timer is later than a deadline": state.wake_at is None
        or all(state.wake_at <= at for at in due),
        "a search that waits for nothing": state.search is None
        or state.search.next_wave_at is not None
        or state.search.next_round_at is not None
        or bool(state.reads),
    }
    return "; ".join(f"{why} after {event}" for why, kept in held.items() if not kept)
