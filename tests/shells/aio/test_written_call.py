"""Requests written one by one."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.errors import DiscoveryError
from tests.shells.aio.ask import held
from tests.shells.fake_cluster import ECHO, FakeCluster

UNARY = ECHO + "stream_unary"
STREAM = ECHO + "stream_stream"


async def test_written_requests_arrive(cluster: FakeCluster) -> None:
    """What is written arrives in order; `done_writing` ends it, more than once."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_unary(UNARY)()
        await call.write(b"a")
        await call.write(b"b")
        await call.done_writing()
        await call.done_writing()
        assert await call == b"0:a,0:b"


async def test_dialogue(cluster: FakeCluster) -> None:
    """Writing and reading take turns."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_stream(STREAM)()
        for message in (b"a", b"b"):
            await call.write(message)
            assert await call.read() == b"0:" + message
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def test_written_requests_are_sent_again(cluster: FakeCluster) -> None:
    """A refusal between two writes is followed, and what was written goes along."""
    async with aio.connect(cluster.uri()) as connection:
        for leader in (1, 2, 0, 1, 2, 0):
            cluster.elect(leader)
            call = connection.channel.stream_unary(UNARY)()
            await call.write(b"a")
            await call.write(b"b")
            await call.write(b"c")
            await call.done_writing()
            expected = b",".join(
                b"%d:%s" % (leader, each) for each in (b"a", b"b", b"c")
            )
            assert await call == expected


async def test_dialogue_follows_redirect(cluster: FakeCluster) -> None:
    """A dialogue begins again on the leader until its first answer."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = connection.channel.stream_stream(STREAM)()
        await call.write(b"a")
        assert await call.read() == b"1:a"
        cluster.elect(2)
        await call.write(b"b")
        assert await call.read() == b"1:b"
        await call.done_writing()


async def test_write_waits_for_a_node(cluster: FakeCluster) -> None:
    """A write waits until there is a node to write to."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        call = connection.channel.stream_unary(UNARY)()
        await call.write(b"a")
        await call.done_writing()
        assert await call == b"0:a"


async def test_write_tells_that_there_is_no_node(cluster: FakeCluster) -> None:
    """A write ends with the call's error where no node is found."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        call = connection.channel.stream_unary(UNARY)(timeout=0.05)
        with pytest.raises(DiscoveryError):
            await call.write(b"a")
        with pytest.raises(DiscoveryError):
            await call.write(b"b")


async def test_write_tells_of_failure(cluster: FakeCluster) -> None:
    """Writing to a call that its node failed raises the node's error."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_stream(STREAM)()

        async def write_on() -> None:
            while True:
                await call.write(b"fail")

        with pytest.raises(grpc.aio.AioRpcError, match="asked to fail"):
            await write_on()
        with pytest.raises(grpc.aio.AioRpcError, match="asked to fail"):
            await call.read()


async def test_write_after_the_end(cluster: FakeCluster) -> None:
    """Nothing can be written after `done_writing`, nor after the end of the call."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_unary(UNARY)()
        await call.done_writing()
        with pytest.raises(asyncio.InvalidStateError, match="half closed"):
            await call.write(b"a")
        other = connection.channel.stream_unary(UNARY)()
        other.cancel()
        with pytest.raises(asyncio.InvalidStateError, match="already finished"):
            await other.write(b"a")


async def test_styles_do_not_mix(cluster: FakeCluster) -> None:
    """A call that reads its requests from an iterable takes no others."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.stream_unary(UNARY)([b"a"])
        with pytest.raises(grpc.aio.UsageError, match="may not be mixed"):
            await call.write(b"b")
        with pytest.raises(grpc.aio.UsageError, match="may not be mixed"):
            await call.done_writing()
        assert await call == b"0:a"


async def test_cancelled_write_cancels_call(cluster: FakeCluster) -> None:
    """A task that is cancelled while it writes ends its call, as with grpc."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        call = connection.channel.stream_unary(UNARY)()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await call.write(b"a")
        assert call.cancelled()


async def test_closing_ends_write(cluster: FakeCluster) -> None:
    """Closing the connection ends a write with UNAVAILABLE."""
    connection = await aio.connect(cluster.uri())
    call = connection.channel.stream_stream(STREAM)()
    await call.write(b"hold")
    await held(cluster)

    async def write_on() -> None:
        while True:
            await call.write(b"x" * 100_000)

    async def close_meanwhile() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(write_on())
            await connection.close()

    with pytest.raises(ExceptionGroup) as caught:
        await close_meanwhile()
    (error,) = caught.value.exceptions
    assert isinstance(error, grpc.aio.AioRpcError)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
