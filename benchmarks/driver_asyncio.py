"""Drives `kurrent_conn.aio`: the same orders as the blocking drivers, in one loop."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import kurrent_conn
from benchmarks.async_writers import AsyncWriters
from benchmarks.call_record import NOT_EXECUTED, UNKNOWN
from benchmarks.clock import ms_since, now_ns
from benchmarks.events import listener
from benchmarks.own_code_aio import per_call_us
from benchmarks.paired import in_turn_async
from benchmarks.protocol import Answer, Order, answers_only, failed
from benchmarks.raw import (
    DATA,
    DEADLINE_S,
    HEADERS,
    RawTarget,
    append_of,
    gossip_of,
    new_event,
)
from benchmarks.raw_aio import aio_channel, cold_gossip
from kurrent_conn import aio
from kurrent_conn.testing.stream_client import append_requests
from kurrent_conn.wire.gossip import READ_REQUEST

Call = Callable[[], Awaitable[object]]


class OurAsyncio:
    """The connection, its stub, and the orders that it is given."""

    def __init__(self) -> None:
        self._connection: aio.Connection | None = None
        self._append: Any = None
        self._writers: AsyncWriters | None = None

    async def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event."""
        requests = append_requests(stream, event_id, data)
        await self._append(requests, timeout=deadline_s)

    def verdict(self, error: Exception) -> str:
        """Ask the library what became of the append."""
        unknown = kurrent_conn.outcome(error) is kurrent_conn.Outcome.UNKNOWN
        return UNKNOWN if unknown else NOT_EXECUTED

    @property
    def handlers(self) -> dict[str, Callable[[Order], Awaitable[Answer]]]:
        """What each order does."""
        return {
            "connect": self._connect,
            "close": self._close,
            "work": self._work,
            "await": lambda order: self._working().await_success(order),
            "stop": lambda order: self._working().stop(order),
            "connect_and_append": self._connect_and_append,
            "first_connect": self._first_connect,
            "steady": self._steady,
            "steady_unary": self._steady_unary,
            "own_code": self._own_code,
        }

    async def _open(self, target: str) -> None:
        self._connection = await aio.connect(target, on_event=listener())
        self._append = append_of(self._connection.channel)

    async def _close_connection(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _connect(self, order: Order) -> Answer:
        began_ns = now_ns()
        await self._open(order["target"])
        return {"ms": ms_since(began_ns)}

    async def _close(self, _: Order) -> Answer:
        await self._close_connection()
        return {}

    async def _work(self, order: Order) -> Answer:
        self._writers = AsyncWriters(self, order)
        return {}

    def _working(self) -> AsyncWriters:
        if self._writers is None:
            raise RuntimeError("nobody works here")
        return self._writers

    async def _connect_and_append(self, order: Order) -> Answer:
        began_ns = now_ns()
        try:
            await self._open(order["target"])
            await self.append("first", uuid4(), DATA, order["deadline_s"])
            return {"ms": ms_since(began_ns)}
        finally:
            await self._close_connection()

    async def _first_connect(self, order: Order) -> Answer:
        raw = RawTarget.from_order(order)
        samples: dict[str, list[float]] = {"raw": [], "library": []}

        async def library() -> None:
            await self._open(order["target"])

        for _ in range(order["rounds"]):
            pair = await in_turn_async(
                {"raw": lambda: cold_gossip(raw), "library": library}, rounds=1
            )
            for name, ms in pair.items():
                samples[name] += ms
            await self._close_connection()
        return dict(samples)

    async def _steady(self, order: Order) -> Answer:
        stream = order["stream"]

        def bind(channel: Any, headers: Any) -> Call:
            append = append_of(channel)
            return lambda: append(
                new_event(stream), timeout=DEADLINE_S, metadata=headers
            )

        return await _compare(order, bind)

    async def _steady_unary(self, order: Order) -> Answer:
        def bind(channel: Any, headers: Any) -> Call:
            read = gossip_of(channel)
            return lambda: read(READ_REQUEST, timeout=DEADLINE_S, metadata=headers)

        return await _compare(order, bind)

    async def _own_code(self, order: Order) -> Answer:
        async with aio.connect(order["target"]) as connection:
            return dict(await per_call_us(connection))


async def _compare(order: Order, bind: Callable[[Any, Any], Call]) -> Answer:
    """Compare a call through the facade with the same by plain grpcio."""
    raw = RawTarget.from_order(order)
    async with (
        aio.connect(order["target"]) as connection,
        aio_channel(raw) as one,
        aio_channel(raw) as two,
    ):
        samples = await in_turn_async(
            {
                "raw": bind(one, HEADERS),
                "floor": bind(two, HEADERS),
                "library": bind(connection.channel, None),
            },
            rounds=order["rounds"],
            calls=order["calls"],
        )
    return dict(samples)


async def serve() -> None:
    """Carry out orders until the parent closes the pipe."""
    out = answers_only()
    handlers = OurAsyncio().handlers
    while line := await asyncio.to_thread(sys.stdin.readline):
        order: Order = json.loads(line)
        try:
            answer = await handlers[order["do"]](order)
        except Exception as error:  # noqa: BLE001 - the parent decides what it means
            answer = failed(error)
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
