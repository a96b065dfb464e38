"""Failures that waiting cannot mend: certificates and credentials.

A search in which every candidate failed so ends at once, and a leader that did so ends
the waits for it; but not before what is wrong with the certificates is known.
"""

from __future__ import annotations

from kurrent_conn.core import wait_end
from kurrent_conn.core.actions import Ending
from kurrent_conn.core.belief import candidates
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.resolution import dials
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import State
from kurrent_conn.core.turn import Turn


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
