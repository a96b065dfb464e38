"""How waits for a node end without one, and when nobody needs a search any more."""

from __future__ import annotations

from kurrent_conn.core import outage
from kurrent_conn.core.actions import CancelRead, Ending, GiveUp
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.inspection import findings, has_found
from kurrent_conn.core.notice import SearchFailed
from kurrent_conn.core.state import State
from kurrent_conn.core.turn import Turn


def is_needed(state: State) -> bool:
    """Tell whether somebody waits, or a silent node is asked about."""
    return bool(state.waiters) or any(v.is_suspect for v in state.vigils)


def end(turn: Turn) -> None:
    """End the search; reads in flight are stopped and forgotten."""
    turn.act(*(CancelRead(read.number) for read in turn.state.reads))
    turn.state = amended(turn.state, search=None, reads=(), ask_first=None)


def give_up(
    turn: Turn,
    ending: Ending,
    reason: str,
    waiters: tuple[int, ...] | None = None,
    untrusted: tuple[str, str] | None = None,
) -> None:
    """End waits with an error; without waiters left the search ends too.

    Args:
        turn: The draft.
        ending: Why.
        reason: Why, in one sentence.
        waiters: Whose waits; None means everybody's.
        untrusted: With `Ending.UNTRUSTED`, the host and who named it.
    """
    state = turn.state
    ended = tuple(
        waiter.number
        for waiter in state.waiters
        if waiters is None or waiter.number in waiters
    )
    leave(turn, ended)
    attempts = (state.search.attempts if state.search else ()) + _in_flight(turn)
    found = findings(state.search)
    turn.act(GiveUp(ended, ending, reason, attempts, untrusted, found))
    if not turn.state.waiters:
        if ended:
            turn.note(SearchFailed(reason))
        end(turn)


def leave(turn: Turn, waiters: tuple[int, ...]) -> None:
    """Take waits off the list that end without a node.

    Args:
        turn: The draft.
        waiters: Their numbers.
    """
    for waiter in turn.state.waiters:
        if waiter.number in waiters:
            outage.wait_ended(turn, waiter.preference)
    turn.state = amended(
        turn.state,
        waiters=tuple(w for w in turn.state.waiters if w.number not in waiters),
    )


def _in_flight(turn: Turn) -> tuple[Attempt, ...]:
    """Write down what was still under way: unresolved names, unanswered reads."""
    search = turn.state.search
    unresolved = tuple(
        Attempt(
            c.endpoint, c.route, Phase.RESOLVE, "its name is still looked up", c.source
        )
        for c in (search.unresolved if search else ())
        if c.route.dial.host in turn.state.resolving
    )
    return unresolved + tuple(
        Attempt(
            endpoint=read.candidate.endpoint,
            route=read.candidate.route,
            phase=Phase.CONNECT,
            cause=f"no answer for {turn.now - read.began_at:.1f} s",
            source=read.candidate.source,
            hint="the host drops packets, or the node is starting or frozen",
        )
        for read in turn.state.reads
        if not has_found(search, read.candidate)  # then it is known what is wrong
    )
