"""Whom to ask for gossip, by which route: the queue, the waves, the reads.

Asks and remembers who was asked; when the next one is due is decided in `search`, what
an answer means in `news`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.actions import Connect, ReadGossip
from kurrent_conn.core.backoff import stagger_s
from kurrent_conn.core.belief import candidates, is_trusted
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.resolution import dials, look_up, resolve
from kurrent_conn.core.state import Candidate, Read
from kurrent_conn.core.turn import Turn

LARGEST_WAVE: Final = 4
SUSPECTS_EVERY: Final = 4
CONNECT_AHEAD: Final = 2


def connect_ahead(turn: Turn) -> None:
    """Let the next candidates connect beside the first read; look their names up.

    One of them leads, as a rule: the way to it is then paid once, not twice.
    """
    search, plan = turn.state.search, turn.state.plan
    if search is None or not plan.by_gossip or plan.asks_before_calls:
        return
    for candidate in search.queue[:CONNECT_AHEAD]:
        if candidate.endpoint in turn.state.suspects:
            continue
        route = dials(turn.state, candidate.route)[0]
        if route.is_resolved:
            turn.act(Connect(route))
        else:
            look_up(turn, candidate)


def ask_wave(turn: Turn) -> None:
    """Ask the next of the queue, twice as many as the last time, 4 at most."""
    search = turn.state.search
    if search is None:
        return
    wave, queue = search.queue[: search.wave], search.queue[search.wave :]
    due = turn.now + stagger_s(turn.state.round_trip_s) if queue else None
    turn.state = replace(
        turn.state,
        search=replace(
            search,
            queue=queue,
            wave=min(2 * search.wave, LARGEST_WAVE),
            next_wave_at=due,
        ),
    )
    for candidate in wave:
        ask(turn, candidate)


def ask(turn: Turn, candidate: Candidate) -> None:
    """Ask one candidate for gossip, at every address of its name side by side.

    An address that is being asked is not asked again; a name that is not resolved yet
    is looked up first.
    """
    for found in resolve(turn, candidate):
        if all(read.candidate.route != found.route for read in turn.state.reads):
            read = begin_read(turn, found)
            turn.state = replace(turn.state, reads=(*turn.state.reads, read))


def begin_read(turn: Turn, candidate: Candidate) -> Read:
    """Send a read; the caller keeps it."""
    state, plan = turn.state, turn.state.plan
    with_credentials = (
        state.gossip_needs_credentials
        and plan.has_credentials
        and plan.may_send_credentials
    )
    read = Read(state.next_read, candidate, with_credentials, turn.now)
    turn.state = replace(state, next_read=state.next_read + 1)
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

    Args:
        turn: The draft, with a search under way.
        advertised: The member.
    """
    search = turn.state.search
    if search is None or not is_trusted(turn.state, advertised):
        return
    by_each_route = [
        Candidate(advertised, route, f"gossip from {turn.state.topology.told_by}")
        for route in turn.state.plan.router.routes(advertised)
    ]
    others = tuple(c for c in search.queue if c not in by_each_route)
    queue = (*by_each_route[1:], *others)
    turn.state = replace(turn.state, search=replace(search, queue=queue))
    ask(turn, by_each_route[0])


def ask_soon(turn: Turn, advertised: Endpoint) -> None:
    """Let one member be the next to be asked, when the next one is due."""
    search = turn.state.search
    if search is not None:
        first = tuple(
            Candidate(advertised, route, f"gossip from {turn.state.topology.told_by}")
            for route in turn.state.plan.router.routes(advertised)
        )
        others = tuple(c for c in search.queue if c not in first)
        turn.state = replace(
            turn.state, search=replace(search, queue=(*first, *others))
        )


def refill(turn: Turn) -> None:
    """Queue the candidates: whom another node named first, suspects last.

    During an election suspects are asked in every fourth turn only: mostly they are
    dead, and each useless read lets the new leader wait.
    """
    state = turn.state
    search = state.search
    if search is None:
        return
    order, chance = state.chance.shuffled(tuple(candidates(state)))
    queue = sorted(
        order,
        key=lambda c: (c.endpoint != state.ask_first, c.endpoint in state.suspects),
    )
    if search.unmatched_since is not None and search.refills % SUSPECTS_EVERY:
        queue = [c for c in queue if c.endpoint not in state.suspects] or queue
    turn.state = replace(
        state,
        chance=chance,
        search=replace(search, queue=tuple(queue), refills=search.refills + 1),
    )
