"""Which addresses a candidate's name has, and when the name is looked up again.

A name is dialled at all its addresses, each a route of its own. What is known is used
while it is renewed, so a slow resolver delays nobody twice; a name whose address failed
is looked up before it is asked again, since a node that moved has a new one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.actions import Resolve
from kurrent_conn.core.amended import amended
from kurrent_conn.core.belief import candidates
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Resolved
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Addresses, Candidate, State
from kurrent_conn.core.turn import Turn

FAILED_TTL_S: Final = 1.0
"""A name without an address is looked up again no sooner."""


def resolve(turn: Turn, candidate: Candidate) -> tuple[Candidate, ...]:
    """Give a candidate at each of its addresses, looking its name up if need be.

    Args:
        turn: The draft, with a search under way.
        candidate: By a route that may still be a name.

    Returns:
        None at all while nothing is known; the search then keeps the candidate.
    """
    if candidate.route.is_resolved:
        return (candidate,)
    host = candidate.route.dial.host
    known = turn.state.addresses.get(host)
    if known is None or known.good_until <= turn.now:
        look_up(turn, candidate)
    found = () if known is None else known.found
    if not found:
        _keep(turn, candidate)
    each = [
        Candidate(candidate.endpoint, route, candidate.source)
        for address in found
        for route in addressed(turn.state, candidate.route, address)
    ]
    if all(one.route.is_resolved for one in each):
        return tuple(each)
    return tuple(known for one in each for known in resolve(turn, one))


def resolved(turn: Turn, event: Resolved) -> tuple[Candidate, ...]:
    """Take addresses into account; give the candidates to ask by them now.

    Args:
        turn: The draft.
        event: What a name resolved to.
    """
    state = turn.state
    before = state.addresses.get(event.host)
    known = Addresses(event.addresses, turn.now + event.ttl_s)
    turn.state = amended(
        state,
        addresses={**state.addresses, event.host: known},
        resolving=state.resolving - {event.host},
    )
    waiting = take_unresolved(turn, event.host)
    if before is None or set(event.addresses) <= set(before.found):
        return waiting
    # New addresses of a name that was asked at its old ones already.
    return tuple(c for c in candidates(turn.state) if c.route.dial.host == event.host)


def take_unresolved(turn: Turn, host: str) -> tuple[Candidate, ...]:
    """Take the candidates off the search that waited for a name."""
    search = turn.state.search
    if search is None:
        return ()
    waiting = tuple(c for c in search.unresolved if c.route.dial.host == host)
    if not waiting:
        return ()
    rest = tuple(c for c in search.unresolved if c not in waiting)
    turn.state = amended(turn.state, search=amended(search, unresolved=rest))
    return waiting


def not_resolved(turn: Turn, host: str) -> tuple[Candidate, ...]:
    """Note that a name has no address for now; give the candidates that waited.

    Where none did, it was looked up ahead: it is again when the turn comes of one who
    has to be told why it was not asked.
    """
    waiting = take_unresolved(turn, host)
    state = turn.state
    known = state.addresses.get(host) or Addresses((), 0.0)
    ttl_s = FAILED_TTL_S if waiting or known.found else 0.0
    known = replace(known, good_until=turn.now + ttl_s)
    turn.state = amended(
        state,
        addresses={**state.addresses, host: known},
        resolving=state.resolving - {host},
    )
    return waiting


def dials(state: State, route: Route) -> tuple[Route, ...]:
    """Give the routes that a named route stands for, as far as they are known.

    Args:
        state: What the connection believes.
        route: As the overrides make it.

    Returns:
        The route itself while its name is not resolved.
    """
    known = state.addresses.get(route.dial.host)
    if route.is_resolved or known is None or not known.found:
        return (route,)
    return tuple(
        one for address in known.found for one in addressed(state, route, address)
    )


def addressed(state: State, route: Route, address: str) -> tuple[Route, ...]:
    """Give the routes by one address of a name.

    What `+discover` found comes from outside as much as a member does: where a rule is
    about such an address, it decides. The name to verify stays the one that was given.

    Args:
        state: What the connection believes.
        route: By the name.
        address: One of the name's addresses.
    """
    itself = Route(route.dial, route.server_name, route.rule, address)
    if not state.plan.discover or route.rule or route.dial not in state.plan.seeds:
        return (itself,)
    by_rules = state.plan.router.routes(Endpoint(address, route.dial.port))
    ruled = tuple(found for found in by_rules if found.rule)
    return tuple(_under(route.server_name, address, each) for each in ruled) or (
        itself,
    )


def _under(name: str, address: str, ruled: Route) -> Route:
    """Verify a given name where a rule would verify the address that it has."""
    return replace(ruled, server_name=name) if ruled.server_name == address else ruled


def doubt(turn: Turn, route: Route) -> None:
    """Look a name up again before it is asked again: one of its addresses failed."""
    known = turn.state.addresses.get(route.dial.host)
    if route.address is not None and known is not None:
        doubted = replace(known, good_until=turn.now)
        turn.state = amended(
            turn.state,
            addresses={**turn.state.addresses, route.dial.host: doubted},
        )


def look_ahead(turn: Turn) -> None:
    """Look up the names of members just heard of: a redirect then waits for none."""
    for candidate in candidates(turn.state):
        known = candidate.route.dial.host in turn.state.addresses
        if not known and not candidate.route.is_resolved:
            look_up(turn, candidate)


def look_up(turn: Turn, candidate: Candidate) -> None:
    """Look the name of a candidate up, unless that is under way."""
    host = candidate.route.dial.host
    if host not in turn.state.resolving:
        is_seed = candidate.source == "seed" and candidate.route.rule is None
        turn.act(Resolve(host, by_dns=turn.state.plan.discover and is_seed))
        turn.state = amended(turn.state, resolving=turn.state.resolving | {host})


def _keep(turn: Turn, candidate: Candidate) -> None:
    search = turn.state.search
    if search is not None and candidate not in search.unresolved:
        kept = (*search.unresolved, candidate)
        turn.state = amended(turn.state, search=amended(search, unresolved=kept))
