"""The channel that users hold: a `grpc.aio.Channel` over whichever node is right.

It hands out multicallables bound to nothing in particular; each call goes to the node
that is current when it starts. Closing a facade closes only the facade.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import grpc

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.shells.aio.multicallable import (
    StreamStream,
    StreamUnary,
    UnaryStream,
    UnaryUnary,
)
from kurrent_conn.shells.aio.open_node import OpenNode

if TYPE_CHECKING:
    from kurrent_conn.shells.aio.connection import Connection

Codec = Callable[[Any], Any] | None


class Channel(grpc.aio.Channel):
    """A `grpc.aio.Channel` that survives failover, and so do the stubs made from it.

    Args:
        connection: Finds the nodes.
        preference: Whose node calls go to.
    """

    def __init__(self, connection: Connection, preference: NodePreference) -> None:
        self.connection = connection
        self.preference = preference
        self.loop = connection.loop
        self.current: OpenNode | None = None
        self.is_closed = False
        self._changed = asyncio.Event()

    def unary_unary(
        self,
        method: str,
        request_serializer: Codec = None,
        response_deserializer: Codec = None,
        _registered_method: bool | None = False,
    ) -> UnaryUnary:
        """Make a callable of a method with one request and one response."""
        return UnaryUnary(self, method, request_serializer, response_deserializer)

    def unary_stream(
        self,
        method: str,
        request_serializer: Codec = None,
        response_deserializer: Codec = None,
        _registered_method: bool | None = False,
    ) -> UnaryStream:
        """Make a callable of a method with one request and many responses."""
        return UnaryStream(self, method, request_serializer, response_deserializer)

    def stream_unary(
        self,
        method: str,
        request_serializer: Codec = None,
        response_deserializer: Codec = None,
        _registered_method: bool | None = False,
    ) -> StreamUnary:
        """Make a callable of a method with many requests and one response."""
        return StreamUnary(self, method, request_serializer, response_deserializer)

    def stream_stream(
        self,
        method: str,
        request_serializer: Codec = None,
        response_deserializer: Codec = None,
        _registered_method: bool | None = False,
    ) -> StreamStream:
        """Make a callable of a method with many requests and many responses."""
        return StreamStream(self, method, request_serializer, response_deserializer)

    def set_current(self, node: OpenNode | None) -> None:
        """Send new calls to this node; None lets them wait."""
        self.current = node
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @property
    def connectivity(self) -> grpc.ChannelConnectivity:
        """Whether a node is open for calls now."""
        if self.is_closed or self.connection.is_closed:
            return grpc.ChannelConnectivity.SHUTDOWN
        if self.current is None:
            return grpc.ChannelConnectivity.IDLE
        return grpc.ChannelConnectivity.READY

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Say whether a node is open for calls now: READY, IDLE or SHUTDOWN.

        Args:
            try_to_connect: Look for a node where none is open.
        """
        state = self.connectivity
        if try_to_connect and state is grpc.ChannelConnectivity.IDLE:
            self.connection.look_for(self.preference)
        return state

    async def wait_for_state_change(
        self, last_observed_state: grpc.ChannelConnectivity
    ) -> None:
        """Wait until the state is another.

        Args:
            last_observed_state: What `get_state` gave.
        """
        while self.connectivity is last_observed_state:
            await self._changed.wait()

    async def channel_ready(self) -> None:
        """Wait until a node is open, at most the connection's timeout.

        Raises:
            DiscoveryError: No node could be had in time.
            ConnectionClosed: The connection is closed.
        """
        deadline_at = time.monotonic() + self.connection.timeout
        await self.connection.open_node(self.preference, deadline_at)

    async def close(self, grace: float | None = None) -> None:  # noqa: ARG002 - grpc's signature
        """Close this facade; the connection and its other channels go on.

        Args:
            grace: Not needed: calls under way go on.
        """
        self.is_closed = True
        self.set_current(None)
        self.connection.forget(self)

    async def __aenter__(self) -> Self:
        """Give the channel itself."""
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        """Close this facade."""
        await self.close()
