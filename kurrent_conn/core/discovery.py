"""The state machine: `advance(state, event, now) -> (state, actions)`.

All of discovery, routing and failover, without a clock, a socket or a thread.

    event         what it does
    Wanted        a node is open: `Open` at once; else a search begins
    Abandoned     the wait ends; without waits the search ends
    GossipRead    belief is renewed; each wait that a member fits ends with `Open`;
                  a member that never answered us is asked itself first
    Resolved      the candidates that waited for a name are asked, at every address
                  better routes to open nodes are tried
    GossipFailed  the next candidates are asked, at once
    Inspected     what is wrong with a server's TLS is known: waiting does not mend it
    CallFailed    connection lost: the node is a suspect, its channel retires
                  not leader: the named leader opens at once, unless it must be asked
                  not ready, no leader: the choice is dropped, a search will tell
                  anything else: nothing moves
    CallAnswered  the failover to its node is over, and is told
    CallsLate     the node is probed; silent, it is a suspect, and others are asked;
                  disowned by one of them, it is condemned
    RulesChanged  nodes whose route is gone are opened anew, by the new rules; whom
                  only an old rule trusted is left
    TrustChanged  every channel is made anew; running calls finish
    Woke          whatever is due: waves, rounds, deadlines, trials of better routes
    Closed        every wait ends, for good

Knows members, routes and time; knows no channel. A search never closes a connection:
the next `Wanted` begins a new one. What a caller does with a failed call is decided
in `retry`.
"""

from __future__ import annotations

from typing import assert_never

from kurrent_conn.core import better_route, dialling, outage, search, vigil, wait_end
from kurrent_conn.core.actions import Action, Ending, Open, WakeAt
from kurrent_conn.core.amended import amended
from kurrent_conn.core.events import (
    Abandoned,
    CallAnswered,
    CallFailed,
    CallsLate,
    Closed,
    Event,
    GossipFailed,
    GossipRead,
    Inspected,
    Resolved,
    ResolveFailed,
    RulesChanged,
    TrustChanged,
    Wanted,
    Woke,
)
from kurrent_conn.core.matching import match_waits
from kurrent_conn.core.news import (
    gossip_failed,
    gossip_read,
    inspected,
    resolve_failed,
    resolved,
)
from kurrent_conn.core.opening import call_failed, rules_changed, trust_changed
from kurrent_conn.core.state import State, Waiter
from kurrent_conn.core.turn import Turn


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
        dialling.settle(turn)
    elif isinstance(event, Wanted):
        _refuse(turn, event)
    return turn.state, tuple(turn.actions)


def _take(turn: Turn, event: Event) -> None:  # noqa: C901, PLR0912 - one arm an event
    match event:  # the frequent ones first
        case GossipRead():
            gossip_read(turn, event)
        case Woke():
            search.tick(turn)
            better_route.tick(turn)
        case Wanted():
            _wanted(turn, event)
        case Resolved():
            resolved(turn, event)
        case GossipFailed():
            gossip_failed(turn, event)
        case CallsLate():
            vigil.calls_late(turn, event)
        case CallFailed():
            call_failed(turn, event)
        case CallAnswered():
            outage.answered(turn, event.node)
        case Abandoned():
            wait_end.leave(turn, (event.waiter,))
        case Inspected():
            inspected(turn, event)
        case ResolveFailed():
            resolve_failed(turn, event)
        case RulesChanged():
            if rules_changed(turn, event.router):
                search.reroute(turn)
        case TrustChanged():
            trust_changed(turn)
        case Closed():
            wait_end.give_up(turn, Ending.CLOSED, "the connection was closed")
            turn.state = amended(turn.state, closed=True, chosen={})
        case _:
            assert_never(event)


def _settle(turn: Turn) -> None:
    """End waits that are over, and ask to be woken for what comes next."""
    late = [w.number for w in turn.state.waiters if w.deadline_at <= turn.now]
    if late:
        reason = _deadline_reason(turn.state)
        wait_end.give_up(turn, Ending.DEADLINE, reason, tuple(late))
    vigil.end_idle(turn)
    if turn.state.search is not None and not wait_end.is_needed(turn.state):
        wait_end.end(turn)
    better_route.plan(turn)
    due = [w.deadline_at for w in turn.state.waiters]
    if turn.state.trial is not None:
        due.append(turn.state.trial.at)
    if (next_ask := search.due_at(turn)) is not None:
        due.append(next_ask)
    wake_at = min(due, default=None)
    is_overdue = wake_at is not None and wake_at <= turn.now
    if wake_at != turn.state.wake_at or is_overdue:
        # One timer was for all that had come due; what is left needs another.
        turn.act(WakeAt(wake_at))
        turn.state = amended(turn.state, wake_at=wake_at)


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


def _wanted(turn: Turn, event: Wanted) -> None:
    node = turn.state.chosen.get(event.preference) if event.preference else None
    if node is not None and event.preference is not None:
        turn.act(Open(event.preference, node))
        return
    if event.preference is not None:
        outage.wanted(turn, event.preference)
    search_now = turn.state.search
    waiter = Waiter(
        event.waiter,
        event.preference,
        event.deadline_at,
        after_rounds=search_now.ended_rounds if search_now else 0,
    )
    turn.state = amended(
        turn.state,
        waiters=(*turn.state.waiters, waiter),
    )
    if turn.state.search is None:
        search.begin(turn)
    elif turn.state.search.unmatched_since is not None:
        # The search of somebody else may have heard enough already.
        match_waits(turn)


def _refuse(turn: Turn, event: Wanted) -> None:
    turn.state = amended(
        turn.state, waiters=(Waiter(event.waiter, event.preference, event.deadline_at),)
    )
    wait_end.give_up(turn, Ending.CLOSED, "the connection is closed")
