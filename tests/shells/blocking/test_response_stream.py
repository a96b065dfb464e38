"""Streams of responses: repeated before the first message, and never after."""

from __future__ import annotations

import gc
import threading

import grpc
import pytest

import kurrent_conn
from tests.shells.blocking.ask import Beside, ask, begin, held, kill
from tests.shells.fake_cluster import FakeCluster

streams = pytest.mark.parametrize("kind", ["unary_stream", "stream_stream"])


@streams
def test_nothing_is_repeated_after_a_message(cluster: FakeCluster, kind: str) -> None:
    """A stream that gave a message ends with the failure that follows."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"a", b"lost")
        assert next(call) == b"0:a"
        with pytest.raises(grpc.RpcError, match="Socket closed"):
            next(call)
        assert len(cluster.nodes[0].calls) == 1


@streams
def test_status_follows_redirect(cluster: FakeCluster, kind: str) -> None:
    """Who asks for the status only gets that of the node that answered."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, kind, b"a")
        call.initial_metadata()
        assert list(call) == [b"1:a"]
        assert call.code() is grpc.StatusCode.OK
        assert call.details() == ""
        assert not list(call.trailing_metadata())
        assert not call.is_active()
        cluster.elect(2)
        call = begin(connection.channel, kind, b"fail")
        assert call.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert call.details() == "asked to fail"
        with pytest.raises(grpc.RpcError, match="asked to fail"):
            next(call)


@streams
def test_callback_waits_for_the_whole_call(cluster: FakeCluster, kind: str) -> None:
    """A callback runs once, when no attempt follows any more."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        call = begin(connection.channel, kind, b"a")
        ended = threading.Semaphore(0)
        assert call.add_callback(ended.release)
        assert list(call) == [b"1:a"]
        assert ended.acquire(timeout=5)
        assert not ended.acquire(blocking=False)
        assert not call.add_callback(ended.release)


@streams
def test_cancel_ends_stream(cluster: FakeCluster, kind: str) -> None:
    """`cancel` ends the stream on its node; the next message raises."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        call = begin(connection.channel, kind, b"a", b"hold")
        assert next(call) == b"0:a"
        held(cluster)
        ended = threading.Event()
        assert call.add_callback(ended.set)
        call.cancel()
        with pytest.raises(grpc.RpcError):
            next(call)
        assert call.code() is grpc.StatusCode.CANCELLED
        assert ended.wait(5)


@streams
def test_cancel_while_waiting_for_a_node(
    cluster: FakeCluster, beside: Beside, kind: str
) -> None:
    """A stream that no node was found for yet does not keep its caller, and can end."""
    cluster.elect(None)
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        making = beside.do(begin, connection.channel, kind, b"a")
        call = making.result(5)
        reading = beside.do(next, call)
        connection.refresh()
        call.cancel()
        error = reading.exception(5)
        assert isinstance(error, grpc.Call)
        assert error.code() is grpc.StatusCode.CANCELLED


def test_stream_survives_failover_of_another_node(cluster: FakeCluster) -> None:
    """A stream on a follower goes on while the leader dies and another is elected."""
    with kurrent_conn.connect(cluster.uri(nodePreference="follower")) as connection:
        call = begin(connection.channel, "unary_stream", b"a", b"hold", b"b")
        first = next(call)
        held(cluster)
        serving = int(first[:1])
        leader = connection.channel_for("leader")
        assert ask(leader, "unary_unary", b"x") == b"0:x"
        kill(connection, cluster.nodes[0])
        elected = 3 - serving
        cluster.elect(elected)
        assert ask(leader, "unary_unary", b"x") == b"%d:x" % elected
        cluster.release.set()
        assert list(call) == [b"%d:hold" % serving, b"%d:b" % serving]


def test_stream_survives_its_channels_retirement(cluster: FakeCluster) -> None:
    """A healthy stream goes on when another call's failure retires its channel."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        call = begin(connection.channel, "unary_stream", b"a", b"hold", b"b")
        assert next(call) == b"0:a"
        held(cluster)
        with pytest.raises(grpc.RpcError, match="Socket closed"):
            ask(connection.channel, "unary_unary", b"lost")
        assert ask(connection.channel, "unary_unary", b"x") == b"0:x"
        cluster.release.set()
        assert list(call) == [b"0:hold", b"0:b"]


def test_dropped_stream_is_ended(cluster: FakeCluster) -> None:
    """A stream that nobody holds any more, read or not, is ended on its node."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        unread = begin(connection.channel, "unary_stream", b"hold")
        read = begin(connection.channel, "stream_stream", b"a", b"hold")
        assert next(read) == b"0:a"
        held(cluster)
        held(cluster)
        del unread, read
        gc.collect()
        for _ in range(2):
            assert cluster.nodes[0].ended.acquire(timeout=5)
        node = connection.current(connection.settings.node_preference)
        assert node is not None
        assert not node.route_channel.is_busy
