"""The four kinds of method, each call sent to the node that is current when it starts.

They are plain functions: the call begins at once and gives a call object. The usual one
costs a comparison, because a multicallable keeps the node it was bound to and the real
multicallable on that node's channel; everything else happens after an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
from grpc.aio import Metadata

from kurrent_conn.shells.aio.attempts import Options
from kurrent_conn.shells.aio.open_node import OpenNode
from kurrent_conn.shells.aio.request_stream import Requests, RequestStream
from kurrent_conn.shells.aio.stream_call import StreamStreamCall, UnaryStreamCall
from kurrent_conn.shells.aio.unary_call import StreamUnaryCall, UnaryUnaryCall
from kurrent_conn.shells.header import merged
from kurrent_conn.shells.replay import entry_serializer

if TYPE_CHECKING:
    from kurrent_conn.shells.aio.channel import Channel

Codec = Callable[[Any], Any] | None


class Multicallable:
    """What the four kinds share: binding, headers, deadlines.

    Args:
        facade: The channel that it was made on.
        method: The full path.
        serializer: Makes bytes of a request; None: they are bytes.
        deserializer: Makes a response of bytes; None: they stay bytes.
    """

    kind: ClassVar[str]
    streams_requests: ClassVar[bool] = False

    def __init__(
        self, facade: Channel, method: str, serializer: Codec, deserializer: Codec
    ) -> None:
        self.facade = facade
        self.method = method
        self._serializer = serializer
        self._serialize_entry = entry_serializer(serializer)
        self._deserializer = deserializer
        self._bound: tuple[OpenNode | None, Any] = (None, None)

    def send(
        self,
        node: OpenNode,
        channel: grpc.aio.Channel,
        request: Any,
        timeout_s: float | None,
        options: Options,
    ) -> Any:
        """Send a call to a node: one attempt.

        Args:
            node: Where to.
            channel: The one of the node's that has room.
            request: The message, or the `RequestStream`.
            timeout_s: The attempt's deadline.
            options: The rest of what the caller gave.

        Returns:
            The call of grpc.aio.
        """
        metadata, credentials, wait_for_ready, compression = options
        bound, inner = self._bound
        if bound is not node or channel is not node.route_channel.channel:
            inner = self._bind(node, channel)
        return inner(
            request.attempt() if self.streams_requests else request,
            timeout=timeout_s,
            metadata=(
                node.metadata
                if metadata is None and credentials is None
                else _merged(node, metadata, credentials)
            ),
            credentials=credentials,
            wait_for_ready=wait_for_ready,
            compression=compression,
        )

    def _bind(self, node: OpenNode, channel: grpc.aio.Channel) -> Any:
        make = getattr(channel, self.kind)
        # A `RequestStream` gives bytes: it serialises a message once.
        serializer = None if self.streams_requests else self._serializer
        inner = make(self.method, serializer, self._deserializer)
        if node is self.facade.current and channel is node.route_channel.channel:
            self._bound = (node, inner)
        return inner

    def _requests(self, source: Requests) -> RequestStream:
        tasks = self.facade.connection.tasks
        return RequestStream(source, self._serialize_entry, tasks)


def _merged(node: OpenNode, metadata: Any, credentials: object) -> Metadata:
    ours = node.headers if credentials is None else node.bare_headers
    return Metadata(*merged(tuple(metadata or ()), ours))


class UnaryUnary(Multicallable, grpc.aio.UnaryUnaryMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with one request and one response."""

    kind = "unary_unary"

    def __init__(
        self, facade: Channel, method: str, serializer: Codec, deserializer: Codec
    ) -> None:
        super().__init__(facade, method, serializer, deserializer)
        self._timeout_s = facade.connection.settings.default_deadline_s

    def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> UnaryUnaryCall:
        """Send the request and give the call."""
        return UnaryUnaryCall(
            self,
            request,
            self._timeout_s if timeout is None else timeout,
            (metadata, credentials, wait_for_ready, compression),
        )


class UnaryStream(Multicallable, grpc.aio.UnaryStreamMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with one request and many responses."""

    kind = "unary_stream"

    def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> UnaryStreamCall:
        """Send the request and give the call."""
        options = (metadata, credentials, wait_for_ready, compression)
        return UnaryStreamCall(self, request, timeout, options)


class StreamUnary(Multicallable, grpc.aio.StreamUnaryMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with many requests and one response."""

    kind = "stream_unary"
    streams_requests = True

    def __call__(
        self,
        request_iterator: Requests = None,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> StreamUnaryCall:
        """Send the requests, or take them by `write`, and give the call."""
        options = (metadata, credentials, wait_for_ready, compression)
        requests = self._requests(request_iterator)
        return StreamUnaryCall(self, requests, timeout, options)


class StreamStream(Multicallable, grpc.aio.StreamStreamMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with many requests and many responses."""

    kind = "stream_stream"
    streams_requests = True

    def __call__(
        self,
        request_iterator: Requests = None,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> StreamStreamCall:
        """Send the requests, or take them by `write`, and give the call."""
        options = (metadata, credentials, wait_for_ready, compression)
        requests = self._requests(request_iterator)
        return StreamStreamCall(self, requests, timeout, options)
