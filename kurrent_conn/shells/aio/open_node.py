"""A real channel to one node, and what a call on it needs at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from weakref import WeakSet

import grpc
from grpc.aio import Metadata

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Node
from kurrent_conn.shells.channel_option import channel_options, target
from kurrent_conn.shells.header import Headers
from kurrent_conn.shells.plan import USER_AGENT
from kurrent_conn.wire.gossip import READ_METHOD


class RouteChannel:
    """A channel of one route: for gossip, and for the calls of any preference.

    Args:
        route: Where it goes.
        settings: TLS and keepalive.
        credentials: The trust of this connection; None without TLS.
    """

    def __init__(
        self,
        route: Route,
        settings: Settings,
        credentials: grpc.ChannelCredentials | None,
    ) -> None:
        self.route = route
        options = channel_options(route, settings, USER_AGENT)
        self.channel: grpc.aio.Channel = (
            grpc.aio.secure_channel(target(route.dial), credentials, options)
            if credentials is not None
            else grpc.aio.insecure_channel(target(route.dial), options)
        )
        self.read_gossip: Any = self.channel.unary_unary(READ_METHOD, None, None)
        self.calls: set[Any] = set()
        """Calls under way with one response; those go on whoever waits."""
        self.streams: WeakSet[Any] = WeakSet()
        """Calls under way with many; grpc ends those that nobody holds any more."""
        self.ended: str | None = None
        """Why this side ended the calls on it; None while it did not.

        grpc tells such a call's caller `CancelledError` only.
        """

    def running(self) -> Iterator[Any]:
        """List the calls that are not over."""
        return (call for call in chain(self.calls, self.streams) if not call.done())

    async def end(self, reason: str) -> None:
        """Close the channel, and with it every call on it.

        Args:
            reason: What the calls' callers are told.
        """
        self.ended = self.ended or reason
        await self.channel.close()


@dataclass(frozen=True, slots=True, eq=False)
class OpenNode:
    """Where the calls of one preference go now.

    Compared by identity: a multicallable bound to it is good for as long as this very
    object is current.

    Args:
        node: The core's name for it.
        route_channel: The channel.
        headers: Added to every call, credentials included.
        bare_headers: The same without credentials, for a caller who brings its own.
        metadata: `headers` as grpc.aio takes them, made once.
    """

    node: Node
    route_channel: RouteChannel
    headers: Headers
    bare_headers: Headers
    metadata: Metadata
