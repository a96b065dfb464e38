"""Whom to ask for gossip, by which route: the queue, the waves, the reads.

Asks and remembers who was asked; when the next one is due is decided in `search` and
its two clocks, what an answer means in `news`.
"""

from __future__ import annotations

from math import inf
from typing import Final

from kurrent_conn.core.actions import Connect, ReadGossip
from kurrent_conn.core.amended import amended
from kurrent_conn.core.backoff import HEAD_START_S, election_interval_s, stagger_s
from kurrent_conn.core.belief import (
    candidates,
    chooses_by_gossip,
    is_trusted,
    place_of,
)
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.resolution import dials, look_up, resolve
from kurrent_conn.core.state import Candidate, Read, Search, State
from kurrent_conn.core.turn import Turn

LARGEST_WAVE: Final = 4
SUSPECTS_EVERY: Final = 4
CONNECT_AHEAD: Final = 2


def connect_ahead(turn: Turn, most: int) -> None:
    """Let the next candidates connect beside the first read; look their names up.

    One of them leads, as a rule: the way to it is then paid once, not twice. Not for
    news alone, which any answer brings.

    Args:
        turn: The draft.
        most: How many.
    """
    search, plan = turn.state.search, turn.state.plan
    wants_node = any(w.preference is not None for w in turn.state.waiters)
    if search is None or not wants_node or not plan.by_gossip or plan.asks_before_calls:
        return
    for candidate in search.queue[:most]:
        if candidate.endpoint in turn.state.suspects or _is_early(turn, candidate):
            continue
        route = dials(turn.state, candidate.route)[0]
        if route.is_resolved:
            if route not in turn.state.channels:
                turn.act(Connect(route))
        elif route.dial.host not in turn.state.addresses:
            # Under +discover it may be another name: a rule about a seed's address.
            look_up(turn, Candidate(candidate.endpoint, route, candidate.source))


def ask_wave(turn: Turn) -> None:
    """Ask the next of the queue, twice as many as the last time, 4 at most."""
    search = turn.state.search
    if search is None:
        return
    asked = [ask_next(turn) for _ in range(search.wave)]
    search = turn.state.search or search
    due = turn.now + stagger_s(turn.state.round_trip_s) if search.queue else None
    wave = min(2 * search.wave, LARGEST_WAVE) if any(asked) else search.wave
    turn.state = amended(
        turn.state, search=amended(search, wave=wave, next_wave_at=due)
    )


def ask_next(turn: Turn) -> Candidate | None:
    """Ask the first of the queue whose turn it is.

    Args:
        turn: The draft.

    Returns:
        Whom; None where it is nobody's turn.
    """
    search = turn.state.search
    if search is None:
        return None
    useful = tuple(c for c in search.queue if not _is_needless(turn.state, c))
    due = next((c for c in useful if not _is_early(turn, c)), None)
    queue = tuple(c for c in useful if c is not due)
    turn.state = amended(turn.state, search=amended(search, queue=queue))
    if due is not None:
        ask(turn, due)
    return due


def ask(turn: Turn, candidate: Candidate) -> None:
    """Ask one candidate for gossip, at every address of its name side by side.

    An address that is being asked is not asked again; a name that is not resolved yet
    is looked up first.
    """
    for found in resolve(turn, candidate):
        if all(read.candidate.route != found.route for read in turn.state.reads):
            _begin(turn, found, keeps=True)


def begin_read(turn: Turn, candidate: Candidate) -> Read:
    """Send a read; the caller keeps it."""
    return _begin(turn, candidate, keeps=False)


def _begin(turn: Turn, candidate: Candidate, *, keeps: bool) -> Read:
    state, plan = turn.state, turn.state.plan
    with_credentials = (
        state.gossip_needs_credentials
        and plan.has_credentials
        and plan.may_send_credentials
        and is_trusted(state, candidate.endpoint)
    )
    read = Read(state.next_read, candidate, with_credentials, turn.now)
    reads = (*state.reads, read) if keeps else state.reads
    turn.state = amended(state, next_read=state.next_read + 1, reads=reads)
    turn.act(
        ReadGossip(
            read=read.number,
            endpoint=candidate.endpoint,
            route=candidate.route,
            timeout_s=plan.gossip_timeout_s,
            with_credentials=with_credentials,
        )
    )
    return read


def ask_directly(turn: Turn, advertised: Endpoint) -> None:
    """Ask one member itself now, by its first free route, the others a stagger apart.

    One that was just asked so is the next in turn instead: members that name each
    other, or another node behind a member's name, would be asked without a pause. A
    suspect is not even that: a dead leader that is still named would take every
    other turn from those who know of the next one.

    Args:
        turn: The draft, with a search under way.
        advertised: The member.
    """
    search = turn.state.search
    if search is None or not is_trusted(turn.state, advertised):
        return
    if _was_just_asked(turn, search, advertised):
        if advertised not in turn.state.suspects:
            ask_soon(turn, advertised)
        return
    by_each_route = [
        Candidate(advertised, route, f"gossip from {turn.state.topology.told_by}")
        for route in turn.state.plan.router.routes(advertised)
    ]
    others = tuple(c for c in search.queue if c not in by_each_route)
    search = amended(
        search,
        queue=(*by_each_route[1:], *others),
        directly_at={**search.directly_at, advertised: turn.now},
    )
    turn.state = amended(turn.state, search=search)
    ask(turn, by_each_route[0])


def _was_just_asked(turn: Turn, search: Search, advertised: Endpoint) -> bool:
    """Tell whether a member was asked directly, and answered, an interval ago."""
    since = turn.now if search.unmatched_since is None else search.unmatched_since
    interval = election_interval_s(turn.now - since, 0.5)
    return turn.now - search.directly_at.get(advertised, -inf) < interval and all(
        read.candidate.endpoint != advertised for read in turn.state.reads
    )


def ask_soon(turn: Turn, advertised: Endpoint) -> None:
    """Let one member be the next to be asked, when the next one is due."""
    search = turn.state.search
    if search is not None:
        first = tuple(
            Candidate(advertised, route, f"gossip from {turn.state.topology.told_by}")
            for route in turn.state.plan.router.routes(advertised)
        )
        others = tuple(c for c in search.queue if c not in first)
        turn.state = amended(
            turn.state, search=amended(search, queue=(*first, *others))
        )


def refill(turn: Turn) -> None:
    """Queue the candidates: whom another node named first, suspects last.

    Between these the best routes of all come first, then the second best: a balancer
    that is a way out is not asked while there is a direct way that answers.

    During an election suspects are asked in every fourth round only: mostly they are
    dead. Not those seeds that somebody waits for as they are: nobody else will do.
    """
    state = turn.state
    search = state.search
    if search is None:
        return
    order, chance = state.chance.shuffled(candidates(state))
    queue = sorted(
        order,
        key=lambda c: (
            c.endpoint != state.ask_first,
            c.endpoint in state.suspects,
            _standing(state, c),
        ),
    )
    if search.unmatched_since is not None and search.refills % SUSPECTS_EVERY:
        skipped = state.suspects - _awaited_seeds(state)
        queue = [c for c in queue if c.endpoint not in skipped] or queue
    turn.state = amended(
        state,
        chance=chance,
        search=amended(search, queue=tuple(queue), refills=search.refills + 1),
    )


def _awaited_seeds(state: State) -> frozenset[Endpoint]:
    """Give the seeds where a wait ends with one of them alone, see `Plan.by_gossip`."""
    waits = any(
        w.preference is not None and not chooses_by_gossip(state, w.preference)
        for w in state.waiters
    )
    return frozenset(state.plan.seeds if waits else ())


def _standing(state: State, candidate: Candidate) -> int:
    """Say how good a candidate's route is; one that answered is as good as any.

    So what was found out once is not waited for again: a laptop outside the cluster
    pays the head start of the inside routes once.
    """
    if not _has_choice(state, candidate):
        return 0
    proven = state.proven.get(candidate.endpoint)
    if proven is not None and proven.is_among((candidate.route,)):
        return 0
    return place_of(state, candidate.endpoint, candidate.route)


def _is_early(turn: Turn, candidate: Candidate) -> bool:
    """Tell whether a better route to the same member has its head start still."""
    state, search = turn.state, turn.state.search
    if search is None or not _has_choice(state, candidate):
        return False
    begun_after = turn.now - HEAD_START_S
    return any(read.began_at > begun_after for read in _better(state, candidate)) or (
        state.searched_at > begun_after
        and any(_is_better(state, other, candidate) for other in search.unresolved)
    )


def _is_needless(state: State, candidate: Candidate) -> bool:
    """Tell whether a better route to the same member is known to work."""
    if not _has_choice(state, candidate):
        return False
    proven = state.proven.get(candidate.endpoint)
    return (
        proven is not None
        and candidate.endpoint not in state.suspects
        and _standing(state, candidate) > 0
        and not _better(state, candidate)
        and place_of(state, candidate.endpoint, proven)
        < place_of(state, candidate.endpoint, candidate.route)
    )


def _has_choice(state: State, candidate: Candidate) -> bool:
    """Tell whether the rules know several routes to a member: else none is better."""
    return len(state.plan.router.routes(candidate.endpoint)) > 1


def _better(state: State, candidate: Candidate) -> list[Read]:
    """List the unanswered reads of the same member by better routes."""
    return [r for r in state.reads if _is_better(state, r.candidate, candidate)]


def _is_better(state: State, one: Candidate, than: Candidate) -> bool:
    return one.endpoint == than.endpoint and _standing(state, one) < _standing(
        state, than
    )
