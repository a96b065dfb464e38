"""The clock of an election: the cluster answers, and no member fits yet.

One candidate after another is asked at a short interval, suspects beside the next one
that is none. Reads stay in flight until an answer fits.
"""

from __future__ import annotations

from kurrent_conn.core import inquiry
from kurrent_conn.core.amended import amended
from kurrent_conn.core.backoff import election_interval_s, stagger_s
from kurrent_conn.core.belief import candidates
from kurrent_conn.core.state import Search
from kurrent_conn.core.turn import Turn


def unmatched(turn: Turn) -> None:
    """Note that the cluster answered without a match: the election clock runs."""
    search = turn.state.search
    if search is None:
        return
    if _is_next_planned(search, turn.now):
        if search.silent_streak:
            turn.state = amended(turn.state, search=amended(search, silent_streak=0))
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


def ask_next(turn: Turn) -> None:
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
        asked = inquiry.ask_next(turn)
        if asked is None or only_suspects or asked.endpoint not in suspects:
            return


def _refill_if_empty(turn: Turn) -> None:
    if turn.state.search is not None and not turn.state.search.queue:
        inquiry.refill(turn)
