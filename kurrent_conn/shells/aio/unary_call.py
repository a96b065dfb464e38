"""Calls with one response: awaitable."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Generator
from typing import Any

import grpc
from grpc.aio import AioRpcError

from kurrent_conn.shells.aio.call import RoutedCall
from kurrent_conn.shells.aio.written_call import WrittenCall


class _Awaitable(RoutedCall):
    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the response.

        Raises:
            AioRpcError: The call failed.
        """
        while True:
            inner = self._inner
            if inner is None:
                inner = yield from self._ready().__await__()
            try:
                response = yield from inner.__await__()
            except AioRpcError as error:
                failed = error
            except CancelledError:
                ended = self._ended_by_us(inner)
                if ended is None:
                    self._end_cancelled()
                    raise
                failed = ended
            else:
                self._finish()
                return response
            yield from self._after(inner, failed).__await__()


class UnaryUnaryCall(_Awaitable, grpc.aio.UnaryUnaryCall):  # type: ignore[type-arg]  # generic in the stubs only
    """A call with one request and one response."""


class StreamUnaryCall(_Awaitable, WrittenCall, grpc.aio.StreamUnaryCall):  # type: ignore[type-arg]  # generic in the stubs only
    """A call with many requests and one response."""
