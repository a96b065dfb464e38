"""A real channel to one node, and what a call on it needs at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import grpc
from grpc.aio import Metadata

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Node
from kurrent_conn.shells.channel_option import channel_options, target
from kurrent_conn.shells.header import Headers
from kurrent_conn.shells.lanes import Lanes
from kurrent_conn.shells.plan import USER_AGENT
from kurrent_conn.shells.verification import Verification
from kurrent_conn.wire.gossip import READ_METHOD


class RouteChannel:
    """The channels of one route: for gossip, and for the calls of any preference.

    Streams get another connection where one is full of them.

    Args:
        route: Where it goes.
        settings: TLS and keepalive.
        verification: What it verifies.
    """

    def __init__(
        self,
        route: Route,
        settings: Settings,
        verification: Verification,
    ) -> None:
        self.route = route
        name = verification.server_name(route)
        self._options = channel_options(route, settings, USER_AGENT, name)
        self._credentials = verification.credentials(route)
        self.lanes = Lanes(self._connect)
        self.channel = self.lanes.first
        self.node: Node | None = None
        """The node whose calls it has now; None while it serves gossip alone."""
        self._control: grpc.aio.Channel | None = None
        self.calls: dict[Any, float] = {}
        """Calls under way with one response, and when each began (monotonic seconds).

        They go on whoever waits.
        """
        self.streams: WeakKeyDictionary[Any, float | None] = WeakKeyDictionary()
        """Calls under way with many responses, and when each began; None from the
        first response on, for silence is then what streams do.

        One that nobody else holds any more is not held here.
        """
        self.reads: set[Any] = set()
        """Gossip reads under way."""
        self.ended: str | None = None
        """Why this side ended the calls on it; None while it did not.

        grpc tells such a call's caller `CancelledError` only.
        """

    def _connect(self) -> grpc.aio.Channel:
        where = target(self.route.connects_to)
        if self._credentials is None:
            return grpc.aio.insecure_channel(where, self._options)
        return grpc.aio.secure_channel(where, self._credentials, self._options)

    def connect_ahead(self) -> None:
        """Begin to connect, without a call."""
        self.channel.get_state(try_to_connect=True)

    def read_gossip(self) -> Any:
        """Give the multicallable of a gossip read.

        One channel does both until calls need it: then gossip gets a connection of its
        own, since one full of streams, or of large appends, lets a probe wait.
        """
        channel = self.channel
        if self.node is not None:
            if self._control is None:
                self._control = self._connect()
            channel = self._control
        return channel.unary_unary(READ_METHOD, None, None)

    def call_ended(self, call: Any) -> None:
        """Note that a call with one response is over."""
        self.calls.pop(call, None)

    def stream_ended(self, call: Any) -> None:
        """Note that a call with many responses is over."""
        self.streams.pop(call, None)

    def stream_answered(self, call: Any) -> None:
        """Note that a call gave the first of its responses."""
        if call in self.streams:
            self.streams[call] = None

    def unanswered(self) -> list[float]:
        """List when the calls without any answer yet began (monotonic seconds)."""
        began = (at for at in self.streams.values() if at is not None)
        return [*self.calls.values(), *began]

    def running(self) -> list[Any]:
        """List the calls and reads that are not over."""
        everything = chain(self.calls, self.streams, self.reads)
        return [call for call in everything if not call.done()]

    async def end(self, reason: str) -> None:
        """Close the channel, and with it every call on it.

        Args:
            reason: What the calls' callers are told.
        """
        self.ended = self.ended or reason
        for channel in self.lanes.close():
            await channel.close()
        if self._control is not None:
            await self._control.close()


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
    headers: Headers = field(repr=False)
    bare_headers: Headers = field(repr=False)
    metadata: Metadata = field(repr=False)
