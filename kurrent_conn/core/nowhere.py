"""Endpoints that the rules lead nowhere: what a rule makes of them is no host.

Others name such endpoints, and a rule that was right for all of yesterday's may be
wrong for one of today's. So whoever is named is asked about here before anything else
is: one that has no route is left out and told of, and never stops the rest.
"""

from __future__ import annotations

from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import EndpointFailed
from kurrent_conn.core.route import Router, direct
from kurrent_conn.core.state import State
from kurrent_conn.core.turn import Turn
from kurrent_conn.errors import InvalidOverride


def why_nowhere(router: Router, advertised: Endpoint) -> str:
    """Say why the rules make no route to an endpoint; empty when they make one.

    Args:
        router: The rules.
        advertised: The endpoint that somebody named.
    """
    try:
        router.routes(advertised)
    except InvalidOverride as error:
        return str(error)
    return ""


def why_not_all(router: Router, state: State) -> str:
    """Say why rules cannot be used for all that a connection knows.

    Args:
        router: The rules.
        state: Whom the connection knows.

    Returns:
        What is wrong with one of them; empty when nothing is.
    """
    known = (
        *state.plan.seeds,
        *(member.advertised for member in state.topology.members),
        *(node.advertised for node in state.chosen.values()),
        *(vigil.node.advertised for vigil in state.vigils),
        *(read.candidate.endpoint for read in state.reads),
        *state.proven,
        *((state.ask_first,) if state.ask_first else ()),
    )
    each_once = dict.fromkeys(known)
    return next(filter(None, (why_nowhere(router, each) for each in each_once)), "")


def with_a_route(
    turn: Turn, members: tuple[Member, ...], told_by: Endpoint
) -> tuple[Member, ...]:
    """Leave out the members that the rules lead nowhere; each is told once a search.

    Args:
        turn: The draft.
        members: What was answered.
        told_by: By whom.
    """
    router = turn.state.plan.router
    nowhere = {
        member.advertised: why
        for member in members
        if (why := why_nowhere(router, member.advertised))
    }
    for advertised, why in nowhere.items():
        _tell(turn, advertised, why, f"gossip from {told_by}")
    if not nowhere:
        return members
    return tuple(member for member in members if member.advertised not in nowhere)


def _tell(turn: Turn, advertised: Endpoint, why: str, source: str) -> None:
    search = turn.state.search
    if search is None or any(a.endpoint == advertised for a in search.attempts):
        return
    attempt = Attempt(advertised, direct(advertised), Phase.SELECT, why, source)
    kept = amended(search, attempts=(*search.attempts, attempt))
    turn.state = amended(turn.state, search=kept)
    turn.note(EndpointFailed(attempt))
