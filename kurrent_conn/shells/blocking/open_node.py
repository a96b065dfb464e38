"""Real channels to one node, and what a call on it needs at hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import grpc

from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Node
from kurrent_conn.shells.channel_option import channel_options, target
from kurrent_conn.shells.header import Headers
from kurrent_conn.shells.lanes import Lanes
from kurrent_conn.shells.plan import USER_AGENT
from kurrent_conn.shells.verification import Verification
from kurrent_conn.wire.gossip import READ_METHOD

_UNAVAILABLE: Final[int] = grpc.StatusCode.UNAVAILABLE.value[0]

Calls: TypeAlias = dict[object, float]
"""Unanswered calls, and when each began (monotonic seconds)."""


class RouteChannel:
    """The channels of one route: for calls, and one for gossip and probes.

    A single channel does both until calls need it: then gossip gets a connection of
    its own, since a connection full of streams, or of large appends, lets a probe wait.
    Streams get another one where a connection is full of them.

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
        self.streams = Lanes(self._connect)
        """Places of streams: while one is taken, a retired channel stays."""
        self.channel = self.streams.first
        self.node: Node | None = None
        """The node whose calls it has now; None while it serves gossip alone."""
        self.calls: Calls = {}
        self.reads: set[object] = set()
        """Gossip reads under way."""
        self.is_given_up = False
        """Whether its calls were ended: new ones must not be made on it."""
        self._control: grpc.Channel | None = None

    def _connect(self) -> grpc.Channel:
        where = target(self.route.connects_to)
        if self._credentials is None:
            return grpc.insecure_channel(where, self._options)
        return grpc.secure_channel(where, self._credentials, self._options)

    def connect_ahead(self) -> None:
        """Begin to connect, without a call.

        The public way, `subscribe`, lets `close` wait up to 0.2 s; the inner channel
        has one that does not. Where a grpcio has it no more, nothing is gained.
        """
        inner = getattr(self.channel, "_channel", None)
        check = getattr(inner, "check_connectivity_state", None)
        if check is not None:
            check(True)

    def read_gossip(self) -> Any:
        """Give the multicallable of a gossip read."""
        channel = self.channel
        if self.node is not None:
            if self._control is None:
                self._control = self._connect()
            channel = self._control
        return channel.unary_unary(READ_METHOD, None, None)

    @property
    def is_busy(self) -> bool:
        """Whether calls, streams or reads run on it."""
        return bool(self.calls or len(self.streams) or self.reads)

    def condemn(self, text: str) -> None:
        """End every call on it at once, with UNAVAILABLE and a text.

        `grpc.Channel.close` would end them as cancelled, which says nothing; the
        inner channel takes a status. Where a grpcio has it no more, calls are ended
        as cancelled and their errors translated.
        """
        self.is_given_up = True
        for channel in self.streams.close():
            close = getattr(getattr(channel, "_channel", None), "close", None)
            if close is not None:
                with suppress(TypeError):  # another signature: private, it may change
                    close(_UNAVAILABLE, text)
        self.close()

    def close(self) -> None:
        """End everything on it."""
        self.is_given_up = True
        for channel in self.streams.close():
            channel.close()
        if self._control is not None:
            self._control.close()


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
    """

    node: Node
    route_channel: RouteChannel
    headers: Headers = field(repr=False)
    bare_headers: Headers = field(repr=False)
    calls: Calls = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calls", self.route_channel.calls)
