"""The channels of one connection: one a route, retired ones until they are idle."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.shells.aio.open_node import RouteChannel
from kurrent_conn.shells.aio.tasks import Tasks


class RouteChannels:
    """Makes channels, retires them, and closes a retired one when nothing uses it.

    Args:
        settings: TLS and keepalive.
        credentials: The trust of this connection; None without TLS.
        tasks: Keep what closes channels.
        is_open: Whether calls may still be sent to a channel.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: grpc.ChannelCredentials | None,
        tasks: Tasks,
        is_open: Callable[[RouteChannel], bool],
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._tasks = tasks
        self._is_open = is_open
        self._by_route: dict[Route, RouteChannel] = {}
        self._retired: list[RouteChannel] = []

    def get(self, route: Route) -> RouteChannel:
        """Give the channel of a route, making it if need be."""
        found = self._by_route.get(route)
        if found is None:
            found = RouteChannel(route, self._settings, self._credentials)
            self._by_route[route] = found
        return found

    def retire(self, route: Route) -> None:
        """Give the channel of a route to nobody any more; its calls go on."""
        retired = self._by_route.pop(route, None)
        if retired is not None:
            self._retired.append(retired)
            for call in list(retired.running()):
                call.add_done_callback(self.close_idle)
            self.close_idle()

    def close_idle(self, *_: object) -> None:
        """Close the retired channels that nothing uses any more."""
        for each in tuple(self._retired):
            if not self._is_open(each) and not any(each.running()):
                self._retired.remove(each)
                self._tasks.start(each.end("the channel was retired"))

    async def end_all(self, reason: str) -> None:
        """Close every channel, and with them every call.

        Args:
            reason: What the calls' callers are told.
        """
        channels = (*self._by_route.values(), *self._retired)
        self._by_route.clear()
        self._retired.clear()
        for each in channels:
            await each.end(reason)
