"""The search for a node: when to ask for gossip, and when again.

Two clocks. While *nobody answers*, candidates are asked in waves of 1, 2 and 4, a
stagger apart (at once when one fails), and rounds follow each other after growing
pauses. While the cluster *answers without a match* (an election), one candidate after
another is asked at a short interval. Reads stay in flight until one answer wins, so a
black hole costs a stagger and never a timeout.

Keeps the time and counts; whom to ask is decided in `inquiry`, what an answer means in
`news`.
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.core import wait_end
from kurrent_conn.core.actions import CancelRead, Ending
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.backoff import (
    election_interval_s,
    look_pause_s,
    round_pause_s,
    stagger_s,
)
from kurrent_conn.core.belief import candidates, is_by_rule
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.inquiry import (
    CONNECT_AHEAD,
    ask_next,
    ask_wave,
    connect_ahead,
    refill,
)
from kurrent_conn.core.notice import EndpointFailed
from kurrent_conn.core.resolution import dials
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Candidate, Search, State
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


def unmatched(turn: Turn) -> None:
    """Note that the cluster answered without a match: the election clock runs."""
    search = turn.state.search
    if search is None:
        return
    if _is_next_planned(search, turn.now):
        if search.silent_streak:
            _update(turn, amended(search, silent_streak=0))
        return
    since = turn.now if search.unmatched_since is None else search.unmatched_since
    draw, chance = turn.state.chance.uniform()
    asked_directly = bool(turn.state.reads) and search.unmatched_since is None
    pause = (
        stagger_s(turn.state.round_trip_s)
        if asked_directly
        else election_interval_s(turn.now - since, draw)
    )
    turn.state = amended(
        turn.state,
        chance=chance,
        search=amended(
            search,
            unmatched_since=since,
            silent_streak=0,
            connect_at=None,
            pause_ends_at=None,
            next_round_at=None,
            next_wave_at=turn.now + pause,
        ),
    )


def _is_next_planned(search: Search, now: float) -> bool:
    """Tell whether the next read of an election comes in time already.

    Then no answer moves it, be it a probe's. It does not where a member was asked
    directly, and was given longer to answer.
    """
    since, at = search.unmatched_since, search.next_wave_at
    if since is None or at is None:
        return False
    return at - now <= election_interval_s(now - since, 1.0)


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
        _plan_round(turn)


def _after_failure(turn: Turn, search: Search) -> None:
    if search.queue:
        ask_wave(turn)
        search = turn.state.search or search
    if not search.queue and not end_if_hopeless(turn):
        _plan_round(turn)


def end_if_hopeless(turn: Turn) -> bool:
    """Give up when every candidate failed in a way that waiting cannot mend.

    Not before it is known why: looks at certificates are short.

    Returns:
        Whether there is no hope.
    """
    search = turn.state.search
    if (
        search is None
        or search.queue
        or turn.state.reads
        or not all(
            _failed_for_good(turn.state, c.endpoint, c.route)
            for c in candidates(turn.state)
        )
    ):
        return False
    if not search.looking:
        wait_end.give_up(
            turn,
            Ending.FATAL,
            "no node could be had, and waiting will not mend it: every endpoint "
            "failed its TLS or credentials check",
        )
    return True


def is_fatal(state: State, advertised: Endpoint) -> bool:
    """Tell whether every route to a member failed in a way that waiting cannot mend.

    Args:
        state: What the connection believes.
        advertised: The member.
    """
    return all(
        _failed_for_good(state, advertised, route)
        for route in state.plan.router.routes(advertised)
    )


def is_looked_at(state: State, advertised: Endpoint) -> bool:
    """Tell whether a member's certificates are being looked at.

    Args:
        state: What the connection believes.
        advertised: The member.
    """
    search = state.search
    return search is not None and any(
        endpoint == advertised for endpoint, _ in search.looking.values()
    )


def _failed_for_good(state: State, endpoint: Endpoint, route: Route) -> bool:
    return state.search is not None and all(
        (endpoint, dialled) in state.search.fatal for dialled in dials(state, route)
    )


def reroute(turn: Turn) -> None:
    """Ask by the new rules only: reads by routes that are gone end, others are due."""
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
        _plan_round_if_idle(turn)


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
            _ask_next(turn)
    elif search.next_round_at is not None and search.next_round_at <= turn.now:
        _next_round(turn)


def due_at(turn: Turn) -> float | None:
    """Say when the search must be looked at again, monotonic seconds."""
    search = turn.state.search
    if search is None:
        return None
    due = (search.connect_at, search.next_wave_at, search.next_round_at)
    return min([at for at in due if at is not None], default=None)


def _ask_next(turn: Turn) -> None:
    """Ask one candidate of the rotation, while an election runs.

    Suspects are asked beside the next one that is none: mostly they are dead, and turns
    of their own would put those off who may know of a new leader.
    """
    _refill_if_empty(turn)
    search = turn.state.search
    if search is None or search.unmatched_since is None:
        return
    draw, chance = turn.state.chance.uniform()
    interval = election_interval_s(turn.now - search.unmatched_since, draw)
    turn.state = amended(
        turn.state,
        chance=chance,
        search=amended(search, next_wave_at=turn.now + interval),
    )
    suspects = turn.state.suspects
    only_suspects = all(c.endpoint in suspects for c in candidates(turn.state))
    for _ in range(len(suspects) + 1):
        _refill_if_empty(turn)
        asked = ask_next(turn)
        if asked is None or only_suspects or asked.endpoint not in suspects:
            return


def _refill_if_empty(turn: Turn) -> None:
    if turn.state.search is not None and not turn.state.search.queue:
        refill(turn)


def _plan_round(turn: Turn) -> None:
    """Plan when all are asked again: after a pause, or on a look within it.

    Where everybody refuses, asking is cheap and somebody is about to start: they are
    asked more often, but the pause goes on. Only its end ends a round, so that
    `maxDiscoverAttempts` stands for as much time as it does elsewhere.
    """
    search = turn.state.search
    if search is None or search.next_round_at is not None:
        return
    draw, chance = turn.state.chance.uniform()
    pause_ends_at = search.pause_ends_at
    if pause_ends_at is None:
        first_s = turn.state.plan.first_pause_s
        pause_ends_at = turn.now + round_pause_s(first_s, search.round_number, draw)
    refused = not turn.state.reads and all(
        attempt.phase is Phase.CONNECT for attempt in search.attempts
    )
    look_at = turn.now + look_pause_s(draw) if refused else pause_ends_at
    turn.state = amended(
        turn.state,
        chance=chance,
        search=amended(
            search,
            pause_ends_at=pause_ends_at,
            next_round_at=min(look_at, pause_ends_at),
        ),
    )


def _next_round(turn: Turn) -> None:
    search = turn.state.search
    if search is None:
        return
    ended = search.ended_rounds
    if search.pause_ends_at is None or search.pause_ends_at <= turn.now:
        # Nor is one over while somebody's address is being looked up.
        ended += not (turn.state.reads or _awaits_address(turn.state, search))
        search = amended(
            search,
            round_number=search.round_number + 1,
            ended_rounds=ended,
            pause_ends_at=None,
        )
    _update(turn, amended(search, wave=1, next_round_at=None))
    _give_up_patient(turn, ended)
    refill(turn)
    ask_wave(turn)
    _plan_round_if_idle(turn)


def _awaits_address(state: State, search: Search) -> bool:
    return any(c.route.dial.host in state.resolving for c in search.unresolved)


def look_ended(turn: Turn) -> None:
    """End the waits that only a look at certificates has kept."""
    search = turn.state.search
    if search is not None and not end_if_hopeless(turn):
        _give_up_patient(turn, search.ended_rounds)


def _give_up_patient(turn: Turn, ended: int) -> None:
    """End the waits that have seen their rounds; who came later sees his own.

    Not before it is known why, as in `end_if_hopeless`: after one short round the look
    is still under way.
    """
    most, search = turn.state.plan.max_rounds, turn.state.search
    if most is None or search is None or search.looking:
        return
    over = tuple(w.number for w in turn.state.waiters if ended - w.after_rounds >= most)
    if over:
        reason = f"nobody answered in {most} rounds over all endpoints"
        wait_end.give_up(turn, Ending.ROUNDS, reason, over)


def _plan_round_if_idle(turn: Turn) -> None:
    """Keep the rounds going where nobody is left to be asked, nor being asked."""
    search = turn.state.search
    if search is not None and not search.queue and not turn.state.reads:
        _plan_round(turn)


def _update(turn: Turn, search: Search) -> None:
    turn.state = amended(turn.state, search=search)
