"""The four kinds of call, each sent to the node that is current when it starts.

The usual call costs one comparison: a multicallable keeps the node it was bound to and
the real multicallable on that node's channel, and binds anew when the facade's node is
another. Everything else happens after an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import grpc

from kurrent_conn.shells.blocking.call_error import CallNotSent
from kurrent_conn.shells.blocking.call_future import CallFuture
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.repetition import Repetition
from kurrent_conn.shells.blocking.response_stream import ResponseStream
from kurrent_conn.shells.header import Headers, merged
from kurrent_conn.shells.replay import Replay, entry_serializer

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.channel import Channel

Codec: TypeAlias = Callable[[Any], Any] | None
Send: TypeAlias = Callable[..., Any]
"""Sends a call to a node, with a deadline; a stream by the channel that has room."""


class _Multicallable:
    """What the four kinds share: binding, headers, deadlines."""

    kind: ClassVar[str]
    streams_requests: ClassVar[bool] = False
    has_default_deadline: ClassVar[bool] = False

    def __init__(
        self, facade: Channel, method: str, serializer: Codec, deserializer: Codec
    ) -> None:
        self._facade = facade
        self._connection = facade.connection
        self._method = method
        self._serializer = (
            entry_serializer(serializer) if self.streams_requests else serializer
        )
        self._deserializer = deserializer
        self._bound: tuple[OpenNode | None, Any] = (None, None)
        self._timeout_s = (
            facade.connection.settings.default_deadline_s
            if self.has_default_deadline
            else None
        )

    def _bind(self) -> tuple[OpenNode | None, Any]:
        """Bind to the current node; (None, None) while there is none."""
        node = self._facade.current
        self._bound = (node, None if node is None else self._on(node))
        return self._bound

    def _on(self, node: OpenNode, channel: grpc.Channel | None = None) -> Any:
        bound, inner = self._bound
        is_first = channel is None or channel is node.route_channel.channel
        if bound is node and is_first:
            return inner
        make = getattr(channel or node.route_channel.channel, self.kind)
        return make(self._method, self._serializer, self._deserializer)

    def _headers(self, node: OpenNode, metadata: Any, credentials: object) -> Headers:
        ours = node.headers if credentials is None else node.bare_headers
        return ours if metadata is None else merged(tuple(metadata), ours)

    def _sender(
        self,
        name: str,
        request: Any,
        metadata: Any,
        credentials: Any,
        rest: tuple[Any, ...],
    ) -> Send:
        """Make a function that sends this call to a node, once an attempt.

        Args:
            name: The method of the inner multicallable, such as `with_call`.
            request: The message, or the `Replay` of a stream of them.
            metadata: As the caller gave it.
            credentials: As the caller gave them.
            rest: `wait_for_ready` and `compression`.
        """

        def send(
            node: OpenNode,
            timeout_s: float | None,
            channel: grpc.Channel | None = None,
        ) -> Any:
            sent = request.attempt() if isinstance(request, Replay) else request
            headers = self._headers(node, metadata, credentials)
            call = getattr(self._on(node, channel), name)
            try:
                return call(sent, timeout_s, headers, credentials, *rest)
            except ValueError as closed:
                raise _not_sent(node, closed) from None

        return send

    def _repetition(self, began_at: float, timeout_s: float | None) -> Repetition:
        return Repetition(self._facade, self._method, began_at, timeout_s)


def _not_sent(node: OpenNode, closed: ValueError) -> Exception:
    """Say what a call on a closed channel means: where we closed it, "never sent"."""
    return CallNotSent() if node.route_channel.is_given_up else closed


def _is_whole(request: Any) -> bool:
    return not isinstance(request, Replay) or request.is_whole


class _UnaryResponse(_Multicallable):
    """One response: the call blocks, or is a future."""

    def _again(
        self,
        began_at: float,
        timeout_s: float | None,
        request: Any,
        send: Send,
        failed: tuple[OpenNode, BaseException] | None,
    ) -> Any:
        """Send the call until it is answered or must raise.

        Args:
            began_at: When the caller began it.
            timeout_s: Its deadline.
            request: What it sends.
            send: Sends it to a node.
            failed: Where and how the first attempt failed; None when there was no
                node to send it to.
        """
        repetition = self._repetition(began_at, timeout_s)
        node = (
            repetition.node()
            if failed is None
            else repetition.next_node(*failed, can_repeat=_is_whole(request))
        )
        while True:
            key = object()
            node.calls[key] = monotonic()
            self._connection.watch()
            try:
                answer = send(node, repetition.left_s())
            except grpc.RpcError as error:
                failure = error
            else:
                self._connection.answered(node)
                return answer
            finally:
                del node.calls[key]
            node = repetition.next_node(node, failure, _is_whole(request))

    def _answer(
        self,
        request: Any,
        sent: Any,
        timeout: float | None,
        metadata: Any,
        credentials: Any,
        rest: tuple[Any, ...],
    ) -> Any:
        """Send the call and wait; the usual way, which ends with the first attempt.

        Args:
            request: The message, or the `Replay` of a stream of them.
            sent: What the first attempt sends of it.
            timeout: As the caller gave it.
            metadata: As the caller gave it.
            credentials: As the caller gave them.
            rest: `wait_for_ready` and `compression`.
        """
        began_at = monotonic()
        node, inner = self._bound
        if node is not self._facade.current or node is None:
            node, inner = self._bind()
        timeout_s = self._timeout_s if timeout is None else timeout
        failed: tuple[OpenNode, BaseException] | None = None
        if node is not None:
            headers = (
                node.headers
                if metadata is None and credentials is None
                else self._headers(node, metadata, credentials)
            )
            key = object()
            node.calls[key] = began_at
            self._connection.watch()
            try:
                return inner(sent, timeout_s, headers, credentials, *rest)
            except grpc.RpcError as error:
                failed = (node, error)
            except ValueError as closed:
                if not node.route_channel.is_given_up:
                    raise
                failed = (node, _not_sent(node, closed))
            finally:
                del node.calls[key]
        send = self._sender("__call__", request, metadata, credentials, rest)
        return self._again(began_at, timeout_s, request, send, failed)

    def _call(
        self,
        name: str,
        request: Any,
        timeout: float | None,
        metadata: Any,
        credentials: Any,
        *rest: Any,
    ) -> Any:
        began_at = monotonic()
        timeout_s = self._timeout_s if timeout is None else timeout
        send = self._sender(name, request, metadata, credentials, rest)
        return self._again(began_at, timeout_s, request, send, None)

    def _future(
        self,
        request: Any,
        timeout: float | None,
        metadata: Any,
        credentials: Any,
        *rest: Any,
    ) -> CallFuture:
        timeout_s = self._timeout_s if timeout is None else timeout
        send = self._sender("future", request, metadata, credentials, rest)
        repetition = self._repetition(monotonic(), timeout_s)
        return CallFuture(self._facade, repetition, send, partial(_is_whole, request))


class UnaryUnary(_UnaryResponse, grpc.UnaryUnaryMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with one request and one response."""

    kind = "unary_unary"
    has_default_deadline = True

    def __call__(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        """Send the call and wait for its response."""
        rest = (wait_for_ready, compression)
        return self._answer(request, request, timeout, metadata, credentials, rest)

    def with_call(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> tuple[Any, grpc.Call]:
        """Send the call and wait; give the response and the call."""
        rest = (wait_for_ready, compression)
        answer: tuple[Any, grpc.Call] = self._call(
            "with_call", request, timeout, metadata, credentials, *rest
        )
        return answer

    def future(  # type: ignore[override]  # a future and a call, as grpc's own
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> CallFuture:
        """Send the call and give its future."""
        rest = (wait_for_ready, compression)
        return self._future(request, timeout, metadata, credentials, *rest)


class StreamUnary(_UnaryResponse, grpc.StreamUnaryMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with many requests and one response."""

    kind = "stream_unary"
    streams_requests = True

    def __call__(
        self,
        request_iterator: Iterator[Any],
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        """Send the requests and wait for the response."""
        rest = (wait_for_ready, compression)
        replay = Replay(iter(request_iterator))
        sent = replay.attempt()
        return self._answer(replay, sent, timeout, metadata, credentials, rest)

    def with_call(
        self,
        request_iterator: Iterator[Any],
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> tuple[Any, grpc.Call]:
        """Send the requests and wait; give the response and the call."""
        rest = (wait_for_ready, compression)
        replay = Replay(iter(request_iterator))
        answer: tuple[Any, grpc.Call] = self._call(
            "with_call", replay, timeout, metadata, credentials, *rest
        )
        return answer

    def future(  # type: ignore[override]  # a future and a call, as grpc's own
        self,
        request_iterator: Iterator[Any],
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> CallFuture:
        """Send the requests and give the response's future."""
        rest = (wait_for_ready, compression)
        replay = Replay(iter(request_iterator))
        return self._future(replay, timeout, metadata, credentials, *rest)


class _StreamResponse(_Multicallable):
    """Many responses: the call is an iterator over them."""

    def _stream(
        self,
        request: Any,
        timeout: float | None,
        metadata: Any,
        credentials: Any,
        *rest: Any,
    ) -> ResponseStream:
        send = self._sender("__call__", request, metadata, credentials, rest)
        repetition = self._repetition(monotonic(), timeout)
        return ResponseStream(
            self._facade, repetition, send, partial(_is_whole, request)
        )


class UnaryStream(_StreamResponse, grpc.UnaryStreamMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with one request and many responses."""

    kind = "unary_stream"

    def __call__(  # type: ignore[override]  # an iterator and a call, as grpc's own
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> ResponseStream:
        """Send the request and give the responses."""
        rest = (wait_for_ready, compression)
        return self._stream(request, timeout, metadata, credentials, *rest)


class StreamStream(_StreamResponse, grpc.StreamStreamMultiCallable):  # type: ignore[type-arg]  # generic in the stubs only
    """A method with many requests and many responses."""

    kind = "stream_stream"
    streams_requests = True

    def __call__(  # type: ignore[override]  # an iterator and a call, as grpc's own
        self,
        request_iterator: Iterator[Any],
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> ResponseStream:
        """Send the requests and give the responses."""
        rest = (wait_for_ready, compression)
        replay = Replay(iter(request_iterator))
        return self._stream(replay, timeout, metadata, credentials, *rest)
