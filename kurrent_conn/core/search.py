"""The search for a node: when to ask for gossip, and when again.

Two clocks. While *nobody answers*, candidates are asked in waves of 1, 2 and 4, a
stagger apart (at once when one fails), and `rounds` follow each other after growing
pauses. While the cluster *answers without a match*, the `election` has its own. Reads
stay in flight until one answer wins, so a black hole costs a stagger and never a
timeout.

Keeps the time and counts; whom to ask is decided in `inquiry`, what an answer means in
`news`.
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.core import election, rounds
from kurrent_conn.core.actions import CancelRead
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt
from kurrent_conn.core.backoff import election_interval_s
from kurrent_conn.core.belief import candidates, is_by_rule
from kurrent_conn.core.hope import end_if_hopeless
from kurrent_conn.core.inquiry import (
    CONNECT_AHEAD,
    ask_wave,
    connect_ahead,
    refill,
)
from kurrent_conn.core.notice import EndpointFailed
from kurrent_conn.core.state import Candidate, Search
from kurrent_conn.core.turn import Turn

CONNECT_AHEAD_AFTER_S: Final = 0.006
"""An answer that is not there by then comes from afar. Meanwhile two candidates can
connect, and are ready no later than it.

From near it is there, and three handshakes at once would cost what two in a row do. So
only the very next candidate connects at once: of three nodes it leads every other time
that the first does not.
"""

RESTED_S: Final = 1.0
"""A search that begins so long after the one before begins at once."""


def begin(turn: Turn) -> None:
    """Begin a search: shuffle the candidates and ask the first.

    At once, unless searches follow each other: then each success failed, or each wait
    was in vain, and the election clock paces them. Otherwise callers who try again
    and again would ask as often as the cluster can answer.
    """
    if turn.state.search is not None:
        return
    state = turn.state
    begin_at, since, chance = turn.now, state.restless_since, state.chance
    if turn.now - state.searched_at > RESTED_S:
        since = turn.now
    else:
        draw, chance = chance.uniform()
        pause = election_interval_s(turn.now - since, draw)
        begin_at = max(turn.now, state.searched_at + pause)
    turn.state = amended(
        state,
        search=Search(
            tie=chance,
            next_wave_at=begin_at,
            connect_at=begin_at + CONNECT_AHEAD_AFTER_S,
        ),
        chance=chance,
        searched_at=begin_at,
        restless_since=since,
    )
    refill(turn)
    if begin_at <= turn.now:
        ask_wave(turn)
        connect_next(turn)


def connect_next(turn: Turn) -> None:
    """Let those connect whose turn comes next: one, or two if the first is far away."""
    search = turn.state.search
    if search is not None and search.unmatched_since is None:
        connect_ahead(turn, CONNECT_AHEAD if search.connect_at is None else 1)


def failed(turn: Turn, candidate: Candidate, attempt: Attempt, fatal: bool) -> None:
    """Record that a candidate gave no answer, and go on.

    Args:
        turn: The draft; the read is no longer in flight.
        candidate: Who was asked.
        attempt: Why it gave nothing.
        fatal: Whether waiting cannot mend it.
    """
    search = turn.state.search
    if search is None:
        return
    key = (candidate.endpoint, candidate.route)
    earlier = tuple(a for a in search.attempts if (a.endpoint, a.route) != key)
    search = amended(
        search,
        attempts=(*earlier, attempt),
        silent_streak=search.silent_streak + 1,
        fatal=search.fatal | {key} if fatal else search.fatal - {key},
    )
    _update(turn, search)
    turn.note(EndpointFailed(attempt))
    if search.unmatched_since is None:
        _after_failure(turn, search)
    elif search.silent_streak > len(candidates(turn.state)):
        # Nobody of a cluster that did answer does so any more: the election clock
        # would ask a dead cluster for ever.
        _update(turn, amended(search, unmatched_since=None, next_wave_at=None))
        rounds.plan(turn)


def _after_failure(turn: Turn, search: Search) -> None:
    if search.queue:
        ask_wave(turn)
        search = turn.state.search or search
    if not search.queue and not end_if_hopeless(turn):
        rounds.plan(turn)


def reroute(turn: Turn) -> None:
    """Ask by the new rules only; others are due.

    Reads end that go by routes that are gone, or to hosts that are not trusted now.
    """
    search = turn.state.search
    if search is None:
        return
    kept = tuple(r for r in turn.state.reads if is_by_rule(turn.state, r.candidate))
    turn.act(*(CancelRead(r.number) for r in turn.state.reads if r not in kept))
    turn.state = amended(
        turn.state,
        reads=kept,
        search=amended(
            search, wave=1, unresolved=(), pause_ends_at=None, next_round_at=None
        ),
    )
    refill(turn)
    if search.unmatched_since is None:
        ask_wave(turn)
        rounds.plan_if_idle(turn)


def tick(turn: Turn) -> None:
    """Do what is due now: the next wave, the next election read, the next round."""
    search = turn.state.search
    if search is None:
        return
    if search.connect_at is not None and search.connect_at <= turn.now:
        _update(turn, amended(search, connect_at=None))
        connect_next(turn)
        search = turn.state.search or search
    if search.next_wave_at is not None and search.next_wave_at <= turn.now:
        if search.unmatched_since is None:
            ask_wave(turn)
        else:
            election.ask_next(turn)
    elif search.next_round_at is not None and search.next_round_at <= turn.now:
        rounds.begin_next(turn)


def due_at(turn: Turn) -> float | None:
    """Say when the search must be looked at again, monotonic seconds."""
    search = turn.state.search
    if search is None:
        return None
    due = (search.connect_at, search.next_wave_at, search.next_round_at)
    return min([at for at in due if at is not None], default=None)


def _update(turn: Turn, search: Search) -> None:
    turn.state = amended(turn.state, search=search)
