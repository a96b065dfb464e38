"""Channels as a client sees them: a route, its node, and the calls in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node

if TYPE_CHECKING:
    from kurrent_conn.testing.simulated_world.call import Call


class RouteChannel:
    """The channel of one route, until it retires."""

    __slots__ = ("calls", "node", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.node: Node | None = None
        self.calls: dict[Call, float] = {}


@dataclass(frozen=True, slots=True, eq=False)
class OpenNode:
    """Where the calls of a preference go now."""

    node: Node
    channel: RouteChannel
