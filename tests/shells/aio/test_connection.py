"""The connection: what users hold, how it ends, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from tenacity import wait_fixed

import kurrent_conn
from kurrent_conn import aio
from kurrent_conn.core.notice import NodeLost, NodeOpened, Notice, TopologyChanged
from kurrent_conn.errors import ConnectionClosed, DiscoveryError
from tests.shells.aio.ask import ask, begin, held, kill
from tests.shells.fake_cluster import FakeCluster

FD = Path("/proc/self/fd")


async def test_topology_is_known(cluster: FakeCluster) -> None:
    """A connection knows members, leader and generation, and none while lazy."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        assert connection.topology == kurrent_conn.Topology()
        topology = await connection.refresh()
        assert topology is connection.topology
        assert topology.leader == cluster.nodes[0].endpoint
        assert len(topology.members) == 3
        assert topology.generation == 1


async def test_refresh_asks_again(cluster: FakeCluster) -> None:
    """`refresh` gives what the cluster says now."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        assert (await connection.refresh()).leader == cluster.nodes[1].endpoint


async def test_refresh_fails_in_time(cluster: FakeCluster) -> None:
    """`refresh` gives up after its timeout and lists what it tried."""
    async with aio.connect(cluster.uri()) as connection:
        for node in cluster.nodes:
            node.kill()
        with pytest.raises(DiscoveryError) as caught:
            await connection.refresh(timeout=0.2)
    tried = {attempt.endpoint for attempt in caught.value.attempts}
    assert tried == {node.endpoint for node in cluster.nodes}


async def test_wait_until_ready(cluster: FakeCluster) -> None:
    """`wait_until_ready` waits for a node of the preference that is asked for."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        await connection.wait_until_ready("follower")
        with pytest.raises(DiscoveryError, match="no member fitted"):
            await connection.wait_until_ready(timeout=0.05)
        with pytest.raises(ValueError, match="nobody"):
            await connection.wait_until_ready("nobody")


async def test_one_search_for_all(cluster: FakeCluster) -> None:
    """Many callers without a node share one search."""
    async with aio.connect(cluster.uri(0), lazy=True) as connection:
        channel = connection.channel
        calls = [begin(channel, "unary_unary", b"a") for _ in range(50)]
        assert set(await asyncio.gather(*calls)) == {b"0:a"}
    assert sum(node.gossip_reads for node in cluster.nodes) <= 1


async def test_channels_of_preferences(cluster: FakeCluster) -> None:
    """`channel` is one object; `channel_for` makes channels of other preferences."""
    async with aio.connect(cluster.uri()) as connection:
        assert connection.channel is connection.channel
        follower = connection.channel_for("follower")
        assert await ask(follower, "unary_unary", b"a") in {b"1:a", b"2:a"}
        with pytest.raises(ValueError, match="nobody"):
            connection.channel_for("nobody")


async def test_events_come_on_the_loop(cluster: FakeCluster) -> None:
    """`on_event` receives what happens, on the connection's loop."""
    seen: list[tuple[Notice, bool]] = []

    def on_event(notice: Notice) -> None:
        here = asyncio.get_running_loop() is connection.loop
        seen.append((notice, here))

    async with aio.connect(cluster.uri(), lazy=True, on_event=on_event) as connection:
        await ask(connection.channel, "unary_unary", b"a")
        await kill(connection, cluster.nodes[0])
        cluster.elect(1)
        await ask(connection.channel, "unary_unary", b"a")
    assert all(here for _, here in seen)
    assert {NodeLost, NodeOpened, TopologyChanged} <= {
        type(notice) for notice, _ in seen
    }


async def test_failing_on_event_is_logged_once(
    cluster: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """An `on_event` that fails is logged once, and never called again."""
    calls: list[Notice] = []

    def on_event(notice: Notice) -> None:
        calls.append(notice)
        raise LookupError

    async with aio.connect(cluster.uri(), on_event=on_event) as connection:
        assert await ask(connection.channel, "unary_unary", b"a") == b"0:a"
    assert len(calls) == 1
    assert caplog.text.count("on_event failed") == 1


async def test_repr_tells_no_secret(cluster: FakeCluster) -> None:
    """The repr says to what it is connected, without the password."""
    uri = cluster.uri().replace("://", "://admin:changeit@")
    async with aio.connect(uri) as connection:
        assert str(cluster.nodes[0].endpoint) in repr(connection)
        assert "changeit" not in repr(connection)
    assert "closed" in repr(connection)


async def test_close_twice(cluster: FakeCluster) -> None:
    """Closing again does no harm; nothing works afterwards."""
    connection = await aio.connect(cluster.uri())
    await connection.close()
    await connection.close()
    with pytest.raises(ConnectionClosed):
        connection.channel_for("follower")
    with pytest.raises(ConnectionClosed):
        await connection.refresh()
    with pytest.raises(ConnectionClosed):
        await connection.wait_until_ready()


async def test_close_ends_a_pause(cluster: FakeCluster) -> None:
    """A call that waits before it is repeated ends with the connection."""
    policy = kurrent_conn.RetryPolicy(wait=wait_fixed(3600))
    connection = await aio.connect(
        cluster.uri(defaultDeadline=-1), retry=policy, timeout=7200
    )
    cluster.nodes[0].not_ready = 1
    task = asyncio.create_task(ask(connection.channel, "unary_unary", b"a"))
    assert await asyncio.to_thread(cluster.nodes[0].ended.acquire, timeout=5)
    await connection.close()
    with pytest.raises(grpc.aio.AioRpcError):
        await task


# Bound to a loop.


async def test_another_thread_is_refused(cluster: FakeCluster) -> None:
    """Use from another thread or loop says what is wrong, and changes nothing."""
    async with aio.connect(cluster.uri()) as connection:
        channel = connection.channel

        async def each(use: Callable[[], object]) -> None:
            result = use()
            if asyncio.iscoroutine(result):
                await result

        uses: tuple[Callable[[], object], ...] = (
            lambda: begin(channel, "unary_unary", b"a"),
            lambda: begin(channel, "stream_stream", b"a"),
            lambda: connection.channel_for("follower"),
            connection.refresh,
            connection.close,
        )
        for use in uses:
            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, each(use))
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(begin, channel, "unary_unary", b"a")
        assert await ask(channel, "unary_unary", b"a") == b"0:a"


def test_connection_needs_a_loop(cluster: FakeCluster) -> None:
    """`connect` works anywhere; the connection belongs to the loop that awaits it."""
    connecting = aio.connect(cluster.uri())

    async def use() -> bytes:
        async with connecting as connection:
            assert connection.loop is asyncio.get_running_loop()
            return await ask(connection.channel, "unary_unary", b"a")

    assert asyncio.run(use()) == b"0:a"


# Leaks.


async def test_nothing_is_left(cluster: FakeCluster) -> None:
    """Closing leaves no task, no thread and no socket, whatever was under way."""
    await _use_and_close(cluster)  # grpc starts threads of its own once
    tasks, threads, files = asyncio.all_tasks(), threading.active_count(), _files()
    for _ in range(5):
        await _use_and_close(cluster)
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - tasks or _files() > files:
            gc.collect()
            # The servers notice a closed connection in threads of their own.
            await asyncio.to_thread(os.sched_yield)
    assert threading.active_count() <= threads + 16 * len(cluster.nodes)


async def _use_and_close(cluster: FakeCluster) -> None:
    cluster.elect(0)
    connection = await aio.connect(cluster.uri())
    channel = connection.channel
    await ask(channel, "unary_unary", b"a")
    calls = [
        begin(channel, "unary_unary", b"hold"),
        begin(channel, "stream_stream", b"hold"),
    ]
    for _ in calls:
        await held(cluster)
    with pytest.raises(grpc.aio.AioRpcError):
        await ask(channel, "unary_unary", b"lost")
    cluster.elect(None)
    calls.append(begin(channel, "unary_stream", b"a"))
    await connection.close()
    cluster.release.set()
    cluster.release.clear()


def _files() -> int:
    return len(list(FD.iterdir()))
