"""What calls of grpc.aio offer, over whichever attempt is under way: see `attempts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import grpc
from grpc.aio import AioRpcError, Metadata

from kurrent_conn.shells.aio.attempts import Attempts


class RoutedCall(Attempts, grpc.aio.Call):
    """One call of any kind, from whichever node answers it."""

    # A closing channel of grpcio 1.80 looks for its calls among all tasks, and raises
    # when it meets one that does not say whose it is. Ours belong to no such channel.
    _channel: Final = None

    def cancel(self) -> bool:
        """End the call; False when it is over already."""
        if self._is_over:
            return False
        self._was_cancelled = True
        if self._move is not None:
            self._move.cancel()
        if self._inner is not None and not self._inner.cancel():
            # It ended already and nobody looked: the next who waits will.
            self._was_cancelled = False
            return False
        self._finish()
        return True

    def cancelled(self) -> bool:
        """Tell whether the call was cancelled."""
        failure = self._failure
        return self._was_cancelled or (
            isinstance(failure, AioRpcError)
            and failure.code() is grpc.StatusCode.CANCELLED
        )

    def done(self) -> bool:
        """Tell whether the call is over."""
        if not self._is_over and self._inner is not None and self._inner.done():
            # Whether another attempt follows is not known before somebody looks.
            self._watch()
        return self._is_over

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call back with this call when it is over; at once when it is."""
        if self._is_over:
            callback(self)
            return
        if not self._callbacks:
            self._watch()
        self._callbacks = (*self._callbacks, callback)

    def _watch(self) -> None:
        """Follow the call to its end, in case nobody waits for it."""
        if not self._is_watched:
            self._is_watched = True
            self._made_by.facade.connection.tasks.start(self._end())

    def time_remaining(self) -> float | None:
        """Say how many seconds of the deadline are left; None without one."""
        return self._course().left_s()

    async def wait_for_connection(self) -> None:
        """Wait until a node has taken the call.

        Raises:
            AioRpcError: None could be had.
        """
        await self._try(lambda inner: inner.wait_for_connection())

    async def initial_metadata(self) -> Metadata:
        """Give the node's first headers, waiting for them."""
        while (inner := await self._settled()) is not None:
            metadata: Metadata = await inner.initial_metadata()
            if self._seen or not inner.done():
                return metadata
            status = await self._status_of(inner)
            if status is None or status.code() is grpc.StatusCode.OK:
                return metadata
            self._judge(inner, status)
        return self._final_error().initial_metadata() or Metadata()

    async def trailing_metadata(self) -> Metadata:
        """Give the trailers, waiting for the call's end."""
        end = await self._end()
        if isinstance(end, AioRpcError):
            return end.trailing_metadata() or Metadata()
        found: Metadata = await end.trailing_metadata()
        return found

    async def code(self) -> grpc.StatusCode:
        """Give the status code, waiting for the call's end."""
        end = await self._end()
        if isinstance(end, AioRpcError):
            return end.code()
        found: grpc.StatusCode = await end.code()
        return found

    async def details(self) -> str:
        """Give the status text, waiting for the call's end."""
        end = await self._end()
        if isinstance(end, AioRpcError):
            return end.details() or ""
        return str(await end.details())

    async def debug_error_string(self) -> str:
        """Give what grpc says of the end for people, waiting for it."""
        end = await self._end()
        if isinstance(end, AioRpcError):
            return end.debug_error_string() or ""
        return str(await end.debug_error_string() or "")
