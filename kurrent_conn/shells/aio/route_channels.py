"""The channels of one connection: one a route, retired ones until they are idle."""

from __future__ import annotations

from collections.abc import Callable

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Node
from kurrent_conn.shells.aio.open_node import RouteChannel
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.verification import Verification


class RouteChannels:
    """Makes channels, retires them, and closes a retired one when nothing uses it.

    Args:
        settings: TLS and keepalive.
        verification: What channels verify.
        tasks: Keep what closes channels.
        is_open: Whether calls may still be sent to a channel.
    """

    def __init__(
        self,
        settings: Settings,
        verification: Verification,
        tasks: Tasks,
        is_open: Callable[[RouteChannel], bool],
    ) -> None:
        self._settings = settings
        self._verification = verification
        self._tasks = tasks
        self._is_open = is_open
        self._by_route: dict[Route, RouteChannel] = {}
        self._retired: list[RouteChannel] = []

    def get(self, route: Route) -> RouteChannel:
        """Give the channel of a route, making it if need be."""
        found = self._by_route.get(route)
        if found is None:
            found = RouteChannel(route, self._settings, self._verification)
            self._by_route[route] = found
        return found

    def retire(self, route: Route) -> None:
        """Give the channel of a route to nobody any more; its calls go on."""
        self._verification.forget_pin(route)
        retired = self._by_route.pop(route, None)
        if retired is not None:
            self._retired.append(retired)
            for call in retired.running():
                if call not in retired.reads:  # they tell by themselves
                    call.add_done_callback(self.close_idle)
            self.close_idle()

    def retire_all(self) -> None:
        """Give none of the channels to anybody any more; their calls go on."""
        for route in tuple(self._by_route):
            self.retire(route)

    def all(self) -> tuple[RouteChannel, ...]:
        """Give the channels in use and the retired ones."""
        return (*self._by_route.values(), *self._retired)

    def condemn(self, node: Node, text: str) -> None:
        """End the calls in flight on a node at once.

        Args:
            node: The node, as opened.
            text: What their callers are told.
        """
        for each in self.all():
            if each.node is not None and each.node.serial == node.serial:
                self._tasks.start(each.end(text))

    def close_idle(self, *_: object) -> None:
        """Close the retired channels that nothing uses any more."""
        for each in tuple(self._retired):
            if not self._is_open(each) and not each.running():
                self._retired.remove(each)
                self._tasks.start(each.end("the channel was retired"))

    async def end_all(self, reason: str) -> None:
        """Close every channel, and with them every call.

        Args:
            reason: What the calls' callers are told.
        """
        channels = self.all()
        self._by_route.clear()
        self._retired.clear()
        for each in channels:
            await each.end(reason)
