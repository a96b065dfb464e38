"""The connection: what users hold, how it ends, and what it leaves behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import grpc
import pytest
from tenacity import RetryCallState
from tenacity.wait import wait_base

import kurrent_conn
from kurrent_conn.core.notice import NodeLost, NodeOpened, Notice, TopologyChanged
from kurrent_conn.errors import (
    ConnectionClosed,
    DiscoveryError,
    InvalidConnectionString,
)
from patience import wait_for
from tests.shells.blocking.ask import FORMS, Beside, ask, begin, held, kill
from tests.shells.fake_cluster import ECHO, FakeCluster

FD = Path("/proc/self/fd")


def test_topology_is_known(cluster: FakeCluster) -> None:
    """A connection knows members, leader and generation, and none while lazy."""
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        assert connection.topology == kurrent_conn.Topology()
        topology = connection.refresh()
        assert topology is connection.topology
        assert topology.leader == cluster.nodes[0].endpoint
        assert len(topology.members) == 3
        assert topology.generation == 1


def test_refresh_asks_again(cluster: FakeCluster) -> None:
    """`refresh` gives what the cluster says now."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        assert connection.refresh().leader == cluster.nodes[1].endpoint


def test_refresh_fails_in_time(cluster: FakeCluster) -> None:
    """`refresh` gives up after its timeout and lists what it tried."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        for node in cluster.nodes:
            node.kill()
        with pytest.raises(DiscoveryError) as caught:
            connection.refresh(timeout=0.2)
    tried = {attempt.endpoint for attempt in caught.value.attempts}
    assert tried == {node.endpoint for node in cluster.nodes}


def test_wait_until_ready(cluster: FakeCluster) -> None:
    """`wait_until_ready` waits for a node of the preference that is asked for."""
    cluster.elect(None)
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        connection.wait_until_ready("follower")
        with pytest.raises(DiscoveryError, match="no member fitted"):
            connection.wait_until_ready(timeout=0.05)
        with pytest.raises(ValueError, match="nobody"):
            connection.wait_until_ready("nobody")


def test_channels_of_preferences(cluster: FakeCluster) -> None:
    """`channel` is one object; `channel_for` makes channels of other preferences."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        assert connection.channel is connection.channel
        follower = connection.channel_for("follower")
        assert ask(follower, "unary_unary", b"a") in {b"1:a", b"2:a"}
        with pytest.raises(ValueError, match="nobody"):
            connection.channel_for("nobody")


def test_other_preferences_redirect_moves_nothing(cluster: FakeCluster) -> None:
    """A redirect on a follower's channel repeats that one call on the leader."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        method: Any = connection.channel_for("follower").unary_unary(
            ECHO + "unary_unary"
        )
        assert method(b"a", metadata=(("requires-leader", "true"),)) == b"0:a"
        assert method(b"a") != b"0:a"


def test_events_come_on_our_thread(cluster: FakeCluster) -> None:
    """`on_event` receives what happens, never on the caller's thread."""
    seen: list[tuple[type[Notice], bool]] = []

    def on_event(notice: Notice) -> None:
        here = threading.current_thread() is threading.main_thread()
        seen.append((type(notice), here))

    with kurrent_conn.connect(cluster.uri(), on_event=on_event) as connection:
        ask(connection.channel, "unary_unary", b"a")
        kill(connection, cluster.nodes[0])
        cluster.elect(1)
        ask(connection.channel, "unary_unary", b"a")
    assert {here for _, here in seen} == {False}
    assert {NodeLost, NodeOpened, TopologyChanged} <= {kind for kind, _ in seen}


def test_failing_on_event_is_logged_once(
    cluster: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """An `on_event` that fails is logged once, and never called again."""
    calls: list[Notice] = []

    def on_event(notice: Notice) -> None:
        calls.append(notice)
        raise LookupError

    with kurrent_conn.connect(cluster.uri(), on_event=on_event) as connection:
        assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
    assert len(calls) == 1
    assert caplog.text.count("on_event failed") == 1


def test_repr_tells_no_secret(cluster: FakeCluster) -> None:
    """The repr says to what it is connected, without the password."""
    uri = cluster.uri().replace("://", "://admin:changeit@")
    with kurrent_conn.connect(uri) as connection:
        assert str(cluster.nodes[0].endpoint) in repr(connection)
        assert "changeit" not in repr(connection)
    assert "closed" in repr(connection)


def test_close_twice(cluster: FakeCluster) -> None:
    """Closing again does no harm; nothing works afterwards."""
    connection = kurrent_conn.connect(cluster.uri())
    connection.close()
    connection.close()
    with pytest.raises(ConnectionClosed):
        connection.channel_for("follower")
    with pytest.raises(ConnectionClosed):
        connection.refresh()
    with pytest.raises(ConnectionClosed):
        connection.wait_until_ready()


def test_close_ends_a_pause(cluster: FakeCluster, beside: Beside) -> None:
    """A call that waits before it is repeated ends with the connection."""
    pause = _Hour()
    policy = kurrent_conn.RetryPolicy(wait=pause)
    connection = kurrent_conn.connect(
        cluster.uri(defaultDeadline=-1), retry=policy, timeout=7200
    )
    cluster.nodes[0].not_ready = len(FORMS)
    calls = [beside.do(ask, connection.channel, form, b"a") for form in FORMS]
    for _ in calls:
        assert pause.asked.acquire(timeout=5)
    connection.close()
    for call in calls:
        assert isinstance(call.exception(5), grpc.RpcError)


class _Hour(wait_base):
    """A pause of an hour that says when it is asked for."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)

    def __call__(self, retry_state: RetryCallState) -> float:  # noqa: ARG002 - tenacity's signature
        self.asked.release()
        return 3600.0


def test_bad_input_is_told() -> None:
    """What was given is read before anything is sent."""
    with pytest.raises(InvalidConnectionString):
        kurrent_conn.connect("kurrentdb://")


def test_failed_connect_leaves_nothing() -> None:
    """A connect that fails lists what it tried and ends everything it began."""
    uri = "kurrentdb://127.0.0.1:1,127.0.0.1:2?tls=false&maxDiscoverAttempts=2"
    with pytest.raises(DiscoveryError) as caught:
        kurrent_conn.connect(uri)
    assert {attempt.endpoint.port for attempt in caught.value.attempts} == {1, 2}
    assert not [t for t in threading.enumerate() if t.name.startswith("kurrent-conn")]


def test_calls_while_closing(cluster: FakeCluster, beside: Beside) -> None:
    """Whoever calls while another thread closes gets a gRPC error, and nothing else."""
    for _ in range(20):
        connection = kurrent_conn.connect(cluster.uri())
        method: Any = connection.channel.unary_unary(ECHO + "unary_unary")
        started = threading.Semaphore(0)

        callers = [beside.do(_call_on, method, started) for _ in range(4)]
        for _ in callers:
            assert started.acquire(timeout=5)
        connection.close()
        errors = [caller.exception(5) for caller in callers]
        assert all(isinstance(error, grpc.RpcError) for error in errors), errors


def _call_on(method: Any, started: threading.Semaphore) -> None:
    while True:
        method(b"a")
        started.release()


def test_nothing_is_left(cluster: FakeCluster, beside: Beside) -> None:
    """Closing leaves no thread and no socket, whatever was under way."""
    methods = _use_and_close(cluster, beside)  # grpc starts threads of its own once
    files = _files()
    for _ in range(5):
        methods += _use_and_close(cluster, beside)
    wait_for(lambda: _files() <= files)
    assert not [t for t in threading.enumerate() if t.name.startswith("kurrent-conn")]


def _use_and_close(cluster: FakeCluster, beside: Beside) -> list[object]:
    cluster.elect(0)
    connection = kurrent_conn.connect(cluster.uri(defaultDeadline=-1))
    channel = connection.channel
    method: Any = channel.unary_unary(ECHO + "unary_unary")
    method(b"a")
    calls = [beside.do(ask, channel, form, b"hold") for form in FORMS]
    for _ in calls:
        held(cluster)
    with pytest.raises(grpc.RpcError):
        ask(channel, "unary_unary", b"lost")
    cluster.elect(None)
    future = begin(channel, "unary_unary.future", b"a")
    connection.close()
    assert all(isinstance(call.exception(5), grpc.RpcError) for call in calls)
    assert isinstance(future.exception(5), grpc.RpcError)
    cluster.release.set()
    cluster.release.clear()
    return [method]


def _files() -> int:
    return len(list(FD.iterdir()))
