"""The state machine: `advance(state, event, now) -> (state, actions)`.

All of discovery, routing and failover, without a clock, a socket or a thread.

    event         what it does
    Wanted        a node is open: `Open` at once; else a search begins
    Abandoned     the wait ends; without waits the search ends
    GossipRead    belief is renewed; each wait that a member fits ends with `Open`;
                  a member that never answered us is asked itself first
    GossipFailed  the next candidates are asked, at once
    CallFailed    connection lost: the node is a suspect, its channel retires
                  not leader: the named leader opens at once, unless it must be asked
                  not ready, no leader: the choice is dropped, a search will tell
                  anything else: nothing moves
    Woke          whatever is due: waves, rounds, deadlines
    Closed        every wait ends, for good

Knows members, routes and time; knows no channel. A search never closes a connection:
the next `Wanted` begins a new one. What a caller does with a failed call is decided
in `retry`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kurrent_conn.core import search
from kurrent_conn.core.actions import Action, Ending, Open, Publish, Retire, WakeAt
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.belief import (
    answerers,
    best,
    chooses_by_gossip,
    is_self,
    is_trusted,
    leaders,
)
from kurrent_conn.core.cluster import Member, NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    Closed,
    Event,
    GossipFailed,
    GossipRead,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import (
    FellBack,
    NodeLost,
    NodeOpened,
    RedirectRefused,
    TopologyChanged,
)
from kurrent_conn.core.route import Route
from kurrent_conn.core.selection import Choice, rank
from kurrent_conn.core.state import Candidate, Node, Read, State, Waiter
from kurrent_conn.core.turn import Turn

_DEAD = frozenset({Verdict.NEVER_SENT, Verdict.LOST, Verdict.BAD_TLS})
_FATAL = frozenset({Verdict.BAD_TLS})


def advance(state: State, event: Event, now: float) -> tuple[State, tuple[Action, ...]]:
    """Take one event into account.

    Args:
        state: The state before it; left alone.
        event: What happened.
        now: Monotonic seconds, never less than at the call before.

    Returns:
        The state after it, and what the shell is to do, in order.
    """
    turn = Turn(state, now)
    if not state.closed:
        _take(turn, event)
        _settle(turn)
    elif isinstance(event, Wanted):
        _refuse(turn, event)
    return turn.state, tuple(turn.actions)


def _take(turn: Turn, event: Event) -> None:
    match event:
        case Wanted():
            _wanted(turn, event)
        case Abandoned():
            turn.state = replace(
                turn.state,
                waiters=tuple(
                    w for w in turn.state.waiters if w.number != event.waiter
                ),
            )
        case GossipRead():
            _gossip_read(turn, event)
        case GossipFailed():
            _gossip_failed(turn, event)
        case CallFailed():
            _call_failed(turn, event)
        case Woke():
            search.tick(turn)
        case Closed():
            search.give_up(turn, Ending.CLOSED, "the connection was closed")
            turn.state = replace(turn.state, closed=True, chosen={})
        case _:
            assert_never(event)


def _settle(turn: Turn) -> None:
    """End waits that are over, and ask to be woken for what comes next."""
    late = tuple(w.number for w in turn.state.waiters if w.deadline_at <= turn.now)
    if late:
        search.give_up(turn, Ending.DEADLINE, _deadline_reason(turn.state), late)
    if turn.state.search is not None and not turn.state.waiters:
        search.end(turn)
    due = [w.deadline_at for w in turn.state.waiters]
    if (next_ask := search.due_at(turn)) is not None:
        due.append(next_ask)
    wake_at = min(due, default=None)
    if wake_at != turn.state.wake_at:
        turn.act(WakeAt(wake_at))
        turn.state = replace(turn.state, wake_at=wake_at)


def _deadline_reason(state: State) -> str:
    if state.search is not None and state.search.unmatched_since is not None:
        listed = ", ".join(
            f"{m.advertised} {m.state_name}{'' if m.is_alive else ' (dead)'}"
            for m in state.topology.members
        )
        return (
            "the cluster answered, but no member fitted before the deadline; "
            f"last seen: {listed or 'no member at all'}"
        )
    return "no endpoint gave an answer before the deadline"


# --- callers ---------------------------------------------------------------------


def _wanted(turn: Turn, event: Wanted) -> None:
    node = turn.state.chosen.get(event.preference) if event.preference else None
    if node is not None and event.preference is not None:
        turn.act(Open(event.preference, node))
        return
    waiter = Waiter(event.waiter, event.preference, event.deadline_at)
    turn.state = replace(
        turn.state,
        waiters=(*turn.state.waiters, waiter),
        ask_first=event.ask_first or turn.state.ask_first,
    )
    if turn.state.search is None:
        search.begin(turn)
    elif event.preference is not None:
        # A search for somebody else may have learned enough already.
        _match(turn, frozenset())


def _refuse(turn: Turn, event: Wanted) -> None:
    turn.state = replace(
        turn.state, waiters=(Waiter(event.waiter, event.preference, event.deadline_at),)
    )
    search.give_up(turn, Ending.CLOSED, "the connection is closed")


# --- gossip ----------------------------------------------------------------------


def _gossip_read(turn: Turn, event: GossipRead) -> None:
    read = _finish(turn, event.read)
    if read is None:
        return
    heard = answerers(turn.state, read.candidate, event.members)
    turn.state = replace(
        turn.state,
        round_trip_s=event.round_trip_s,
        suspects=turn.state.suspects - heard - {read.candidate.endpoint},
        proven={
            **turn.state.proven,
            **dict.fromkeys(heard, read.candidate.route),
        },
    )
    _believe(turn, event.members, read.candidate.endpoint)
    _revise(turn, heard)
    _end_news_waits(turn)
    _use_seed_as_it_is(turn, read.candidate)
    _match(turn, heard)
    if turn.state.waiters:
        search.unmatched(turn)


def _gossip_failed(turn: Turn, event: GossipFailed) -> None:
    read = _finish(turn, event.read)
    if read is None:
        return
    if event.denied and _may_try_credentials(turn.state, read):
        turn.state = replace(turn.state, gossip_needs_credentials=True)
        search.ask(turn, read.candidate)
        return
    if event.verdict in _DEAD or event.verdict is Verdict.LATE:
        _retire_unused(turn, read.candidate.route)
    if event.answered and not event.denied:
        _use_seed_as_it_is(turn, read.candidate)
    candidate = read.candidate
    if turn.state.topology.member(candidate.endpoint) is not None:
        turn.state = replace(
            turn.state, suspects=turn.state.suspects | {candidate.endpoint}
        )
    attempt = Attempt(
        endpoint=candidate.endpoint,
        route=candidate.route,
        phase=event.phase,
        cause=event.cause,
        source=candidate.source,
        hint=_hint(candidate, event.phase),
    )
    fatal = event.verdict in _FATAL or event.denied
    search.failed(turn, candidate, attempt, fatal)
    if turn.state.search is not None and turn.state.search.unmatched_since is not None:
        _match(turn, frozenset())


def _finish(turn: Turn, number: int) -> Read | None:
    """Take a read off the list; None when its news is no longer wanted."""
    read = next((r for r in turn.state.reads if r.number == number), None)
    if read is not None:
        turn.state = replace(
            turn.state, reads=tuple(r for r in turn.state.reads if r is not read)
        )
    return read


def _may_try_credentials(state: State, read: Read) -> bool:
    return (
        not read.with_credentials
        and state.plan.has_credentials
        and state.plan.may_send_credentials
    )


def _hint(candidate: Candidate, phase: Phase) -> str:
    unreachable = phase in {Phase.RESOLVE, Phase.CONNECT}
    if unreachable and candidate.source != "seed" and candidate.route.rule is None:
        host = candidate.endpoint.host
        return (
            f'if {host} is not reachable from here, add an override: exact = "{host}", '
            'target = "<where it is reachable>"'
        )
    return ""


def _believe(turn: Turn, members: tuple[Member, ...], told_by: Endpoint) -> None:
    """Publish what was heard, where it differs from what was believed."""
    believed = [m for m in leaders(members) if m.advertised not in turn.state.suspects]
    newest = max(believed, key=lambda m: m.time_stamp_s, default=None)
    leader = newest.advertised if newest else None
    before = turn.state.topology
    if before.generation and (before.members, before.leader) == (members, leader):
        return
    _publish(turn, Topology(members, leader, before.generation + 1, told_by))


def _publish(turn: Turn, topology: Topology) -> None:
    turn.state = replace(turn.state, topology=topology)
    turn.act(Publish(topology))
    turn.note(TopologyChanged(topology))


def _end_news_waits(turn: Turn) -> None:
    """End the waits that any answer satisfies."""
    if any(waiter.preference is None for waiter in turn.state.waiters):
        turn.act(Publish(turn.state.topology))
        turn.state = replace(
            turn.state,
            waiters=tuple(w for w in turn.state.waiters if w.preference is not None),
        )


def _revise(turn: Turn, heard: frozenset[Endpoint]) -> None:
    """Drop open nodes that the answer disowns.

    A leader is disowned only by its own word: a lagging follower's hearsay must not
    move a connection that works. Other roles by any word of death.
    """
    for preference, node in dict(turn.state.chosen).items():
        if not chooses_by_gossip(turn.state, preference):
            continue
        member = turn.state.topology.member(node.advertised)
        serves = member is not None and rank(member, preference) is not None
        hearsay = preference is NodePreference.LEADER and node.advertised not in heard
        if not serves and not hearsay:
            _drop(turn, preference)


def _use_seed_as_it_is(turn: Turn, candidate: Candidate) -> None:
    """Open the one host of the connection string, whatever its state."""
    if candidate.endpoint not in turn.state.plan.seeds:
        return
    for waiter in turn.state.waiters:
        wanted = waiter.preference
        if wanted is not None and not chooses_by_gossip(turn.state, wanted):
            _open(turn, wanted, candidate.endpoint, candidate.route, "used as given")


def _match(turn: Turn, heard: frozenset[Endpoint]) -> None:
    """Open a node for every wait that a member fits; ask members not proven yet."""
    for preference in dict.fromkeys(w.preference for w in turn.state.waiters):
        if preference is None or not chooses_by_gossip(turn.state, preference):
            continue
        choice = best(turn.state, preference)
        if choice is None:
            _ask_claimed(turn, preference, heard)
        elif choice.member.advertised in turn.state.proven:
            _open_choice(turn, preference, choice)
        else:
            search.ask_directly(turn, choice.member.advertised)


def _ask_claimed(
    turn: Turn, preference: NodePreference, heard: frozenset[Endpoint]
) -> None:
    """Ask the leader that is claimed but suspected, or say that it is not trusted."""
    for member in leaders(turn.state.topology.members):
        if not is_trusted(turn.state, member.advertised):
            search.give_up(
                turn,
                Ending.UNTRUSTED,
                f"{member.advertised} is outside trusted_names",
                tuple(
                    w.number for w in turn.state.waiters if w.preference is preference
                ),
                (member.advertised.host, str(turn.state.topology.told_by)),
            )
        elif heard and preference is NodePreference.LEADER:
            search.ask_directly(turn, member.advertised)


def _open_choice(turn: Turn, preference: NodePreference, choice: Choice) -> None:
    advertised = choice.member.advertised
    route = turn.state.proven[advertised]
    _open(turn, preference, advertised, route, "chosen from gossip")
    if choice.fell_back:
        turn.note(FellBack(preference, advertised, choice.member.state))


# --- nodes -----------------------------------------------------------------------


def _open(
    turn: Turn, preference: NodePreference, advertised: Endpoint, route: Route, why: str
) -> None:
    """Send a preference's calls to a node, and end the waits for it."""
    state = turn.state
    shared = next(
        (
            node
            for node in state.chosen.values()
            if (node.advertised, node.route) == (advertised, route)
        ),
        None,
    )
    node = shared or Node(advertised, route, state.next_serial)
    turn.act(Open(preference, node))
    if state.chosen.get(preference) != node:
        turn.note(NodeOpened(preference, advertised, route, why))
    turn.state = replace(
        state,
        chosen={**state.chosen, preference: node},
        next_serial=max(state.next_serial, node.serial + 1),
        waiters=tuple(w for w in state.waiters if w.preference is not preference),
    )


def _drop(turn: Turn, preference: NodePreference) -> None:
    turn.state = replace(
        turn.state,
        chosen={p: n for p, n in turn.state.chosen.items() if p is not preference},
    )


def _retire_unused(turn: Turn, route: Route) -> None:
    if all(node.route != route for node in turn.state.chosen.values()):
        turn.act(Retire(route))


def _call_failed(turn: Turn, event: CallFailed) -> None:
    current = {p for p, n in turn.state.chosen.items() if n.serial == event.node.serial}
    if event.verdict is Verdict.NOT_LEADER:
        _redirect(turn, event.node, event.leader)
    elif event.verdict in _DEAD and current:
        _lose(turn, event.node, event.verdict)
    elif event.verdict in {Verdict.NOT_READY, Verdict.NO_LEADER}:
        for preference in current:
            if chooses_by_gossip(turn.state, preference):
                _drop(turn, preference)


def _lose(turn: Turn, node: Node, verdict: Verdict) -> None:
    """Suspect a node whose connection died, and use a fresh channel next time."""
    state = turn.state
    turn.state = replace(
        state,
        chosen={p: n for p, n in state.chosen.items() if n.serial != node.serial},
        suspects=state.suspects | {node.advertised},
        proven={e: r for e, r in state.proven.items() if e != node.advertised},
    )
    turn.act(Retire(node.route))
    turn.note(NodeLost(node.advertised, verdict))


def _redirect(turn: Turn, node: Node, leader: Endpoint | None) -> None:
    """Follow a not-leader answer straight to the leader that it names."""
    state = turn.state
    opened = state.chosen.get(NodePreference.LEADER)
    if not state.plan.follow:
        turn.note(RedirectRefused(node.advertised, leader, "follow is off"))
    elif opened is not None and opened.serial > node.serial:
        return  # somebody moved on already: this is old news
    elif leader is None or is_self(state, node, leader):
        why = "it names itself" if leader else "it names nobody"
        turn.note(RedirectRefused(node.advertised, leader, why))
        if chooses_by_gossip(state, NodePreference.LEADER):
            _drop(turn, NodePreference.LEADER)
    elif not is_trusted(state, leader):
        turn.note(RedirectRefused(node.advertised, leader, "outside trusted_names"))
    elif opened is None or opened.advertised != leader:
        _follow(turn, node, leader)


def _follow(turn: Turn, node: Node, leader: Endpoint) -> None:
    routes = turn.state.plan.router.routes(leader)
    route = turn.state.proven.get(leader)
    turn.state = replace(turn.state, redirected=True)
    if leader in turn.state.suspects or (route is None and len(routes) > 1):
        turn.state = replace(turn.state, ask_first=leader)
        _drop(turn, NodePreference.LEADER)
        return
    before = turn.state.topology
    if before.leader != leader:
        _publish(
            turn,
            Topology(before.members, leader, before.generation + 1, node.advertised),
        )
    _open(turn, NodePreference.LEADER, leader, route or routes[0], "redirected")
