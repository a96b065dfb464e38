"""The channels of one connection: one a route, retired ones until they are idle."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import Final

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Node
from kurrent_conn.shells.blocking.open_node import RouteChannel
from kurrent_conn.shells.blocking.timer import Timer
from kurrent_conn.shells.verification import Verification

_LOOK_AGAIN_S: Final = 1.0


class RouteChannels:
    """Makes channels, retires them, and lets a retired one go when nothing uses it.

    Args:
        settings: TLS and keepalive.
        verification: What channels verify.
        timer: Closes what must not be closed inside a grpc callback.
    """

    def __init__(
        self,
        settings: Settings,
        verification: Verification,
        timer: Timer,
    ) -> None:
        self._settings = settings
        self._verification = verification
        self._timer = timer
        self._by_route: Final[dict[Route, RouteChannel]] = {}
        self._retired: Final[list[RouteChannel]] = []

    def get(self, route: Route) -> RouteChannel:
        """Give the channel of a route, making it if need be."""
        found = self._by_route.get(route)
        if found is None:
            found = RouteChannel(route, self._settings, self._verification)
            self._by_route[route] = found
        return found

    def all(self) -> tuple[RouteChannel, ...]:
        """Give the channels in use and the retired ones."""
        return (*self._by_route.values(), *self._retired)

    def retire(self, route: Route) -> None:
        """Give the channel of a route to nobody any more; its calls go on."""
        self._verification.forget_pin(route)
        retired = self._by_route.pop(route, None)
        if retired is not None:
            self._retired.append(retired)
            # Not at once: a call that another thread is about to send may go on it yet.
            self._timer.at(monotonic() + _LOOK_AGAIN_S, self._let_go)

    def retire_all(self) -> None:
        """Give none of the channels to anybody any more; their calls go on."""
        for route in tuple(self._by_route):
            self.retire(route)

    def condemn(self, node: Node, text: str) -> None:
        """End the calls in flight on a node at once.

        Args:
            node: The node, as opened.
            text: What their callers are told.
        """
        for each in self.all():
            if each.node is not None and each.node.serial == node.serial:
                self._timer.soon(partial(each.condemn, text))

    def close_all(self) -> None:
        """Close every channel, and with them every call."""
        for each in self.all():
            each.close()
        self._by_route.clear()
        self._retired.clear()

    def _let_go(self) -> None:
        """Close the retired channels that nothing uses any more.

        A call that begins on one just then was never sent, and goes elsewhere.
        """
        for each in tuple(self._retired):
            if not each.is_busy:
                self._retired.remove(each)
                each.close()
        if self._retired:
            self._timer.at(monotonic() + _LOOK_AGAIN_S, self._let_go)
