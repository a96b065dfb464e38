"""Futures of calls that may be repeated."""

from __future__ import annotations

import queue
from typing import Any

import grpc
import pytest

import kurrent_conn
from tests.shells.blocking.ask import begin, held, kill
from tests.shells.fake_cluster import ECHO, FakeCluster

UNARY = ECHO + "unary_unary"
futures = pytest.mark.parametrize("form", ["unary_unary.future", "stream_unary.future"])


@futures
def test_status_follows_redirect(cluster: FakeCluster, form: str) -> None:
    """A future knows result and status of the node that answered."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        future = begin(connection.channel, form, b"a")
        assert future.code() is grpc.StatusCode.OK
        assert future.result(5) == b"1:a"
        assert future.exception() is None
        assert future.traceback() is None
        assert future.done()
        assert not future.running()
        assert not future.cancel()


@futures
def test_callback_waits_for_the_whole_call(cluster: FakeCluster, form: str) -> None:
    """A callback runs once, with our future, when no attempt follows any more."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        future = begin(connection.channel, form, b"a")
        future.add_done_callback(seen.put)
        assert seen.get(timeout=5) is future
        assert future.result() == b"1:a"


@futures
def test_result_waits_so_long(cluster: FakeCluster, form: str) -> None:
    """`result` gives up after its timeout, and leaves the call alone."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        future = begin(connection.channel, form, b"hold")
        held(cluster)
        with pytest.raises(grpc.FutureTimeoutError):
            future.result(0.01)
        with pytest.raises(grpc.FutureTimeoutError):
            future.exception(0.01)
        cluster.release.set()
        assert future.result(5) == b"0:hold"


@futures
def test_cancel_ends_call(cluster: FakeCluster, form: str) -> None:
    """`cancel` ends the call on its node, and its result is a cancellation."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        future = begin(connection.channel, form, b"hold")
        held(cluster)
        assert future.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            future.result(5)
        assert future.cancelled()
        assert future.code() is grpc.StatusCode.CANCELLED


@futures
def test_cancel_while_waiting_for_a_node(cluster: FakeCluster, form: str) -> None:
    """A future that waits for a node is over at once when it is cancelled."""
    cluster.elect(None)
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        future = begin(connection.channel, form, b"a")
        assert future.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            future.result(0.5)
        assert future.cancelled()
        assert not future.cancel()


def test_cancel_between_attempts(cluster: FakeCluster) -> None:
    """A future whose attempt failed and that waits for a leader can be cancelled."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        kill(connection, cluster.nodes[0])
        cluster.elect(None)
        future = begin(connection.channel, "unary_unary.future", b"a")
        connection.refresh()
        assert future.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            future.result(0.5)


@pytest.mark.parametrize("lazy", [True, False])
def test_bad_metadata_is_told(cluster: FakeCluster, lazy: bool) -> None:
    """What grpc does not take is raised, be it when there is a node at last."""
    with kurrent_conn.connect(cluster.uri(), lazy=lazy) as connection:
        method: Any = connection.channel.unary_unary(UNARY)
        with pytest.raises(TypeError):
            method.future(b"a", metadata=7).result(5)


def test_refusals_hold_up_no_thread_of_grpcs(cluster: FakeCluster) -> None:
    """Futures of refused request streams are followed, one time after the other.

    Looked at on grpc's own thread a refusal could wait for news that the same thread
    has yet to bring; then every call on the channel would hang.
    """
    with kurrent_conn.connect(cluster.uri()) as connection:
        for turn in range(60):
            leader = (turn + 1) % 3
            cluster.elect(leader)
            future = begin(connection.channel, "stream_unary.future", b"a", b"b")
            assert future.result(5) == b"%d:a,%d:b" % (leader, leader)
