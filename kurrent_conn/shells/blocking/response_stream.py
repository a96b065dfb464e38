"""A stream of responses that may begin again on another node, until its first message.

The inner call of the attempt under way does the work; this object is what the caller
holds, so that a not-leader answer in place of the first message is followed unseen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

import grpc

from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.repetition import Repetition

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.channel import Channel


def _raising(failure: grpc.RpcError) -> Iterator[Any]:
    """Make the responses of a call that no node was found for."""
    raise failure
    yield


class ResponseStream(grpc.Call, Iterator[Any]):
    """The responses of a call: an iterator and a `grpc.Call`.

    Args:
        facade: The channel that it was made on.
        repetition: How the call goes on after a failure.
        send: Sends the call to a node and gives the inner call.
        is_whole: Whether all requests can still be sent again.
    """

    def __init__(
        self,
        facade: Channel,
        repetition: Repetition,
        send: Callable[[OpenNode, float | None], Any],
        is_whole: Callable[[], bool],
    ) -> None:
        self._facade = facade
        self._repetition = repetition
        self._send = send
        self._is_whole = is_whole
        self._seen = False
        self._is_over = False
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._failure: grpc.RpcError | None = None
        self._inner: Any = None
        self._node: OpenNode | None = None
        try:
            repetition.check_open()
            node = facade.current
            self._begin(repetition.node() if node is None else node)
        except grpc.RpcError as failure:
            # grpc raises on the first message, never when the call is made.
            self._fail(failure)

    def _begin(self, node: OpenNode) -> None:
        self._node = node
        self._inner = self._send(node, self._repetition.left_s())
        node.route_channel.streams.add(self)
        # Late until its first message; afterwards silence is what streams do.
        node.calls[self] = monotonic()
        self._facade.connection.watch()

    def _fail(self, failure: grpc.RpcError) -> None:
        self._failure = failure
        self._inner = _raising(failure)

    def __iter__(self) -> Self:
        """Give the stream itself."""
        return self

    def __next__(self) -> Any:
        """Give the next response.

        Raises:
            StopIteration: The stream ended well.
            grpc.RpcError: It failed.
        """
        while True:
            try:
                message = next(self._inner)
            except StopIteration:
                self._end()
                raise
            except grpc.RpcError as error:
                self._go_on(error)
            else:
                if not self._seen:
                    self._answered()
                return message

    def _go_on(self, error: grpc.RpcError) -> None:
        """Begin again on another node, or raise."""
        if self._node is None or self._failure is not None:
            self._end()
            raise error
        can_repeat = not self._seen and self._is_whole()
        self._node.route_channel.streams.discard(self)
        self._node.calls.pop(self, None)
        try:
            self._begin(self._repetition.next_node(self._node, error, can_repeat))
        except grpc.RpcError as failure:
            if failure is not error:
                self._fail(failure)
            self._end()
            raise

    def _answered(self) -> None:
        self._seen = True
        if self._node is not None:
            self._node.calls.pop(self, None)

    def _end(self) -> None:
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._is_over = True
        if self._node is not None:
            self._node.route_channel.streams.discard(self)
            self._node.calls.pop(self, None)
        for callback in callbacks:
            callback()

    def _call(self) -> Any:
        return self._inner if self._failure is None else self._failure

    def cancel(self) -> bool:
        """End the call; its next message raises."""
        return bool(self._call().cancel())

    def is_active(self) -> bool:
        """Tell whether the call runs."""
        return bool(self._call().is_active())

    def time_remaining(self) -> Any:
        """Say how many seconds of the deadline are left; None without one."""
        return self._call().time_remaining()

    def initial_metadata(self) -> Any:
        """Give the node's first headers, waiting for them."""
        return self._call().initial_metadata()

    def trailing_metadata(self) -> Any:
        """Give the trailers, waiting for the call's end."""
        return self._call().trailing_metadata()

    def code(self) -> Any:
        """Give the status code, waiting for the call's end."""
        return self._call().code()

    def details(self) -> Any:
        """Give the status text, waiting for the call's end."""
        return self._call().details()

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Call back when the call is over; False when it is over already."""
        with self._lock:
            if self._is_over:
                return False
            self._callbacks.append(callback)
        if self._failure is None and not self._inner.add_callback(self._inner_ended):
            self._inner_ended()
        return True

    def _inner_ended(self) -> None:
        """End with the inner call, where no other can follow it."""
        if self._seen or self._inner.code() in {
            grpc.StatusCode.OK,
            grpc.StatusCode.CANCELLED,
        }:
            self._end()
