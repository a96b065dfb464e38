"""The channel that applications hold: a `grpc.Channel` over whichever node is right.

It hands out multicallables bound to nothing in particular; each call goes to the node
that is current when it starts. Closing a facade closes only the facade.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import grpc

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.shells.blocking.multicallable import (
    StreamStream,
    StreamUnary,
    UnaryStream,
    UnaryUnary,
)
from kurrent_conn.shells.blocking.open_node import OpenNode

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.connection import Connection

Codec = Callable[[Any], Any] | None


class Channel(grpc.Channel):
    """A `grpc.Channel` that survives failover, and so do the stubs made from it.

    Args:
        connection: Finds the nodes.
        preference: Whose node calls go to.
    """

    def __init__(self, connection: Connection, preference: NodePreference) -> None:
        self.connection = connection
        self.preference = preference
        self.current: OpenNode | None = None
        self.is_closed = False
        self._callbacks: tuple[Callable[[grpc.ChannelConnectivity], None], ...] = ()

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
        self._tell(self._callbacks)

    def subscribe(
        self,
        callback: Callable[[grpc.ChannelConnectivity], None],
        try_to_connect: bool | None = False,
    ) -> None:
        """Tell a callback, on the connection's thread, whether a node is open.

        Args:
            callback: Receives READY, IDLE or SHUTDOWN, now and at every change.
            try_to_connect: Look for a node where none is open.
        """
        self._callbacks = (*self._callbacks, callback)
        self._tell((callback,))
        if try_to_connect and self.current is None:
            self.connection.look_for(self.preference)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Tell a callback nothing more."""
        self._callbacks = tuple(each for each in self._callbacks if each != callback)

    def _tell(
        self, callbacks: tuple[Callable[[grpc.ChannelConnectivity], None], ...]
    ) -> None:
        for callback in callbacks:
            self.connection.later(0.0, partial(callback, self.connectivity))

    @property
    def connectivity(self) -> grpc.ChannelConnectivity:
        """Whether a node is open for calls now."""
        if self.is_closed or self.connection.is_closed:
            return grpc.ChannelConnectivity.SHUTDOWN
        if self.current is None:
            return grpc.ChannelConnectivity.IDLE
        return grpc.ChannelConnectivity.READY

    def close(self) -> None:
        """Close this facade; the connection and its other channels go on."""
        self.is_closed = True
        self.set_current(None)
        self.connection.forget(self)

    def __enter__(self) -> Self:
        """Give the channel itself."""
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Close this facade."""
        self.close()
