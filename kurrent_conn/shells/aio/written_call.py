"""Calls with many requests: from an iterable, or written one by one."""

from __future__ import annotations

from asyncio import CancelledError, InvalidStateError
from functools import partial
from typing import Any

import grpc
from grpc.aio import AioRpcError, UsageError

from kurrent_conn.shells.aio.attempt_end import AttemptEnd
from kurrent_conn.shells.aio.call import RoutedCall
from kurrent_conn.shells.aio.call_error import ended_error
from kurrent_conn.shells.aio.open_node import OpenNode
from kurrent_conn.shells.aio.request_stream import RequestStream

_FINISHED = "RPC already finished."
_HALF_CLOSED = 'RPC is half closed after calling "done_writing".'
_MIXED = "The iterator and read/write APIs may not be mixed on a single RPC."


def _attempt_ended(requests: RequestStream, end: AttemptEnd, inner: Any) -> None:
    """Note how an attempt ended. Holds no call: one that nobody holds can go."""
    if not requests.is_sent:  # else no write can fail any more
        end.note(inner)
    requests.attempt_ended()


class WrittenCall(RoutedCall):
    """A call whose requests are a `RequestStream`."""

    _request: RequestStream
    _attempt_end: AttemptEnd

    def _begin(self, node: OpenNode, timeout_s: float | None) -> None:
        super()._begin(node, timeout_s)
        self._request.sent_by(self._inner)
        self._attempt_end = end = AttemptEnd()
        self._inner.add_done_callback(partial(_attempt_ended, self._request, end))

    async def _really(self, inner: Any, error: AioRpcError) -> AioRpcError:
        return await self._attempt_end.really(inner, error)

    def _can_repeat(self) -> bool:
        return self._request.is_whole and super()._can_repeat()

    def _ended_by_us(self, inner: Any) -> AioRpcError | None:
        ended = super()._ended_by_us(inner)
        failure = self._request.failure
        if ended is not None or failure is None or self._is_callers_wish():
            return ended
        # grpc cancels a call whose requests cannot be had, and says no more.
        ended = ended_error(
            grpc.StatusCode.UNKNOWN, f"Exception iterating requests! {failure!r}"
        )
        ended.__cause__ = failure
        return ended

    def _finish(self) -> None:
        super()._finish()
        self._request.close()

    def __del__(self) -> None:
        # Nobody holds the call any more, so nobody can write to it: without this its
        # node would wait for ever.
        request = self.__dict__.get("_request")  # absent: refused at once
        if request is not None and request.is_written and not request.is_ended:
            self._abandon(request.close)

    async def write(self, request: Any) -> None:
        """Send one request; return when grpc has taken it.

        Args:
            request: The message.

        Raises:
            AioRpcError: The call failed.
            asyncio.InvalidStateError: It is over, or `done_writing` was called.
        """
        self._check_style()
        if self._request.is_ended:
            raise InvalidStateError(_HALF_CLOSED)
        if self._is_over:
            self._raise_end()
        end = self._request.write(request)
        try:
            while not self._request.is_accepted(end):
                await self._wait_for_news()
        except CancelledError:
            self.cancel()
            raise

    async def done_writing(self) -> None:
        """Say that no request follows; more than once does no harm."""
        self._check_style()
        self._request.end_writing()

    async def _wait_for_news(self) -> None:
        """Wait until a request is taken or an attempt ends; follow its failure."""
        inner = await self._ready()
        if not inner.done():
            await self._request.moved()
            return
        status = await self._status_of(inner)
        if status is None or not await self._after(inner, status):
            self._finish()
            self._raise_end()

    def _raise_end(self) -> None:
        if self._failure is not None:
            raise self._failure
        raise InvalidStateError(_FINISHED)

    def _check_style(self) -> None:
        if not self._request.is_written:
            raise UsageError(_MIXED)
