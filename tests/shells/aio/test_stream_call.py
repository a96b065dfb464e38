"""Streams of responses: repeated before the first message, and never after."""

from __future__ import annotations

import asyncio
import gc

import grpc
import pytest

from kurrent_conn import aio
from tests.shells.aio.ask import ask, begin, held, kill
from tests.shells.fake_cluster import ECHO, READ_ONLY, FakeCluster

STREAM = ECHO + "unary_stream"


async def test_read_and_iterate(cluster: FakeCluster) -> None:
    """Messages come by `read` up to EOF, or by iteration, begun again or not."""
    async with aio.connect(cluster.uri()) as connection:
        method = connection.channel.unary_stream(STREAM)
        call = method(b"a,b")
        assert [await call.read() for _ in range(4)] == [
            b"0:a",
            b"0:b",
            grpc.aio.EOF,
            grpc.aio.EOF,
        ]
        call = method(b"a,b,c")
        async for message in call:
            assert message == b"0:a"
            break
        assert [message async for message in call] == [b"0:b", b"0:c"]
        assert [message async for message in call] == []


async def test_styles_do_not_mix(cluster: FakeCluster) -> None:
    """Reading and iterating one call is an error, as with grpc."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.unary_stream(STREAM)(b"a,b")
        await call.read()
        with pytest.raises(grpc.aio.UsageError, match="may not be mixed"):
            await anext(call)


@pytest.mark.parametrize("kind", ["unary_stream", "stream_stream"])
async def test_nothing_is_repeated_after_a_message(
    cluster: FakeCluster, kind: str
) -> None:
    """A stream that gave a message ends with the failure that follows."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"a", b"lost")
        assert await call.read() == b"0:a"
        with pytest.raises(grpc.aio.AioRpcError, match="Socket closed"):
            await call.read()
        assert len(cluster.nodes[0].calls) == 1
        with pytest.raises(grpc.aio.AioRpcError, match="Socket closed"):
            await call.read()


async def test_stream_survives_failover_of_another_node(cluster: FakeCluster) -> None:
    """A stream on a follower goes on while the leader dies and another is elected."""
    uri = cluster.uri(nodePreference="follower")
    async with aio.connect(uri) as connection:
        call = connection.channel.unary_stream(STREAM)(b"a,hold,b")
        first = await call.read()
        await held(cluster)
        serving = int(first[:1])
        leader = connection.channel_for("leader")
        assert await ask(leader, "unary_unary", b"x") == b"0:x"
        await kill(connection, cluster.nodes[0])
        elected = 3 - serving
        cluster.elect(elected)
        assert await ask(leader, "unary_unary", b"x") == b"%d:x" % elected
        cluster.release.set()
        assert await call.read() == b"%d:hold" % serving
        assert await call.read() == b"%d:b" % serving
        assert await call.read() is grpc.aio.EOF


async def test_stream_survives_its_channels_retirement(cluster: FakeCluster) -> None:
    """A healthy stream goes on when another call's failure retires its channel."""
    async with aio.connect(cluster.uri()) as connection:
        call = connection.channel.unary_stream(STREAM)(b"a,hold,b")
        assert await call.read() == b"0:a"
        await held(cluster)
        with pytest.raises(grpc.aio.AioRpcError, match="Socket closed"):
            await ask(connection.channel, "unary_unary", b"lost")
        assert await ask(connection.channel, "unary_unary", b"x") == b"0:x"
        cluster.release.set()
        assert [await call.read() for _ in range(3)] == [
            b"0:hold",
            b"0:b",
            grpc.aio.EOF,
        ]


async def test_dropped_stream_is_ended(cluster: FakeCluster) -> None:
    """A stream that nobody holds any more, read or not, is ended on its node."""

    async def begin_three(channel: aio.Channel) -> None:
        unread = begin(channel, "unary_stream", b"hold")
        read = begin(channel, "unary_stream", b"a", b"hold")
        both = begin(channel, "stream_stream", b"a", b"hold")
        assert await read.read() == await anext(both) == b"0:a"
        for _ in range(3):
            await held(cluster)
        del unread, read, both

    async with aio.connect(cluster.uri()) as connection:
        # In a frame that ends: where grpcio 1.80 closes a channel, it has each frame of
        # each task keep what its variables are just then.
        await begin_three(connection.channel)
        await asyncio.to_thread(gc.collect)
        for _ in range(3):
            assert await asyncio.to_thread(cluster.nodes[0].ended.acquire, timeout=5)


async def test_read_only_stream_is_repeated_when_lost(cluster: FakeCluster) -> None:
    """What only reads is also repeated when nobody knows whether it was executed."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.nodes[0].lost = 1
        call = connection.channel.unary_stream(READ_ONLY)(b"a")
        assert [message async for message in call] == [b"0:a"]
        assert len(cluster.nodes[0].calls) == 2
