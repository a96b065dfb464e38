"""The clock of a search in which nobody answers: rounds, and the pauses between them.

All are asked once a round, and the pauses grow. A round ends with its pause, and only
one in which nobody was silent counts for `maxDiscoverAttempts`.
"""

from __future__ import annotations

from kurrent_conn.core import wait_end
from kurrent_conn.core.actions import Ending
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.backoff import look_pause_s, round_pause_s
from kurrent_conn.core.hope import end_if_hopeless
from kurrent_conn.core.inquiry import ask_wave, refill
from kurrent_conn.core.state import Search, State
from kurrent_conn.core.turn import Turn


def plan(turn: Turn) -> None:
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


def plan_if_idle(turn: Turn) -> None:
    """Keep the rounds going where nobody is left to be asked, nor being asked."""
    search = turn.state.search
    if search is not None and not search.queue and not turn.state.reads:
        plan(turn)


def begin_next(turn: Turn) -> None:
    """Ask all again; once the pause is over, in a round of its own."""
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
    search = amended(search, wave=1, next_round_at=None)
    turn.state = amended(turn.state, search=search)
    _give_up_patient(turn, ended)
    refill(turn)
    ask_wave(turn)
    plan_if_idle(turn)


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
