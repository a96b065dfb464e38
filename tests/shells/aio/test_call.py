"""What a call object offers, and how a call ends that its caller does not await."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.errors import ConnectionClosed
from tests.shells.aio.ask import ask, begin, finish, held
from tests.shells.fake_cluster import ECHO, KINDS, FakeCluster

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
async def test_status_is_known_after_the_end(cluster: FakeCluster, kind: str) -> None:
    """After the end a call gives code, text and metadata, and is done."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"a")
        await finish(call, kind)
        assert call.done()
        assert not call.cancelled()
        assert not call.cancel()
        assert await call.code() is grpc.StatusCode.OK
        assert await call.details() == ""
        assert isinstance(await call.initial_metadata(), grpc.aio.Metadata)
        assert isinstance(await call.trailing_metadata(), grpc.aio.Metadata)
        await call.wait_for_connection()


@every_kind
async def test_status_of_failure(cluster: FakeCluster, kind: str) -> None:
    """The status of a failed call is the node's, whoever asks first."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"fail")
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await call.details() == "asked to fail"
        assert call.done()
        with pytest.raises(grpc.aio.AioRpcError, match="asked to fail"):
            await finish(call, kind)


@every_kind
async def test_status_follows_redirect(cluster: FakeCluster, kind: str) -> None:
    """Who asks for the status only gets that of the node that answered."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, kind, b"a")
        await call.initial_metadata()
        if kind == "unary_unary":
            assert await call.code() is grpc.StatusCode.OK
        assert await finish(call, kind) == b"1:a"
        assert await call.code() is grpc.StatusCode.OK


async def test_status_without_a_node(cluster: FakeCluster) -> None:
    """A call that no node was found for says so by its status as well."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        call = begin(connection.channel, "unary_unary", b"a", timeout=0.05)
        assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "before the deadline" in await call.details()
        assert await call.debug_error_string() == ""
        assert not list(await call.trailing_metadata())


@every_kind
async def test_done_callback_waits_for_the_whole_call(
    cluster: FakeCluster, kind: str
) -> None:
    """A done callback runs once, with our call, when no attempt follows any more."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, kind, b"a")
        ended: list[object] = []
        call.add_done_callback(ended.append)
        assert await finish(call, kind) == b"1:a"
        assert ended == [call]
        call.add_done_callback(ended.append)
        assert ended == [call, call]


async def test_done_callback_needs_nobody_to_wait(cluster: FakeCluster) -> None:
    """A call with a done callback follows a redirect although nobody awaits it."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        ended: asyncio.Future[Any] = connection.loop.create_future()
        begin(connection.channel, "unary_unary", b"a").add_done_callback(
            ended.set_result
        )
        assert await (await ended) == b"1:a"


async def test_failing_callback_is_reported(cluster: FakeCluster) -> None:
    """A done callback that fails is told to the loop and hurts nobody."""
    async with aio.connect(cluster.uri()) as connection:
        told: list[object] = []
        connection.loop.set_exception_handler(lambda _, what: told.append(what))
        call = begin(connection.channel, "unary_unary", b"a")
        call.add_done_callback(_fail)
        assert await call == b"0:a"
        assert isinstance(told[0]["exception"], LookupError)  # type: ignore[index]  # a mapping


def _fail(_: object) -> None:
    raise LookupError


async def test_two_await_one_call(cluster: FakeCluster) -> None:
    """Several tasks can await one call; a redirect is followed once."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, "unary_unary", b"a")
        first, code, second = await asyncio.gather(
            finish(call, "unary_unary"), call.code(), call
        )
        assert (first, code, second) == (b"1:a", grpc.StatusCode.OK, b"1:a")
        assert await call == b"1:a"
        assert len(cluster.nodes[1].calls) == 1


async def test_done_looks_at_a_failure(cluster: FakeCluster) -> None:
    """Who only polls `done` sees the end of the whole call."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, "unary_unary", b"a")
        async with asyncio.timeout(5):
            while not call.done():
                await asyncio.to_thread(cluster.nodes[1].ended.acquire, timeout=0.001)
        assert await call == b"1:a"


# Cancellation.


@every_kind
async def test_cancel_ends_call(cluster: FakeCluster, kind: str) -> None:
    """`cancel` ends the call on the node, and its caller gets CancelledError."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"hold")
        await held(cluster)
        assert call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finish(call, kind)
        assert call.cancelled()
        assert call.done()
        assert not call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED


@every_kind
async def test_cancelled_task_cancels_call(cluster: FakeCluster, kind: str) -> None:
    """A user's `task.cancel` stays CancelledError, and ends the call on the node."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"hold")
        task = asyncio.create_task(finish(call, kind))
        await held(cluster)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert call.cancelled()
        assert await asyncio.to_thread(cluster.nodes[0].ended.acquire, timeout=5)


@every_kind
async def test_timeout_stays_timeout(cluster: FakeCluster, kind: str) -> None:
    """`asyncio.timeout` around a call gives TimeoutError and ends the call."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"hold")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await finish(call, kind)
        assert call.cancelled()


@every_kind
async def test_cancel_while_waiting_for_a_node(cluster: FakeCluster, kind: str) -> None:
    """A call that still waits for a node can be cancelled, by itself or its task."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        call = begin(connection.channel, kind, b"a")
        assert call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finish(call, kind)
        assert await call.code() is grpc.StatusCode.CANCELLED
        other = begin(connection.channel, kind, b"a")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await finish(other, kind)
        assert other.cancelled()


async def test_cancelled_status_wait_leaves_call(cluster: FakeCluster) -> None:
    """Who waits for the status only does not end the call by being cancelled."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, "unary_unary", b"hold")
        task = asyncio.create_task(call.code())
        await held(cluster)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cluster.release.set()
        assert await call == b"0:hold"


# Ended by this side.


@every_kind
async def test_closing_raises_in_a_task_group(cluster: FakeCluster, kind: str) -> None:
    """A call that closing ends raises UNAVAILABLE, also where a TaskGroup listens."""
    connection = await aio.connect(cluster.uri())

    async def close_meanwhile() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(connection.channel, kind, b"hold"))
            await held(cluster)
            await connection.close()

    with pytest.raises(ExceptionGroup) as caught:
        await close_meanwhile()
    (error,) = caught.value.exceptions
    assert isinstance(error, grpc.aio.AioRpcError)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error.details() == "the connection was closed while the call was under way"
    assert not isinstance(error, ConnectionClosed)
    assert aio.outcome(error) is aio.Outcome.UNKNOWN


async def test_closing_ends_waits(cluster: FakeCluster) -> None:
    """A call that waits for a node when the connection closes was not executed."""
    cluster.elect(None)
    connection = await aio.connect(cluster.uri(), lazy=True)
    call = begin(connection.channel, "unary_unary", b"a")
    await connection.refresh()
    await connection.close()
    with pytest.raises(ConnectionClosed) as caught:
        await call
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    assert aio.outcome(caught.value) is aio.Outcome.NOT_EXECUTED


@every_kind
async def test_closed_connection_takes_no_call(cluster: FakeCluster, kind: str) -> None:
    """A call on a closed connection fails when it is awaited, as a gRPC error."""
    connection = await aio.connect(cluster.uri())
    channel = connection.channel
    await connection.close()
    with pytest.raises(ConnectionClosed) as caught:
        await ask(channel, kind, b"a")
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@every_kind
async def test_silent_node_is_given_up(cluster: FakeCluster, kind: str) -> None:
    """Calls on a node that fell silent raise when another one leads."""
    async with aio.connect(cluster.uri()) as connection:

        async def fall_silent() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(ask(connection.channel, kind, b"hold"))
                await held(cluster)
                cluster.nodes[0].is_deaf = True
                cluster.elect(1)

        with pytest.raises(ExceptionGroup) as caught:
            await fall_silent()
        (error,) = caught.value.exceptions
        assert isinstance(error, grpc.aio.AioRpcError)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert (error.details() or "").startswith("The node went silent")
        assert aio.outcome(error) is aio.Outcome.UNKNOWN
        assert await ask(connection.channel, kind, b"a") == b"1:a"


async def test_silent_node_may_come_back(cluster: FakeCluster) -> None:
    """A call on a node that nobody disowns is answered late, and not ended."""
    async with aio.connect(cluster.uri()) as connection:
        call = begin(connection.channel, "unary_unary", b"hold")
        await held(cluster)
        reads = cluster.nodes[0].gossip_reads
        async with asyncio.timeout(5):
            while cluster.nodes[0].gossip_reads == reads:
                await asyncio.to_thread(cluster.held.acquire, timeout=0.01)
        cluster.release.set()
        assert await call == b"0:hold"


async def test_callers_cancellation_beats_closing(cluster: FakeCluster) -> None:
    """A task that is cancelled while the connection closes is cancelled."""
    connection = await aio.connect(cluster.uri())
    task = asyncio.create_task(ask(connection.channel, "unary_unary", b"hold"))
    await held(cluster)
    task.cancel()
    await connection.close()
    with pytest.raises(asyncio.CancelledError):
        await task


@every_kind
async def test_abandoned_call_leaves_nothing(cluster: FakeCluster, kind: str) -> None:
    """A call that nobody holds leaves no task; one with one response is still made."""
    before = asyncio.all_tasks()
    async with aio.connect(cluster.uri()) as connection:
        begin(connection.channel, kind, b"hold")
        if kind.endswith("unary"):
            await held(cluster)
        gc.collect()
    await _ended(before)


async def _ended(before: set[asyncio.Task[object]]) -> None:
    """Wait for tasks of grpc's own, which end a turn of the loop later."""
    async with asyncio.timeout(5):
        while others := asyncio.all_tasks() - before:
            await asyncio.wait(others)


async def test_bad_metadata_is_the_callers(cluster: FakeCluster) -> None:
    """What grpc does not take is raised as grpc raises it, with or without a node."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        method = connection.channel.unary_unary(ECHO + "unary_unary")
        for _ in range(2):
            with pytest.raises(TypeError):
                await method(b"a", metadata=7)
            await connection.wait_until_ready()
