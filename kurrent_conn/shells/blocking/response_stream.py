"""A stream of responses that may begin again on another node, until its first message.

The inner call of the attempt under way does the work; this object is what the caller
holds, so that a not-leader answer in place of the first message is followed unseen.
Making a stream never waits: where no node is open yet, or a failed attempt is followed,
whichever thread finds the node begins there, and readers wait for that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

import grpc

from kurrent_conn.errors import KurrentConnError
from kurrent_conn.shells.blocking.call_error import CallCancelled, CallNotSent
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.repetition import Repetition
from kurrent_conn.shells.lanes import Place

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.channel import Channel


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
        send: Callable[[OpenNode, float | None, grpc.Channel], Any],
        is_whole: Callable[[], bool],
    ) -> None:
        self._connection = facade.connection
        self._repetition = repetition
        self._send = send
        self._is_whole = is_whole
        self._lock = threading.Lock()
        self._key = object()
        """Stands for the stream where calls are counted, and holds nothing."""
        self._inner: Any = None
        self._node: OpenNode | None = None
        self._place: Place[grpc.Channel] | None = None
        self._settled: Future[None] = Future()
        """Ends when the next attempt is under way, or when there is none."""
        self._failure: BaseException | None = None
        self._cause: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._seen = False
        self._is_over = False
        self._was_cancelled = False
        try:
            repetition.check_open()
        except grpc.RpcError as failure:
            # grpc raises on the first message, never when the call is made.
            self._fail(failure)
            return
        if facade.current is not None:
            self._begin(facade.current)
        else:
            self._look_for_node()

    def __del__(self) -> None:
        self._uncount()

    # Attempts.

    def _begin(self, node: OpenNode) -> None:
        place = node.route_channel.streams.take()
        try:
            inner = self._send(node, self._repetition.left_s(), place.channel)
        except CallNotSent as error:
            self._follow(node, error)
            return
        with self._lock:
            is_wanted = self._failure is None
            if is_wanted:
                self._node, self._inner = node, inner
                self._count(node, place)
                self._settled.set_result(None)
            watched = bool(self._callbacks)
        if not is_wanted:
            inner.cancel()
        elif watched:
            self._watch(inner)

    def _count(self, node: OpenNode, place: Place[grpc.Channel]) -> None:
        self._place = place
        # Late until its first message; afterwards silence is what streams do.
        node.calls[self._key] = monotonic()
        self._connection.watch()

    def _uncount(self) -> None:
        if self._place is not None:
            self._place.leave()
        if self._node is not None:
            self._node.calls.pop(self._key, None)

    def _look_for_node(self) -> None:
        effort = self._repetition.effort
        wait = self._connection.when_open(effort.preference, effort.deadline_at)
        wait.add_done_callback(self._node_found)

    def _node_found(self, wait: Future[Any]) -> None:
        error = wait.exception()
        if isinstance(error, KurrentConnError):
            failure = self._repetition.as_call_error(error)
            failure.__cause__ = self._cause
            self._fail(failure)
            return
        try:
            self._begin(wait.result())
        except Exception as mistake:  # noqa: BLE001 - such as metadata that grpc does not take
            self._fail(mistake)

    def _settle(self) -> None:
        with self._lock:
            if not self._settled.done():
                self._settled.set_result(None)

    def _ready(self) -> Any:
        """Give the attempt under way, waiting for one.

        Raises:
            grpc.RpcError: There is none: the call failed.
        """
        while True:
            with self._lock:
                inner, settled = self._inner, self._settled
                failure = self._failure
            if failure is not None:
                raise failure
            if inner is not None:
                return inner
            settled.result()

    def _judge(self, inner: Any, error: grpc.RpcError) -> None:
        """Start what follows a failed attempt, unless somebody did."""
        with self._lock:
            node = self._node
            if self._inner is not inner or node is None:
                return
            self._inner = None
            self._settled = Future()
        self._uncount()
        self._follow(node, error)

    def _follow(self, node: OpenNode, error: grpc.RpcError) -> None:
        can_repeat = not (self._seen or self._was_cancelled) and self._is_whole()
        self._cause = error
        try:
            repeat = self._repetition.decide(node, error, can_repeat)
        except grpc.RpcError as failure:
            self._fail(failure)
        else:
            if repeat.after_s:
                self._connection.later(repeat.after_s, self._look_for_node)
            else:
                self._look_for_node()

    # Responses.

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
            inner = self._inner
            if inner is None:
                inner = self._ready()
            try:
                message = next(inner)
            except StopIteration:
                self._end()
                raise
            except grpc.RpcError as error:
                self._judge(inner, error)
            else:
                if not self._seen:
                    self._answered()
                return message

    def _answered(self) -> None:
        self._seen = True
        if self._node is not None:
            self._node.calls.pop(self._key, None)
            self._connection.answered(self._node)

    # Ends.

    def _fail(self, failure: BaseException) -> None:
        with self._lock:
            if self._failure is None:
                self._failure = failure
        self._settle()
        self._end()

    def _end(self) -> None:
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._is_over = True
        self._uncount()
        for callback in callbacks:
            callback()

    def _final(self) -> Any:
        """Wait for the end of the call, following failures; give its last attempt."""
        while True:
            try:
                inner = self._ready()
            except grpc.RpcError as failure:
                return failure
            if inner.code() is grpc.StatusCode.OK:
                return inner
            self._judge(inner, inner)

    def _watch(self, inner: Any) -> None:
        if not inner.add_callback(partial(self._attempt_ended, inner)):
            self._attempt_ended(inner)

    def _attempt_ended(self, inner: Any) -> None:
        if inner.code() is grpc.StatusCode.OK:
            self._end()
        else:
            # Not here, on grpc's own thread: the failure's first headers may be
            # among the news that this very thread has yet to bring.
            self._connection.later(0.0, partial(self._judge, inner, inner))

    # What grpc calls offer.

    def cancel(self) -> bool:
        """End the call; its next message raises."""
        with self._lock:
            if self._is_over:
                return False
            self._was_cancelled = True
            inner = self._inner
        if inner is not None:
            return bool(inner.cancel())
        self._fail(CallCancelled())
        return True

    def is_active(self) -> bool:
        """Tell whether the call runs."""
        inner = self._inner
        return not self._is_over and (inner is None or bool(inner.is_active()))

    def time_remaining(self) -> Any:
        """Say how many seconds of the deadline are left; None without one."""
        return self._repetition.left_s()

    def initial_metadata(self) -> Any:
        """Give the node's first headers, waiting for them."""
        while True:
            try:
                inner = self._ready()
            except grpc.RpcError as failure:
                read: Any = failure
                return read.initial_metadata()
            metadata = inner.initial_metadata()
            if self._seen or inner.is_active() or inner.code() is grpc.StatusCode.OK:
                return metadata
            self._judge(inner, inner)

    def trailing_metadata(self) -> Any:
        """Give the trailers, waiting for the call's end."""
        return self._final().trailing_metadata()

    def code(self) -> Any:
        """Give the status code, waiting for the call's end."""
        return self._final().code()

    def details(self) -> Any:
        """Give the status text, waiting for the call's end."""
        return self._final().details()

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Call back when the call is over; False when it is over already."""
        with self._lock:
            if self._is_over:
                return False
            is_watched = bool(self._callbacks)
            self._callbacks.append(callback)
            inner = self._inner
        if inner is not None and not is_watched:
            self._watch(inner)
        return True
