"""The future of a call that may be repeated on another node."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import grpc

from kurrent_conn.errors import KurrentConnError
from kurrent_conn.shells.blocking.call_error import CallCancelled, CallNotSent
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.repetition import Repetition

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.channel import Channel


class CallFuture(grpc.Future, grpc.Call):  # type: ignore[type-arg]  # generic in the stubs only
    """A response to come: a `grpc.Future` and a `grpc.Call`.

    Nothing here blocks but what is named to wait; a repeat starts from whichever
    thread brings the news.

    Args:
        facade: The channel that it was made on.
        repetition: How the call goes on after a failure.
        send: Sends the call to a node and gives the inner future.
        is_whole: Whether all requests can still be sent again.
    """

    def __init__(
        self,
        facade: Channel,
        repetition: Repetition,
        send: Callable[[OpenNode, float | None], Any],
        is_whole: Callable[[], bool],
    ) -> None:
        self._connection = facade.connection
        self._repetition = repetition
        self._send = send
        self._is_whole = is_whole
        self._inner: Any = None
        self._was_cancelled = False
        self._ended: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            repetition.check_open()
        except grpc.RpcError as error:
            self._ended.set_exception(error)
            return
        if facade.current is not None:
            self._begin(facade.current)
        else:
            self._wait_for_node()

    def _begin(self, node: OpenNode) -> None:
        try:
            inner = self._send(node, self._repetition.left_s())
        except CallNotSent as error:
            self._go_on(node, error)
            return
        self._inner = inner
        node.calls[self] = monotonic()
        self._connection.watch()
        if self._was_cancelled:
            inner.cancel()
        inner.add_done_callback(partial(self._attempt_ended, node))

    def _wait_for_node(self) -> None:
        effort = self._repetition.effort
        wait = self._connection.when_open(effort.preference, effort.deadline_at)
        wait.add_done_callback(self._node_found)

    def _node_found(self, wait: concurrent.futures.Future[Any]) -> None:
        error = wait.exception()
        if isinstance(error, KurrentConnError):
            self._fail(self._repetition.as_call_error(error))
        elif not self._was_cancelled:
            try:
                self._begin(wait.result())
            except Exception as mistake:  # noqa: BLE001 - such as metadata that grpc does not take
                self._fail(mistake)

    def _attempt_ended(self, node: OpenNode, inner: Any) -> None:
        node.calls.pop(self, None)
        if inner.cancelled():
            self._fail(grpc.FutureCancelledError())
            return
        error = inner.exception()
        if error is None:
            self._connection.answered(node)
            with suppress(InvalidStateError):
                self._ended.set_result(inner.result())
        else:
            self._inner = None
            # Not here, on grpc's own thread: the failure's first headers may be
            # among the news that this very thread has yet to bring.
            self._connection.later(0.0, partial(self._go_on, node, error))

    def _go_on(self, node: OpenNode, error: BaseException) -> None:
        """Try again on another node, or end with the error."""
        try:
            repeat = self._repetition.decide(node, error, self._is_whole())
        except grpc.RpcError as failure:
            self._fail(failure)
        else:
            if repeat.after_s:
                self._connection.later(repeat.after_s, self._wait_for_node)
            else:
                self._wait_for_node()

    def _fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):  # cancelled meanwhile
            self._ended.set_exception(error)

    def cancel(self) -> bool:
        """End the call; False when it is over already."""
        if self._ended.done():
            return False
        self._was_cancelled = True
        inner = self._inner
        if inner is not None:
            return bool(inner.cancel())
        self._fail(grpc.FutureCancelledError())
        return True

    def cancelled(self) -> bool:
        """Tell whether the call was cancelled."""
        return self._ended.done() and isinstance(
            self._ended.exception(), grpc.FutureCancelledError
        )

    def running(self) -> bool:
        """Tell whether the call is not over."""
        return not self._ended.done()

    def done(self) -> bool:
        """Tell whether the call is over."""
        return self._ended.done()

    def result(self, timeout: float | None = None) -> Any:
        """Give the response, waiting for it.

        Raises:
            grpc.RpcError: The call failed.
            grpc.FutureTimeoutError: It was not over within `timeout` seconds.
            grpc.FutureCancelledError: It was cancelled.
        """
        try:
            return self._ended.result(timeout)
        except concurrent.futures.TimeoutError:
            if self._ended.done():
                raise
            raise grpc.FutureTimeoutError from None

    def exception(self, timeout: float | None = None) -> Any:
        """Give the call's error, waiting for its end; None when it went well."""
        try:
            error = self._ended.exception(timeout)
        except concurrent.futures.TimeoutError:
            raise grpc.FutureTimeoutError from None
        if isinstance(error, grpc.FutureCancelledError):
            raise error
        return error

    def traceback(self, timeout: float | None = None) -> Any:
        """Give the traceback of the call's error; None when it went well."""
        error = self.exception(timeout)
        return None if error is None else error.__traceback__

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Call back with this future when the call is over."""
        self._ended.add_done_callback(lambda _: fn(self))

    def _final(self) -> Any:
        """Wait for the end; give what knows the status."""
        error = self._ended.exception()
        if isinstance(error, grpc.FutureCancelledError):
            return self._inner or CallCancelled()
        return self._inner if error is None else error

    def is_active(self) -> bool:
        """Tell whether the call runs."""
        return not self._ended.done()

    def time_remaining(self) -> Any:
        """Say how many seconds of the deadline are left; None without one."""
        return self._repetition.left_s()

    def initial_metadata(self) -> Any:
        """Give the node's first headers, waiting for the call's end."""
        return self._final().initial_metadata()

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
        if self._ended.done():
            return False
        self._ended.add_done_callback(lambda _: callback())
        return True
