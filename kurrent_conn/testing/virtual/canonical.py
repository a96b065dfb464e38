"""When are two states of the state machine the same, as far as a search goes?

Time is told from the state's own now, in classes; numbers and serials by their order;
nodes by where they first appear.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable
from dataclasses import replace
from math import isinf
from typing import Final

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failover import Outage
from kurrent_conn.core.state import Read, Search, State, Vigil

_CLASSES: Final = (-2.0, -1.0, -0.5, -0.3, -0.1, 0.0, 0.1, 1.0)
"""Instants are told apart by these: before and after now, in seconds."""

_MANY_ROUNDS: Final = 4


def rebased(state: State, now: float) -> State:
    """Tell all instants of a state from `now`: nothing but differences matters."""
    if not now:
        return state
    return replace(
        state,
        waiters=tuple(
            replace(w, deadline_at=w.deadline_at - now) for w in state.waiters
        ),
        search=None if state.search is None else _search_from(state.search, now),
        reads=tuple(_read_from(read, now) for read in state.reads),
        vigils=tuple(_vigil_from(vigil, now) for vigil in state.vigils),
        outages={p: _outage_from(o, now) for p, o in state.outages.items()},
        led_at={m: at - now for m, at in state.led_at.items()},
        denied={m: at - now for m, at in state.denied.items()},
        wake_at=_from(state.wake_at, now),
        searched_at=state.searched_at - now,
        restless_since=state.restless_since - now,
    )


def _from(at: float | None, now: float) -> float | None:
    return None if at is None else at - now


def _search_from(search: Search, now: float) -> Search:
    return replace(
        search,
        connect_at=_from(search.connect_at, now),
        next_wave_at=_from(search.next_wave_at, now),
        next_round_at=_from(search.next_round_at, now),
        pause_ends_at=_from(search.pause_ends_at, now),
        unmatched_since=_from(search.unmatched_since, now),
        directly_at={m: at - now for m, at in search.directly_at.items()},
    )


def _read_from(read: Read, now: float) -> Read:
    return replace(read, began_at=read.began_at - now)


def _vigil_from(vigil: Vigil, now: float) -> Vigil:
    return replace(
        vigil,
        since=vigil.since - now,
        seen_at=vigil.seen_at - now,
        probe=None if vigil.probe is None else _read_from(vigil.probe, now),
        silent_since=_from(vigil.silent_since, now),
        ask_again_at=vigil.ask_again_at - now,
    )


def _outage_from(outage: Outage, now: float) -> Outage:
    since, noticed_at = outage.since - now, outage.noticed_at - now
    return replace(outage, since=since, noticed_at=noticed_at)


class _Names:
    """Names nodes by where they first appear."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Endpoint, int] = {}

    def __call__(self, endpoint: Endpoint | None) -> int:
        if endpoint is None:
            return -1
        return self._known.setdefault(endpoint, len(self._known))


def canonical(state: State) -> Hashable:
    """Give what two states of one class have in common.

    Args:
        state: A state whose now is 0, see `rebased`.
    """
    name = _Names()
    chosen = tuple(
        (preference, name(node.advertised))
        for preference in NodePreference
        if (node := state.chosen.get(preference)) is not None
    )
    members = sorted(
        (member.state, member.is_alive, member.advertised)
        for member in state.topology.members
    )
    return (
        chosen,
        name(state.topology.leader),
        tuple((s, alive, name(endpoint)) for s, alive, endpoint in members),
        tuple(sorted(map(name, sorted(state.suspects)))),
        tuple(sorted(map(name, sorted(state.proven)))),
        tuple(sorted((name(r.dial), heard) for r, heard in state.channels.items())),
        tuple(
            (w.preference or "news", _class(w.deadline_at), w.after_rounds)
            for w in state.waiters
        ),
        _search_key(state.search, name),
        tuple(sorted(name(read.candidate.endpoint) for read in state.reads)),
        tuple(
            sorted(_vigil_key(vigil, name, state) for vigil in state.vigils),
        ),
        tuple(sorted(name(m) for m in sorted(state.led_at))),
        tuple(sorted(name(m) for m in sorted(state.denied))),
        name(state.ask_first),
        tuple(
            (preference, outage.found is None)
            for preference in NodePreference
            if (outage := state.outages.get(preference)) is not None
        ),
        state.redirected,
        state.gossip_needs_credentials,
        _class(state.searched_at),
        state.plan.router,
        state.closed,
    )


def _class(at: float | None) -> int:
    if at is None:
        return -1
    return 0 if isinf(at) else bisect(_CLASSES, round(at, 6))


def _search_key(search: Search | None, name: _Names) -> Hashable:
    if search is None:
        return None
    return (
        tuple(name(candidate.endpoint) for candidate in search.queue),
        search.wave,
        min(search.round_number, _MANY_ROUNDS),
        search.ended_rounds,
        search.connect_at is None,
        _class(search.next_wave_at),
        _class(search.next_round_at),
        _class(search.pause_ends_at),
        _class(search.unmatched_since),
        min(search.silent_streak, _MANY_ROUNDS),
        tuple(sorted(name(endpoint) for endpoint, _ in search.fatal)),
        tuple(sorted(name(endpoint) for endpoint, _ in search.looking.values())),
        tuple(sorted(name(m) for m in sorted(search.directly_at))),
    )


def _vigil_key(
    vigil: Vigil, name: _Names, state: State
) -> tuple[int, bool, bool, bool, bool, int, int, int]:
    is_open = any(n.serial == vigil.node.serial for n in state.chosen.values())
    return (
        name(vigil.node.advertised),
        is_open,
        vigil.probe is not None,
        vigil.is_suspect,
        vigil.was_renewed,
        _class(vigil.silent_since),
        _class(vigil.seen_at),
        _class(vigil.ask_again_at),
    )
