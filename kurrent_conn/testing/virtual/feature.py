"""Which situations a state is in, roughly: what coverage is counted by.

Two states with the same features are the same situation. A test of schedules that
never reaches an election with a suspect and two waits proves nothing about it, so what
is reached is counted and asserted.
"""

from __future__ import annotations

from typing import NamedTuple

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.state import Search, State

_MANY = 2


class Features(NamedTuple):
    """The situation of a state.

    Args:
        search: `none`, `waves`, `pause` between rounds, or `election`.
        round: The round of the search, 3 for any later one.
        reads: Reads in flight, 2 for more.
        waits: Callers who wait for a node, 2 for more.
        wants_news: Whether somebody waits for news.
        chosen: Preferences with an open node, 2 for more.
        has_leader: Whether the leader's calls have a node.
        suspects: Members that failed, 2 for more.
        vigils: Nodes watched, 2 for more.
        has_suspect_vigil: Whether one of them is silent.
        was_renewed: Whether one of them had its channel replaced.
        asks_first: Whether a named leader is to be asked first.
        redirected: Whether a redirect was followed.
        with_credentials: Whether gossip is read with credentials.
        leader_known: Whether anybody is believed to lead.
        closed: Whether the connection is closed.
    """

    search: str
    round: int
    reads: int
    waits: int
    wants_news: bool
    chosen: int
    has_leader: bool
    suspects: int
    vigils: int
    has_suspect_vigil: bool
    was_renewed: bool
    asks_first: bool
    redirected: bool
    with_credentials: bool
    leader_known: bool
    closed: bool


def features_of(state: State) -> Features:
    """Say in which situation a state is."""
    search = state.search
    waits = len(state.waiters)
    news = sum(w.preference is None for w in state.waiters) if waits else 0
    return Features(
        _clock_of(search),
        0 if search is None else min(search.round_number, 3),
        min(len(state.reads), _MANY),
        min(waits - news, _MANY),
        news > 0,
        min(len(state.chosen), _MANY),
        NodePreference.LEADER in state.chosen,
        min(len(state.suspects), _MANY),
        min(len(state.vigils), _MANY),
        any(v.is_suspect for v in state.vigils),
        any(v.was_renewed for v in state.vigils),
        state.ask_first is not None,
        state.redirected,
        state.gossip_needs_credentials,
        state.topology.leader is not None,
        state.closed,
    )


def _clock_of(search: Search | None) -> str:
    if search is None:
        return "none"
    if search.unmatched_since is not None:
        return "election"
    return "waves" if search.next_round_at is None else "pause"
