"""Calls with many responses: async iterators, repeated until the first message only."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from operator import methodcaller
from time import monotonic
from typing import Any, Self

import grpc
from grpc.aio import EOF, AioRpcError

from kurrent_conn.shells.aio.call import RoutedCall
from kurrent_conn.shells.aio.open_node import RouteChannel
from kurrent_conn.shells.aio.written_call import WrittenCall
from kurrent_conn.shells.lanes import Place

_READ: Callable[[Any], Awaitable[Any]] = methodcaller("read")


class _Iterable(RoutedCall):
    _next: Callable[[], Awaitable[Any]] | None = None
    _place: Place[grpc.aio.Channel] | None = None

    def _connection_for(self, channel: RouteChannel) -> grpc.aio.Channel:
        self._place = channel.lanes.take()
        return self._place.channel

    def _track(self, channel: RouteChannel, inner: Any) -> None:
        self._next = None
        if self._place is not None:
            inner.add_done_callback(self._place.leave)
        channel.streams[inner] = monotonic()
        inner.add_done_callback(channel.stream_ended)

    def __del__(self) -> None:
        # Nobody can read it any more. grpc means to end such a stream as well, but its
        # own bookkeeping keeps it.
        if self._inner is not None:
            self._abandon(self._inner.cancel)

    def _first_message(self, inner: Any) -> None:
        """Note that the stream runs: from now on silence is what streams do."""
        self._seen = True
        if self._node is not None:
            self._node.route_channel.stream_answered(inner)
        if self._repetition is not None:
            self._answered()

    def __aiter__(self) -> Self:
        """Give the call itself."""
        return self

    async def __anext__(self) -> Any:
        """Give the next response.

        Raises:
            StopAsyncIteration: The stream ended well.
            AioRpcError: It failed.
        """
        while True:
            inner = self._inner
            take = self._next
            if inner is None or take is None:
                inner = await self._ready()
                take = self._next = inner.__aiter__().__anext__
            try:
                message = await take()
            except StopAsyncIteration:
                self._finish()
                raise
            except AioRpcError as error:
                failed = error
            except CancelledError:
                ended = self._ended_by_us(inner)
                if ended is None:
                    self._end_cancelled()
                    raise
                failed = ended
            else:
                if not self._seen:
                    self._first_message(inner)
                return message
            if not await self._after(inner, failed):
                raise StopAsyncIteration

    async def read(self) -> Any:
        """Give the next response, or `grpc.aio.EOF` at the end.

        Raises:
            AioRpcError: The call failed.
        """
        message = await self._try(_READ)
        if message is EOF:
            self._finish()
        elif not self._seen:
            self._first_message(self._inner)
        return message


class UnaryStreamCall(_Iterable, grpc.aio.UnaryStreamCall):  # type: ignore[type-arg]  # generic in the stubs only
    """A call with one request and many responses."""


class StreamStreamCall(_Iterable, WrittenCall, grpc.aio.StreamStreamCall):  # type: ignore[type-arg]  # generic in the stubs only
    """A call with many requests and many responses."""

    def __del__(self) -> None:
        if self._inner is not None:
            self._abandon(self._request.close)
        super().__del__()
