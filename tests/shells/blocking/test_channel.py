"""The facade: what existing code asks of a `grpc.Channel`."""

from __future__ import annotations

import queue

import grpc
import pytest

import kurrent_conn
from kurrent_conn.errors import ConnectionClosed
from tests.shells.blocking.ask import Beside, ask, held
from tests.shells.fake_cluster import FakeCluster

READY = grpc.ChannelConnectivity.READY
IDLE = grpc.ChannelConnectivity.IDLE
SHUTDOWN = grpc.ChannelConnectivity.SHUTDOWN


def test_subscribers_see_changes(cluster: FakeCluster) -> None:
    """A subscriber hears the state now and at every change, and looks for a node."""
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        states: queue.SimpleQueue[grpc.ChannelConnectivity] = queue.SimpleQueue()
        channel = connection.channel
        channel.subscribe(states.put, try_to_connect=True)
        seen = [states.get(timeout=5)]
        while seen[-1] is not READY:
            seen.append(states.get(timeout=5))
        channel.close()
        assert states.get(timeout=5) is SHUTDOWN
        channel.unsubscribe(states.put)


def test_state_of_closed_connection(cluster: FakeCluster) -> None:
    """A channel of a closed connection is shut down."""
    connection = kurrent_conn.connect(cluster.uri())
    channel = connection.channel
    assert isinstance(channel, kurrent_conn.Channel)
    assert channel.connectivity is READY
    connection.close()
    assert channel.connectivity is SHUTDOWN


def test_channel_ready_future(cluster: FakeCluster) -> None:
    """Grpc's own future of a ready channel works."""
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        grpc.channel_ready_future(connection.channel).result(timeout=5)


def test_closing_a_facade_closes_only_it(cluster: FakeCluster, beside: Beside) -> None:
    """Calls under way and other channels go on; new calls on it fail."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        channel = connection.channel
        call = beside.do(ask, channel, "unary_unary", b"hold")
        held(cluster)
        with channel:
            pass
        with pytest.raises(ConnectionClosed, match="the channel is closed"):
            ask(channel, "unary_unary", b"a")
        cluster.release.set()
        assert call.result(5) == b"0:hold"
        assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
        assert connection.channel is not channel
