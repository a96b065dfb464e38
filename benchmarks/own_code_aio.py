"""What the asyncio facade itself costs: its calls over inner calls that do nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable
from dataclasses import replace
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

from benchmarks.clock import now_ns
from benchmarks.own_code import METHOD, REPEATS, REQUEST, STREAMED, TWO_REQUESTS
from kurrent_conn import aio
from kurrent_conn.shells.lanes import Lanes

CALLS: Final = 10_000


class Nothing:
    """A call that does nothing, and is over when it has been waited for."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Any], object]] = []

    def __await__(self) -> Generator[Any, None, None]:
        """Be over."""
        self._end()
        return
        yield

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call back at the end."""
        self._callbacks.append(callback)

    def _end(self) -> None:
        for callback in self._callbacks:
            callback(self)

    def cancelled(self) -> bool:
        """Say that nobody cancelled it."""
        return False


class Messages(Nothing):
    """A call with a thousand responses that are there already."""

    def __init__(self) -> None:
        super().__init__()
        self._left = STREAMED

    def cancel(self) -> bool:
        """Be over already."""
        return False

    def __aiter__(self) -> Self:
        """Give the call itself."""
        return self

    async def __anext__(self) -> None:
        """Give the next response."""
        if not self._left:
            self._end()
            raise StopAsyncIteration
        self._left -= 1


async def best_us(call: Callable[[], Awaitable[object]], calls: int = CALLS) -> float:
    """Time an awaited call: the best of nine runs, in microseconds.

    Args:
        call: What to time.
        calls: How many a run has.
    """
    runs: list[float] = []
    for _ in range(REPEATS):
        began_ns = now_ns()
        for _ in range(calls):
            await call()
        runs.append((now_ns() - began_ns) / calls / 1000)
    return min(runs)


async def per_call_us(connection: aio.Connection) -> dict[str, float]:
    """Say how many microseconds of our own a call has; as for the blocking facade.

    Args:
        connection: Any that has found a node.
    """
    facade = connection.channel
    node = await connection.open_node(
        facade.preference, monotonic() + connection.timeout
    )
    calls: dict[Any, float] = {}
    streams: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
    channel = SimpleNamespace(
        unary_unary=lambda *_: _nothing,
        stream_unary=lambda *_: _consume,
        unary_stream=lambda *_: _responses,
    )
    empty: Any = SimpleNamespace(
        channel=channel,
        calls=calls,
        streams=streams,
        lanes=Lanes(lambda: channel),
        ended=None,
        call_ended=calls.pop,
        stream_ended=streams.pop,
        stream_answered=_nothing,
    )
    facade.set_current(replace(node, route_channel=empty))
    unary = facade.unary_unary(METHOD)
    append = facade.stream_unary(METHOD)
    stream = facade.unary_stream(METHOD)
    return {
        "unary": await best_us(lambda: unary(REQUEST))
        - await best_us(lambda: _nothing(REQUEST)),
        "append": await best_us(lambda: append(iter(TWO_REQUESTS)))
        - await best_us(lambda: _consume(iter(TWO_REQUESTS))),
        "message": await _message_us(lambda: stream(REQUEST))
        - await _message_us(lambda: _responses(REQUEST)),
    }


async def _message_us(call: Callable[[], Any]) -> float:
    async def drain() -> None:
        async for _ in call():
            pass

    return await best_us(drain, CALLS // STREAMED * 10) / STREAMED


def _nothing(*_: object, **__: object) -> Nothing:
    """Be an inner call that does nothing."""
    return Nothing()


class _Consumed(Nothing):
    """A call that takes its requests in, as they come, and is over."""

    def __init__(self, requests: Any) -> None:
        super().__init__()
        self._requests = requests

    def __await__(self) -> Generator[Any, None, None]:
        return self._take().__await__()

    async def _take(self) -> None:
        if isinstance(self._requests, Iterable):
            for _ in self._requests:
                pass
        else:
            async for _ in self._requests:
                pass
        self._end()


def _consume(requests: Any, **_: object) -> _Consumed:
    return _Consumed(requests)


def _responses(*_: object, **__: object) -> Messages:
    return Messages()
