"""The facade: what existing code asks of a `grpc.aio.Channel`."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.errors import ConnectionClosed, DiscoveryError
from tests.shells.aio.ask import ask, begin, held
from tests.shells.fake_cluster import FakeCluster

READY = grpc.ChannelConnectivity.READY
IDLE = grpc.ChannelConnectivity.IDLE
SHUTDOWN = grpc.ChannelConnectivity.SHUTDOWN


async def test_state(cluster: FakeCluster) -> None:
    """The state tells whether a node is open, and looks for one when asked to."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        channel = connection.channel
        assert isinstance(channel, grpc.aio.Channel)
        assert channel.get_state() is IDLE
        assert channel.get_state(try_to_connect=True) is IDLE
        await channel.wait_for_state_change(IDLE)
        assert channel.get_state() is READY
        await channel.wait_for_state_change(IDLE)
        await channel.close()
        assert channel.get_state() is SHUTDOWN


async def test_state_of_closed_connection(cluster: FakeCluster) -> None:
    """Closing the connection is a change of state that waiters see."""
    connection = await aio.connect(cluster.uri())
    channel = connection.channel
    waiting = asyncio.create_task(channel.wait_for_state_change(READY))
    await connection.close()
    await waiting
    assert channel.get_state(try_to_connect=True) is SHUTDOWN


async def test_channel_ready(cluster: FakeCluster) -> None:
    """`channel_ready` waits for a node."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        await connection.channel.channel_ready()
        assert connection.channel.get_state() is READY


async def test_channel_ready_gives_up(cluster: FakeCluster) -> None:
    """`channel_ready` waits at most the connection's timeout, and says why."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True, timeout=0.05) as connection:
        with pytest.raises(DiscoveryError):
            await connection.channel.channel_ready()


async def test_closing_a_facade_closes_only_it(cluster: FakeCluster) -> None:
    """Calls under way and other channels go on; new calls on it fail."""
    async with aio.connect(cluster.uri()) as connection:
        channel = connection.channel
        call = begin(channel, "unary_unary", b"hold")
        await held(cluster)
        async with channel:
            pass
        with pytest.raises(ConnectionClosed, match="the channel is closed"):
            await ask(channel, "unary_unary", b"a")
        cluster.release.set()
        assert await call == b"0:hold"
        assert await ask(connection.channel, "unary_unary", b"a") == b"0:a"
        assert connection.channel is not channel
