"""One try to reach one endpoint, and how it ended.

These are what a `DiscoveryError` lists. Values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route


class Phase(StrEnum):
    """How far a try came before it ended."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    GOSSIP = "gossip"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One endpoint, asked by one route, and why that gave no node.

    Args:
        endpoint: The endpoint as the connection string or a member gives it.
        route: How it was reached.
        phase: How far the try came.
        cause: Why it ended, in one sentence, without any secret.
        source: Where the endpoint's name came from, such as `seed` or
            `gossip from n1:2113`.
        hint: What to check or change next; empty when there is no more to say.
    """

    endpoint: Endpoint
    route: Route
    phase: Phase
    cause: str
    source: str = "seed"
    hint: str = ""

    def __str__(self) -> str:
        """Write one line: endpoint, route, source, phase, cause and hint."""
        via = "" if self.route.dial == self.endpoint else f" by {self.route}"
        rule = f" (override {self.route.rule})" if self.route.rule else ""
        hint = f"; {self.hint}" if self.hint else ""
        return (
            f"{self.endpoint}{via}{rule} [{self.source}]: {self.phase}: "
            f"{self.cause}{hint}"
        )
