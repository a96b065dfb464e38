"""How an advertised endpoint is reached from here.

An advertised endpoint is an identity; where we dial is a route. Nothing in this
package uses one `(host, port)` for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

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
        address: Which of the addresses of `dial.host` this is; None while the name
            is not resolved, and where `dial` is an address itself. Rules never set
            it: a name has as many routes as it has addresses.
    """

    dial: Endpoint
    server_name: str
    rule: str | None = field(default=None, compare=False)
    address: str | None = None

    def place_in(self, routes: Sequence[Route]) -> int:
        """Say where among routes that rules gave this one is, whatever its address.

        Args:
            routes: What the rules give, best first; none of them has an address.

        Returns:
            Its index; their number when it is none of them.
        """
        for place, route in enumerate(routes):
            if route.dial == self.dial and route.server_name == self.server_name:
                return place
        return len(routes)

    def is_among(self, routes: Sequence[Route]) -> bool:
        """Tell whether this is one of the routes that rules gave, as `place_in`."""
        return self.place_in(routes) < len(routes)

    @property
    def named(self) -> Self:
        """The same route before its name was resolved."""
        if self.address is None:
            return self
        return type(self)(self.dial, self.server_name, self.rule)

    @property
    def connects_to(self) -> Endpoint:
        """Where the socket goes: the address, if there is one, else `dial`."""
        return Endpoint(self.address or self.dial.host, self.dial.port)

    @property
    def is_resolved(self) -> bool:
        """Whether `connects_to` is an address."""
        return self.address is not None or self.dial.is_address

    def __str__(self) -> str:
        """Write `dial`, its address, and the verified name where they differ."""
        at = "" if self.address is None else f" ({self.address})"
        if self.dial.host == self.server_name:
            return f"{self.dial}{at}"
        return f"{self.dial}{at} as {self.server_name}"


class Router(Protocol):
    """What the core asks of `Overrides`."""

    def routes(self, advertised: Endpoint, /) -> tuple[Route, ...]:
        """Give at least one route to an advertised endpoint, best first.

        Raises:
            InvalidOverride: The rules lead it nowhere, see `nowhere`.
        """
        ...


def direct(advertised: Endpoint) -> Route:
    """Make the route that no rule changed: dial what is advertised.

    Args:
        advertised: The endpoint as a member advertises it.
    """
    return Route(dial=advertised, server_name=advertised.host)
