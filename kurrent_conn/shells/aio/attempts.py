"""The attempts of a call, which goes on where its node fails it.

The caller holds this object; an inner call of grpc.aio, one an attempt, does the work.
Whoever waits for the call looks at a failed attempt and starts what follows, once,
whoever else waits: `_after`. Only then there is a task; a call that succeeds has none
but grpc's.

grpc.aio ends the calls of a closed channel with `CancelledError`, which a TaskGroup
takes for the task's own wish and swallows. `_ended_by_us` tells the two apart.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

import grpc
from grpc.aio import EOF, AioRpcError

from kurrent_conn.shells.aio.call_error import ended_error
from kurrent_conn.shells.aio.loop_bound import check_loop
from kurrent_conn.shells.aio.open_node import OpenNode, RouteChannel
from kurrent_conn.shells.aio.repetition import Repetition

if TYPE_CHECKING:
    from kurrent_conn.shells.aio.multicallable import Multicallable

Options = tuple[Any, Any, Any, Any]
"""Metadata, credentials, wait_for_ready and compression, as the caller gave them."""

_CANCELLED = "Locally cancelled by application!"


class Attempts:
    """One call of any kind, sent to one node after another until one answers.

    Args:
        made_by: Sends it to a node.
        request: The message, or the stream of them.
        timeout_s: Its deadline; None: none.
        options: The rest of what the caller gave.
    """

    # Defaults stand on the class: most calls never change them.
    _inner: Any = None
    _node: OpenNode | None = None
    _failure: Exception | None = None
    _move: asyncio.Task[None] | None = None
    _repetition: Repetition | None = None
    _callbacks: tuple[Callable[[Any], object], ...] = ()
    _seen = False
    _is_over = False
    _was_cancelled = False
    _is_watched = False

    def __init__(
        self,
        made_by: Multicallable,
        request: Any,
        timeout_s: float | None,
        options: Options,
    ) -> None:
        facade = made_by.facade
        check_loop(facade.loop)
        self._made_by = made_by
        self._request = request
        self._timeout_s = timeout_s
        self._options = options
        self._began_at = monotonic()
        node = facade.current
        if node is not None:
            self._begin(node, timeout_s)
        else:
            self._start_move(0.0, None)

    # Attempts.

    def _begin(self, node: OpenNode, timeout_s: float | None) -> None:
        """Send the call to a node."""
        channel = self._connection_for(node.route_channel)
        inner = self._made_by.send(
            node, channel, self._request, timeout_s, self._options
        )
        self._node = node
        self._inner = inner
        self._track(node.route_channel, inner)
        connection = self._made_by.facade.connection
        if not connection.is_watching:
            connection.watch()

    def _connection_for(self, channel: RouteChannel) -> grpc.aio.Channel:
        """Choose the connection that the next attempt goes on."""
        return channel.channel

    def _track(self, channel: RouteChannel, inner: Any) -> None:
        """Keep the node's channel open, and watched, while the attempt runs."""
        channel.calls[inner] = monotonic()
        inner.add_done_callback(channel.call_ended)

    async def _ready(self) -> Any:
        """Give the attempt under way, waiting for one.

        A caller who is cancelled meanwhile cancels the call, as with grpc.
        """
        while self._inner is None:
            if self._failure is not None:
                raise self._failure
            if self._move is None:
                raise CancelledError
            await self._move
        return self._inner

    async def _after(self, inner: Any, error: AioRpcError) -> bool:
        """Deal with a failed attempt.

        Args:
            inner: The attempt.
            error: How it failed.

        Returns:
            True when the next attempt is under way; False: it did not fail, see
            `attempt_end`.

        Raises:
            AioRpcError: The call failed for good.
        """
        error = await self._really(inner, error)
        if error.code() is grpc.StatusCode.OK:
            self._finish()
            return False
        self._judge(inner, error)
        if self._move is not None:
            await self._move
        if self._failure is not None:
            raise self._failure
        return True

    async def _really(self, inner: Any, error: AioRpcError) -> AioRpcError:  # noqa: ARG002 - for calls with many requests
        """Give the status of an attempt where grpc reports another."""
        return error

    def _judge(self, inner: Any, error: AioRpcError) -> None:
        """Start what follows a failed attempt, unless somebody did."""
        if self._inner is not inner or self._node is None:
            return
        decision = self._course().decide(self._node, error, self._can_repeat())
        self._inner = None
        if isinstance(decision, AioRpcError):
            self._fail(decision)
        else:
            self._start_move(decision.after_s, error)

    def _course(self) -> Repetition:
        if self._repetition is None:
            made_by = self._made_by
            self._repetition = Repetition(
                made_by.facade, made_by.method, self._began_at, self._timeout_s
            )
        return self._repetition

    def _can_repeat(self) -> bool:
        return not self._seen

    def _start_move(self, after_s: float, cause: AioRpcError | None) -> None:
        move = self._made_by.facade.connection.tasks.start(
            self._move_on(after_s, cause)
        )
        self._move = move
        move.add_done_callback(self._moved)

    async def _move_on(self, after_s: float, cause: AioRpcError | None) -> None:
        """Find a node and begin there."""
        course = self._course()
        try:
            node = await course.node(after_s, cause)
        except AioRpcError as failure:
            self._fail(failure)
        else:
            self._begin(node, course.left_s())

    def _moved(self, move: asyncio.Task[None]) -> None:
        self._move = None
        if move.cancelled():
            self._end_cancelled()
        elif isinstance(error := move.exception(), Exception):
            self._fail(error)  # such as metadata that grpc does not take

    # Ends.

    def _ended_by_us(self, inner: Any) -> AioRpcError | None:
        """Say what a CancelledError out of an attempt is; None: what it says.

        Args:
            inner: The attempt.
        """
        if self._node is None or not inner.cancelled() or self._is_callers_wish():
            return None
        reason = self._node.route_channel.ended
        if reason is None:
            return None
        return ended_error(grpc.StatusCode.UNAVAILABLE, reason)

    def _is_callers_wish(self) -> bool:
        """Tell whether a CancelledError is meant for whoever waits here."""
        task = asyncio.current_task()
        return self._was_cancelled or (task is not None and task.cancelling() > 0)

    def _fail(self, failure: Exception) -> None:
        self._failure = failure
        self._finish()

    def _end_cancelled(self) -> None:
        self._was_cancelled = True
        self._finish()

    def _finish(self) -> None:
        """Note that the call is over."""
        if self._is_over:
            return
        self._is_over = True
        if self._repetition is not None and not self._seen:
            self._answered()
        callbacks, self._callbacks = self._callbacks, ()
        for callback in callbacks:
            try:
                callback(self)
            except Exception as error:  # noqa: BLE001 - a user's bug must not end other calls
                self._made_by.facade.loop.call_exception_handler(
                    {"message": "a done callback of a call failed", "exception": error}
                )

    def _answered(self) -> None:
        """Let the core know of an answer to a call that had waited, or was repeated."""
        if self._node is not None and self._failure is None and not self._was_cancelled:
            self._made_by.facade.connection.answered(self._node)

    def _abandon(self, end: Callable[[], object]) -> None:
        """End a call that nobody holds any more; the collector runs in any thread."""
        loop = self._made_by.facade.loop
        if not self._is_over and not loop.is_closed():
            loop.call_soon_threadsafe(end)

    async def _settled(self) -> Any:
        """Give the attempt under way, waiting for one; None when the call is over.

        A caller who is cancelled meanwhile does not cancel the call, as with grpc
        where only the status is waited for.
        """
        while self._inner is None and self._move is not None:
            await asyncio.wait((self._move,))
        return self._inner

    async def _end(self) -> Any:
        """Wait for the call's end, following failures; give what knows its status."""
        while (inner := await self._settled()) is not None:
            status = await self._status_of(inner)
            if status is None or status.code() is grpc.StatusCode.OK:
                self._finish()
                return status or inner
            self._judge(inner, status)
        return self._final_error()

    def _final_error(self) -> AioRpcError:
        if self._failure is None:
            return ended_error(grpc.StatusCode.CANCELLED, _CANCELLED)
        if not isinstance(self._failure, AioRpcError):
            raise self._failure
        return self._failure

    async def _status_of(self, inner: Any) -> AioRpcError | None:
        """Wait for the end of an attempt; None when it succeeded or was cancelled."""
        code = await inner.code()
        if code is grpc.StatusCode.OK:
            return None
        if inner.cancelled():
            ended = self._ended_by_us(inner)
            self._was_cancelled = ended is None
            return ended
        error = AioRpcError(
            code,
            await inner.initial_metadata(),
            await inner.trailing_metadata(),
            await inner.details(),
            await inner.debug_error_string(),
        )
        return await self._really(inner, error)

    async def _try(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        """Do something with the attempt under way, and again with the next one.

        Args:
            act: What to do with an attempt.

        Returns:
            What `act` gave; `EOF` where the call ended well meanwhile.

        Raises:
            AioRpcError: The call failed for good.
        """
        while True:
            inner = self._inner or await self._ready()
            try:
                return await act(inner)
            except AioRpcError as error:
                failed = error
            except CancelledError:
                ended = self._ended_by_us(inner)
                if ended is None:
                    self._end_cancelled()
                    raise
                failed = ended
            if not await self._after(inner, failed):
                return EOF
