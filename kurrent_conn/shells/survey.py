"""Looks at what every route of some endpoints leads to: one short handshake each."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides.coverage import Sighting
from kurrent_conn.core.route import Route, Router
from kurrent_conn.shells.tls_probe import Inspection, inspect
from kurrent_conn.shells.trust import Trust

_AT_ONCE: Final = 8


def survey(
    endpoints: Iterable[Endpoint], rules: Router, trust: Trust, *, timeout_s: float
) -> tuple[Sighting, ...]:
    """Look at every route, side by side.

    Blocks; sends no request and no credentials.

    Args:
        endpoints: As members advertise them, or as the connection string has them.
        rules: Make the routes.
        trust: The trust that is in force.
        timeout_s: Seconds for each route.
    """
    ways = [(each, route) for each in endpoints for route in rules.routes(each)]

    def look(way: tuple[Endpoint, Route]) -> Sighting:
        endpoint, route = way
        return _sighting(
            endpoint, route, inspect(endpoint, route, trust, timeout_s=timeout_s)
        )

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="survey") as pool:
        return tuple(pool.map(look, ways))


def _sighting(endpoint: Endpoint, route: Route, seen: Inspection) -> Sighting:
    if seen.certificates:
        return Sighting(endpoint, route, seen.certificates[0].names)
    why_not = seen.unreachable or "; ".join(each.hint for each in seen.findings)
    return Sighting(endpoint, route, None, why_not)
