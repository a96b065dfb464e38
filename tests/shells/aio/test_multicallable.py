"""Every kind of call, on every path that it can take."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.core.notice import FailedOver, Notice
from kurrent_conn.errors import DiscoveryError
from tests.shells.aio.ask import ask, begin, finish, kill
from tests.shells.fake_cluster import ECHO, KINDS, WAIT_S, FakeCluster
from tests.shells.garbage import garbage

every_kind = pytest.mark.parametrize("kind", KINDS)

BASES = {
    "unary_unary": grpc.aio.UnaryUnaryCall,
    "unary_stream": grpc.aio.UnaryStreamCall,
    "stream_unary": grpc.aio.StreamUnaryCall,
    "stream_stream": grpc.aio.StreamStreamCall,
}
MULTICALLABLES = {
    "unary_unary": grpc.aio.UnaryUnaryMultiCallable,
    "unary_stream": grpc.aio.UnaryStreamMultiCallable,
    "stream_unary": grpc.aio.StreamUnaryMultiCallable,
    "stream_stream": grpc.aio.StreamStreamMultiCallable,
}


@every_kind
async def test_call_goes_to_leader(cluster: FakeCluster, kind: str) -> None:
    """A call goes to the leader and says that it requires it."""
    async with aio.connect(cluster.uri()) as connection:
        assert await ask(connection.channel, kind, b"a") == b"0:a"
    (metadata,) = cluster.nodes[0].calls
    assert metadata["requires-leader"] == "true"
    assert metadata["connection-name"] == connection.settings.connection_name


@every_kind
async def test_objects_are_recognised(cluster: FakeCluster, kind: str) -> None:
    """Multicallables and calls are instances of grpc.aio's own base classes."""
    async with aio.connect(cluster.uri()) as connection:
        method = getattr(connection.channel, kind)(ECHO + kind, _registered_method=True)
        assert isinstance(method, MULTICALLABLES[kind])
        call = begin(connection.channel, kind, b"a")
        assert isinstance(call, BASES[kind])
        assert await finish(call, kind) == b"0:a"


@every_kind
async def test_redirect_is_followed(cluster: FakeCluster, kind: str) -> None:
    """A not-leader answer is followed unseen, with all messages of the request."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(2)
        messages = (b"a",) if kind == "unary_unary" else (b"a", b"b")
        expected = b",".join(b"2:" + message for message in messages)
        assert await ask(connection.channel, kind, *messages) == expected
        assert connection.topology.leader == cluster.nodes[2].endpoint
        assert [len(node.calls) for node in cluster.nodes] == [1, 0, 1]


@every_kind
async def test_never_sent_is_repeated(cluster: FakeCluster, kind: str) -> None:
    """A call that a dead node was never sent goes to the leader elected meanwhile."""
    async with aio.connect(cluster.uri()) as connection:
        assert await ask(connection.channel, kind, b"a") == b"0:a"
        await kill(connection, cluster.nodes[0])
        cluster.elect(1)
        assert await ask(connection.channel, kind, b"a") == b"1:a"


@every_kind
async def test_a_failover_is_measured(cluster: FakeCluster, kind: str) -> None:
    """The call that is answered after it ends it; diagnostics and an event tell."""
    told: asyncio.Queue[Notice] = asyncio.Queue()
    async with aio.connect(cluster.uri(), on_event=told.put_nowait) as connection:
        assert await ask(connection.channel, kind, b"a") == b"0:a"
        assert connection.diagnostics().failovers == ()
        await kill(connection, cluster.nodes[0])
        cluster.elect(1)
        assert await ask(connection.channel, kind, b"a") == b"1:a"
        async with asyncio.timeout(WAIT_S):
            while not isinstance(notice := await told.get(), FailedOver):
                pass
        assert connection.diagnostics().failovers == (notice.failover,)
    failover = notice.failover
    first, second = (node.endpoint for node in cluster.nodes[:2])
    assert (failover.lost, failover.found) == (first, second)
    assert 0 <= failover.noticed_s <= failover.found_s <= (failover.answered_s or 0)


@every_kind
async def test_not_ready_is_waited_for(cluster: FakeCluster, kind: str) -> None:
    """A node that says "not ready" is asked again."""
    async with aio.connect(cluster.uri()) as connection:
        cluster.nodes[0].not_ready = 2
        assert await ask(connection.channel, kind, b"a") == b"0:a"
        assert len(cluster.nodes[0].calls) == 3


@every_kind
async def test_server_error_passes(cluster: FakeCluster, kind: str) -> None:
    """What a server answers is raised unchanged, and asked once."""
    async with aio.connect(cluster.uri()) as connection:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(connection.channel, kind, b"fail")
    assert type(caught.value) is grpc.aio.AioRpcError
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "asked to fail"
    assert len(cluster.nodes[0].calls) == 1


@every_kind
async def test_call_connects(cluster: FakeCluster, kind: str) -> None:
    """The first call of a lazy connection finds the node."""
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        assert connection.topology.generation == 0
        assert await ask(connection.channel, kind, b"a") == b"0:a"


@every_kind
async def test_deadline_ends_call(cluster: FakeCluster, kind: str) -> None:
    """A call's deadline ends it while a node has it."""
    async with aio.connect(cluster.uri()) as connection:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(connection.channel, kind, b"hold", timeout=0.05)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@every_kind
async def test_deadline_ends_wait(cluster: FakeCluster, kind: str) -> None:
    """A call's deadline ends its wait for a leader, with an error that says why."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        await connection.refresh()
        with pytest.raises(DiscoveryError, match="no member fitted") as caught:
            await ask(connection.channel, kind, b"a", timeout=0.05)
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@every_kind
async def test_connections_timeout_ends_wait(cluster: FakeCluster, kind: str) -> None:
    """Without a deadline of its own a call waits for a node as long as a connect."""
    cluster.elect(None)
    uri = cluster.uri(defaultDeadline=-1)
    async with aio.connect(uri, lazy=True, timeout=0.05) as connection:
        with pytest.raises(DiscoveryError) as caught:
            await ask(connection.channel, kind, b"a")
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@every_kind
async def test_wait_is_repeated(cluster: FakeCluster, kind: str) -> None:
    """A call that waited in vain does not end the connection: the next one works."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        with pytest.raises(DiscoveryError):
            await ask(connection.channel, kind, b"a", timeout=0.05)
        cluster.elect(1)
        assert await ask(connection.channel, kind, b"a") == b"1:a"


async def test_default_deadline_is_for_unary_calls(cluster: FakeCluster) -> None:
    """`defaultDeadline` ends a unary call and leaves a stream alone."""
    uri = cluster.uri(defaultDeadline=100)
    async with aio.connect(uri) as connection:
        stream = begin(connection.channel, "unary_stream", b"a", b"hold", b"b")
        assert await stream.read() == b"0:a"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(connection.channel, "unary_unary", b"hold")
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert stream.time_remaining() is None
        cluster.release.set()
        assert [message async for message in _read_all(stream)] == [b"0:hold", b"0:b"]


async def _read_all(stream: grpc.aio.UnaryStreamCall[bytes, bytes]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - an async generator of bytes
    while (message := await stream.read()) is not grpc.aio.EOF:
        yield message


async def test_callers_metadata_wins(cluster: FakeCluster) -> None:
    """A header that the caller gives replaces ours; the others are added."""
    async with aio.connect(cluster.uri(connectionName="ours")) as connection:
        given = (("connection-name", "theirs"), ("extra", "1"))
        await ask(connection.channel, "unary_unary", b"a", metadata=given)
        also = grpc.aio.Metadata(("extra", "2"))
        await ask(connection.channel, "unary_unary", b"a", metadata=also)
    first, second = cluster.nodes[0].calls
    assert (first["connection-name"], first["extra"]) == ("theirs", "1")
    assert (second["connection-name"], second["extra"]) == ("ours", "2")
    assert first["requires-leader"] == second["requires-leader"] == "true"


async def test_credentials_are_a_header(cluster: FakeCluster) -> None:
    """User name and password go out as a header where it was consented to."""
    uri = cluster.uri().replace("://", "://admin:changeit@")
    async with aio.connect(uri, allow_plaintext_credentials=True) as connection:
        await ask(connection.channel, "unary_unary", b"a")
    assert cluster.nodes[0].calls[0]["authorization"] == "Basic YWRtaW46Y2hhbmdlaXQ="
    async with aio.connect(uri) as connection:
        await ask(connection.channel, "unary_unary", b"a")
    assert "authorization" not in cluster.nodes[0].calls[1]


async def test_codecs_run_once_a_message(cluster: FakeCluster) -> None:
    """A request is serialised once, however often it is sent."""
    serialised: list[str] = []

    def serialise(text: str) -> bytes:
        serialised.append(text)
        return text.encode()

    async with aio.connect(cluster.uri()) as connection:
        cluster.elect(1)
        method = connection.channel.stream_unary(
            ECHO + "stream_unary", serialise, bytes.decode
        )
        assert await method(["a", "b"]) == "1:a,1:b"
    assert serialised == ["a", "b"]


async def test_no_task_a_call(cluster: FakeCluster) -> None:
    """A unary call that succeeds starts no task but grpc's own."""
    async with aio.connect(cluster.uri()) as connection:
        method = connection.channel.unary_unary(ECHO + "unary_unary")
        await method(b"a")
        before = asyncio.all_tasks()
        call = method(b"a")
        started = asyncio.all_tasks() - before
        assert {task.get_coro().__name__ for task in started} == {"_invoke"}  # type: ignore[union-attr]  # a task of a coroutine
        assert await call == b"0:a"


async def test_other_preferences_redirect_moves_nothing(cluster: FakeCluster) -> None:
    """A redirect on a follower's channel repeats that one call on the leader."""
    async with aio.connect(cluster.uri()) as connection:
        follower = connection.channel_for("follower")
        headers = (("requires-leader", "true"),)
        method = follower.unary_unary(ECHO + "unary_unary")
        assert await method(b"a", metadata=headers) == b"0:a"
        assert await method(b"a") != b"0:a"


CALLS = 50


@every_kind
async def test_a_call_leaves_no_garbage(cluster: FakeCluster, kind: str) -> None:
    """All that a call was made of is freed with it; the collector finds nothing.

    Unless grpc's own call is such garbage, and what hangs on it: with 1.80 each is that
    has a done callback.
    """
    async with aio.connect(cluster.uri()) as connection:
        await ask(connection.channel, kind, b"a")
        opened = connection.current(connection.settings.node_preference)
        assert opened is not None
        channel: Any = opened.route_channel.channel
        with garbage("grpc.aio") as grpcs:
            for _ in range(CALLS):
                call = begin(channel, kind, b"a")
                call.add_done_callback(lambda _: None)
                await finish(call, kind)
        del call
        with garbage() as ours:
            for _ in range(CALLS):
                await ask(connection.channel, kind, b"a")
    # Not none: other tests' connections end about now, and a call that ends while its
    # requests are being sent leaves a traceback.
    assert max(ours.values(), default=0) < CALLS or grpcs.total() >= CALLS - 1, ours
