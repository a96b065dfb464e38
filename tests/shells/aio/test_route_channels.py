"""Retired channels: closed when their last call is over, and not before."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from kurrent_conn import aio
from tests.shells.aio.ask import ask, begin, held
from tests.shells.fake_cluster import FakeCluster


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
async def test_retired_channel_closes_when_idle(
    cluster: FakeCluster, kind: str
) -> None:
    """A retired channel stays for the calls on it, and is closed behind the last."""
    async with aio.connect(cluster.uri()) as connection:
        node = connection.current(connection.settings.node_preference)
        assert node is not None
        retired = node.route_channel.channel
        call = begin(connection.channel, kind, b"hold")
        await held(cluster)
        with pytest.raises(grpc.aio.AioRpcError, match="Socket closed"):
            await ask(connection.channel, "unary_unary", b"lost")
        assert retired.get_state() is grpc.ChannelConnectivity.READY
        cluster.release.set()
        assert (await (call if kind == "unary_unary" else call.read())) == b"0:hold"
        await call.code()
        await connection.tasks.finish()
        assert retired.get_state() is grpc.ChannelConnectivity.SHUTDOWN


async def test_closing_ends_retired_channels(cluster: FakeCluster) -> None:
    """Closing ends the calls on retired channels as well, with UNAVAILABLE."""
    connection = await aio.connect(cluster.uri())
    call = begin(connection.channel, "unary_unary", b"hold")
    task = asyncio.create_task(call.code())
    await held(cluster)
    with pytest.raises(grpc.aio.AioRpcError, match="Socket closed"):
        await ask(connection.channel, "unary_unary", b"lost")
    await connection.close()
    assert await task is grpc.StatusCode.UNAVAILABLE
