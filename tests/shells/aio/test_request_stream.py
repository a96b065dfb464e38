"""Requests from a generator: sent again, pulled once, and never half a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.shells.aio.request_stream import RequestStream
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.replay import entry_serializer
from tests.shells.aio.ask import held
from tests.shells.fake_cluster import ECHO, FakeCluster


class Source:
    """An async generator of numbers that says what became of it.

    Args:
        size: How many.
        stop: The number before which it waits for `go`.
    """

    def __init__(self, size: int, stop: int | None = None) -> None:
        self.pulled: list[bytes] = []
        self.go = asyncio.Event()
        self.waits = asyncio.Event()
        self.cancelled = False
        self._size = size
        self._stop = stop

    async def __call__(self) -> AsyncIterator[bytes]:
        """Give the numbers."""
        try:
            for number in range(self._size):
                if number == self._stop:
                    self.waits.set()
                    await self.go.wait()
                self.pulled.append(b"%d" % number)
                yield self.pulled[-1]
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def _echoed(node: int, source: Source) -> bytes:
    return b",".join(b"%d:%s" % (node, message) for message in source.pulled)


async def test_generator_outlives_an_attempt(cluster: FakeCluster) -> None:
    """A generator that waits when its attempt is refused goes on in the next one."""
    source = Source(4, stop=2)
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        method = connection.channel.stream_unary(ECHO + "stream_unary")
        task = asyncio.create_task(_wait(method(source())))
        await source.waits.wait()
        async with asyncio.timeout(5):
            while cluster.nodes[1].received != [b"0", b"1"]:
                await asyncio.to_thread(cluster.nodes[0].ended.acquire, timeout=0.001)
        source.go.set()
        assert await task == _echoed(1, source)
    assert not source.cancelled
    assert source.pulled == [b"0", b"1", b"2", b"3"]


async def _wait(call: Awaitable[bytes]) -> bytes:
    return await call


async def test_generator_is_pulled_on_demand(cluster: FakeCluster) -> None:
    """No message is pulled before grpc has taken the one before."""
    pulled = 0

    def endless() -> Iterator[bytes]:
        nonlocal pulled
        while True:
            pulled += 1
            yield b"fail" if pulled == 3 else b"a"

    async with aio.connect(cluster.uri()) as connection:
        method = connection.channel.stream_unary(ECHO + "stream_unary")
        with pytest.raises(grpc.aio.AioRpcError, match="asked to fail"):
            await method(endless())
    assert 3 <= pulled < 1000


@pytest.mark.parametrize("size", [1000, 1001])
async def test_limit_of_messages(cluster: FakeCluster, size: int) -> None:
    """A thousand messages are kept for a repeat; with one more there is none."""
    messages = [b"x"] * size
    async with aio.connect(cluster.uri()) as connection:
        cluster.nodes[0].not_ready = 1
        call = connection.channel.stream_unary(ECHO + "stream_unary")()
        # Written before any attempt ends: whether the call can be repeated is known.
        for message in messages:
            call._request.write(message)
        await call.done_writing()
        if size == 1000:
            assert (await call).count(b"x") == size
        else:
            with pytest.raises(grpc.aio.AioRpcError, match="Server Is Not Ready"):
                await call


@pytest.mark.parametrize(("size", "can_repeat"), [(400_000, True), (700_000, False)])
async def test_limit_of_bytes(
    cluster: FakeCluster, size: int, can_repeat: bool
) -> None:
    """A mebibyte of messages is kept for a repeat; with more there is none."""
    source = [b"x" * size] * 2
    async with aio.connect(cluster.uri()) as connection:
        method = connection.channel.stream_stream(ECHO + "stream_stream")
        call = method(source)
        assert len(await call.read()) == size + 2
        assert len(await call.read()) == size + 2
        assert call._request.is_whole is can_repeat


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
@pytest.mark.parametrize("is_async", [True, False])
async def test_generators_error_is_told(
    cluster: FakeCluster, kind: str, is_async: bool
) -> None:
    """A generator that raises ends its call with its error as the cause."""

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise LookupError("mine")

    async def broken_async() -> AsyncIterator[bytes]:
        for each in broken():
            yield each

    async with aio.connect(cluster.uri()) as connection:
        call = getattr(connection.channel, kind)(ECHO + kind)(
            broken_async() if is_async else broken()
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await (call if kind == "stream_unary" else _drained(call))
    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    assert isinstance(caught.value.__cause__, LookupError)


async def _drained(call: grpc.aio.StreamStreamCall[bytes, bytes]) -> None:
    async for _ in call:
        pass


async def test_serialisers_error_is_told(cluster: FakeCluster) -> None:
    """A serialiser that raises ends its call with its error as the cause."""
    async with aio.connect(cluster.uri()) as connection:
        method = connection.channel.stream_unary(ECHO + "stream_unary", str.encode)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(iter([7]))
    assert isinstance(caught.value.__cause__, TypeError)


async def test_end_of_call_ends_generator(cluster: FakeCluster) -> None:
    """The generator is cancelled when the whole call is over, and only then."""
    source = Source(3, stop=1)
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_stream(ECHO + "stream_stream")(source())
        assert await call.read() == b"0:0"
        await source.waits.wait()
        assert call.cancel()
        before = {asyncio.current_task()}
        async with asyncio.timeout(5):
            while running := asyncio.all_tasks() - before:
                await asyncio.wait(running)
    assert source.cancelled


async def test_closing_ends_generator(cluster: FakeCluster) -> None:
    """Closing the connection ends a generator of a call that nobody waits for."""
    source = Source(3, stop=1)
    connection = await aio.connect(cluster.uri())
    call = connection.channel.stream_stream(ECHO + "stream_stream")(source())
    await source.waits.wait()
    await connection.close()
    assert source.cancelled
    assert await call.code() is grpc.StatusCode.UNAVAILABLE


async def test_dropped_call_ends_no_stream(cluster: FakeCluster) -> None:
    """A call that nobody holds is cancelled: its node sees no end of the requests."""

    async def begin(channel: aio.Channel) -> None:
        call = channel.stream_stream(ECHO + "stream_stream")()
        await call.write(b"hold")
        await held(cluster)

    async with aio.connect(cluster.uri()) as connection:
        await begin(connection.channel)  # in a frame that ends: see `test_stream_call`
        assert await asyncio.to_thread(cluster.nodes[0].ended.acquire, timeout=5)
        assert cluster.nodes[0].received == [b"hold"]


class _Ended:
    """A call of grpc.aio that is over on the wire: telling its node anything fails."""

    def __init__(self) -> None:
        self.told = 0

    async def _done_writing(self) -> None:
        self.told += 1
        raise RuntimeError("over on the wire")


async def test_a_half_close_that_fails_is_left_to_the_status() -> None:
    """Its failure does not reach grpc.aio, which would cancel the call for it."""
    requests = RequestStream(
        [b"a"], entry_serializer(None), Tasks(asyncio.get_running_loop())
    )
    attempt, ended = requests.attempt(), _Ended()
    requests.sent_by(ended)
    assert [each async for each in attempt] == [b"a"]
    assert ended.told == 1


async def test_grpc_half_closes_a_call_once(cluster: FakeCluster) -> None:
    """What we lean on: this grpcio half-closes by this method, and only once."""
    async with grpc.aio.insecure_channel(str(cluster.nodes[0].endpoint)) as channel:
        call: Any = channel.stream_unary(ECHO + "stream_unary")()
        await call.write(b"a")
        await call._done_writing()
        await call._done_writing()
        assert await call == b"0:a"
