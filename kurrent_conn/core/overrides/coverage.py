"""Which names will be verified that no certificate covers, from what nodes presented.

Rules decide whom we dial; the certificate there must still cover the name that is
verified. What could not be looked at is judged by what other nodes presented: often
all have the same certificate, or the route is right somewhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.identity import covers, mismatch
from kurrent_conn.core.route import Route


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was presented on one route.

    Args:
        advertised: Whom the route is meant for.
        route: The route.
        names: The names on the certificate; None when none was seen.
        why_not: Why none was seen; empty when one was.
    """

    advertised: Endpoint
    route: Route
    names: PresentedNames | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A name that is verified on a route and that no certificate there covers.

    Args:
        advertised: Whom the route is meant for.
        route: The route; its `server_name` is the name.
        presented: The names on the certificate; all names seen anywhere when none was
            seen on this route.
        hint: Why they do not cover it, and what would.
    """

    advertised: Endpoint
    route: Route
    presented: tuple[str, ...]
    hint: str

    def __str__(self) -> str:
        """Write the endpoint, the route, the name and the hint on one line."""
        return (
            f"{self.advertised} by {self.route.dial}: no certificate there covers "
            f"{self.route.server_name}: {self.hint}"
        )


def uncovered(sightings: Sequence[Sighting]) -> tuple[Uncovered, ...]:
    """Find the names that nothing covers.

    Args:
        sightings: What was presented on every route.

    Returns:
        One entry a route, in the order of the sightings.
    """
    seen = tuple(
        dict.fromkeys(
            name
            for sighting in sightings
            if sighting.names is not None
            for name in sighting.names.verifiable
        )
    )
    found = []
    for sighting in sightings:
        if sighting.names is None:
            hint = _unseen(sighting, seen)
            presented = seen
        else:
            wrong = mismatch(sighting.names, sighting.route.server_name)
            hint = wrong.hint if wrong else ""
            presented = sighting.names.verifiable
        if hint:
            one = Uncovered(sighting.advertised, sighting.route, presented, hint)
            found.append(one)
    return tuple(found)


def _unseen(sighting: Sighting, seen: tuple[str, ...]) -> str:
    """Judge a route that nothing was seen on; empty when nothing speaks against it."""
    name = sighting.route.server_name
    if not seen or any(covers(each, name) for each in seen):
        return ""
    return (
        f"nothing was presented there ({sighting.why_not or 'no answer'}), and no "
        "certificate of another node covers it either"
    )
