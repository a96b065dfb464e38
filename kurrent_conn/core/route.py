"""How an advertised endpoint is reached from here.

An advertised endpoint is an identity; where we dial is a route. Nothing in this
package uses one `(host, port)` for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from kurrent_conn.core.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Route:
    """Where to connect for one advertised endpoint, and which name to verify.

    Args:
        dial: The endpoint to connect to.
        server_name: The name that SNI, `:authority` and the certificate check use:
            the advertised host, unless a rule says otherwise.
        rule: The text of the override rule that made this route; None when none
            matched. Not part of equality: two rules that lead to one place make
            one route.
    """

    dial: Endpoint
    server_name: str
    rule: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Write `dial`, and the verified name where it differs."""
        if self.dial.host == self.server_name:
            return str(self.dial)
        return f"{self.dial} as {self.server_name}"


class Router(Protocol):
    """What the core asks of `Overrides`."""

    def routes(self, advertised: Endpoint, /) -> tuple[Route, ...]:
        """Give at least one route to an advertised endpoint, best first."""
        ...


def direct(advertised: Endpoint) -> Route:
    """Make the route that no rule changed: dial what is advertised.

    Args:
        advertised: The endpoint as a member advertises it.
    """
    return Route(dial=advertised, server_name=advertised.host)
