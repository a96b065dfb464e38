"""Every kind of call, in every form, on every path that it can take."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

import kurrent_conn
from kurrent_conn.core.notice import FailedOver, Notice
from kurrent_conn.errors import ConnectionClosed, DiscoveryError, UntrustedName
from patience import wait_for
from tests.shells.blocking.ask import FORMS, Beside, ask, begin, held, kill
from tests.shells.fake_cluster import ECHO, KINDS, READ_ONLY, FakeCluster
from tests.shells.garbage import garbage

every_form = pytest.mark.parametrize("form", FORMS)


@every_form
def test_call_goes_to_leader(cluster: FakeCluster, form: str) -> None:
    """A call goes to the leader and says that it requires it."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        assert ask(connection.channel, form, b"a") == b"0:a"
    (metadata,) = cluster.nodes[0].calls
    assert metadata["requires-leader"] == "true"
    assert metadata["connection-name"] == connection.settings.connection_name


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_recognised(cluster: FakeCluster, kind: str) -> None:
    """Multicallables are instances of grpc's own base classes."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        method = getattr(connection.channel, kind)(ECHO + kind, _registered_method=True)
        name = "".join(part.capitalize() for part in kind.split("_"))
        assert isinstance(method, getattr(grpc, f"{name}MultiCallable"))


@every_form
def test_redirect_is_followed(cluster: FakeCluster, form: str) -> None:
    """A not-leader answer is followed unseen, with all messages of the request."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(2)
        messages = (b"a",) if form.startswith("unary_unary") else (b"a", b"b")
        expected = b",".join(b"2:" + message for message in messages)
        assert ask(connection.channel, form, *messages) == expected
        assert connection.topology.leader == cluster.nodes[2].endpoint
        assert [len(node.calls) for node in cluster.nodes] == [1, 0, 1]


@every_form
def test_never_sent_is_repeated(cluster: FakeCluster, form: str) -> None:
    """A call that a dead node was never sent goes to the leader elected meanwhile."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        assert ask(connection.channel, form, b"a") == b"0:a"
        kill(connection, cluster.nodes[0])
        cluster.elect(1)
        assert ask(connection.channel, form, b"a") == b"1:a"


@every_form
def test_a_failover_is_measured(cluster: FakeCluster, form: str) -> None:
    """The call that is answered after it ends it; diagnostics and an event tell."""
    heard: list[Notice] = []
    with kurrent_conn.connect(cluster.uri(), on_event=heard.append) as connection:
        assert ask(connection.channel, form, b"a") == b"0:a"
        assert connection.diagnostics().failovers == ()
        kill(connection, cluster.nodes[0])
        cluster.elect(1)
        assert ask(connection.channel, form, b"a") == b"1:a"
        wait_for(lambda: any(isinstance(notice, FailedOver) for notice in heard))
        (failover,) = connection.diagnostics().failovers
        assert FailedOver(failover) in heard
    first, second = (node.endpoint for node in cluster.nodes[:2])
    assert (failover.lost, failover.found) == (first, second)
    assert 0 <= failover.noticed_s <= failover.found_s <= (failover.answered_s or 0)


@every_form
def test_not_ready_is_waited_for(cluster: FakeCluster, form: str) -> None:
    """A node that says "not ready" is asked again."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.nodes[0].not_ready = 2
        assert ask(connection.channel, form, b"a") == b"0:a"
        assert len(cluster.nodes[0].calls) == 3


@every_form
def test_server_error_passes(cluster: FakeCluster, form: str) -> None:
    """What a server answers is raised unchanged, and asked once."""
    with (
        kurrent_conn.connect(cluster.uri()) as connection,
        pytest.raises(grpc.RpcError) as caught,
    ):
        ask(connection.channel, form, b"fail")
    assert isinstance(caught.value, grpc.Call)
    assert not isinstance(caught.value, kurrent_conn.KurrentConnError)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "asked to fail"
    assert len(cluster.nodes[0].calls) == 1


@every_form
def test_call_connects(cluster: FakeCluster, form: str) -> None:
    """The first call of a lazy connection finds the node."""
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        assert connection.topology.generation == 0
        assert ask(connection.channel, form, b"a") == b"0:a"


@every_form
def test_deadline_ends_call(cluster: FakeCluster, form: str) -> None:
    """A call's deadline ends it while a node has it."""
    with (
        kurrent_conn.connect(cluster.uri()) as connection,
        pytest.raises(grpc.RpcError) as caught,
    ):
        ask(connection.channel, form, b"hold", timeout=0.05)
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@every_form
def test_deadline_ends_wait(cluster: FakeCluster, form: str) -> None:
    """A call's deadline ends its wait for a leader, with an error that says why."""
    cluster.elect(None)
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        connection.refresh()
        with pytest.raises(DiscoveryError, match="no member fitted") as caught:
            ask(connection.channel, form, b"a", timeout=0.5)
    assert isinstance(caught.value, grpc.RpcError)
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@every_form
def test_connections_timeout_ends_wait(cluster: FakeCluster, form: str) -> None:
    """Without a deadline of its own a call waits for a node as long as a connect."""
    cluster.elect(None)
    uri = cluster.uri(defaultDeadline=-1)
    with (
        kurrent_conn.connect(uri, lazy=True, timeout=0.05) as connection,
        pytest.raises(DiscoveryError) as caught,
    ):
        ask(connection.channel, form, b"a")
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@every_form
def test_wait_is_repeated(cluster: FakeCluster, form: str) -> None:
    """A call that waited in vain does not end the connection: the next one works."""
    cluster.elect(None)
    with kurrent_conn.connect(cluster.uri(), lazy=True) as connection:
        with pytest.raises(DiscoveryError):
            ask(connection.channel, form, b"a", timeout=0.05)
        cluster.elect(1)
        assert ask(connection.channel, form, b"a") == b"1:a"


@every_form
def test_lost_call_raises(cluster: FakeCluster, form: str) -> None:
    """A call whose outcome nobody knows raises; the next one finds a node."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        with pytest.raises(grpc.RpcError) as caught:
            ask(connection.channel, form, b"lost")
        assert kurrent_conn.outcome(caught.value) is kurrent_conn.Outcome.UNKNOWN
        assert len(cluster.nodes[0].calls) == 1
        assert ask(connection.channel, form, b"a") == b"0:a"


@every_form
def test_redirect_is_refused_without_follow(cluster: FakeCluster, form: str) -> None:
    """Under `follow=False` a not-leader answer is raised as it came."""
    with kurrent_conn.connect(cluster.uri(0), follow=False) as connection:
        cluster.elect(1)
        with pytest.raises(grpc.RpcError) as caught:
            ask(connection.channel, form, b"a")
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert not cluster.nodes[1].calls


@every_form
def test_untrusted_redirect_is_refused(cluster: FakeCluster, form: str) -> None:
    """A leader outside `trusted_names` is refused by name, the answer as the cause."""
    overrides = {"n1.good": str(cluster.nodes[0].endpoint)}
    with kurrent_conn.connect(
        "kurrentdb://n1.good:2113?tls=false",
        overrides=overrides,
        trusted_names=("*.good",),
    ) as connection:
        cluster.elect(1)
        with pytest.raises(UntrustedName) as caught:
            ask(connection.channel, form, b"a")
    assert isinstance(caught.value, grpc.RpcError)
    assert caught.value.host == "127.0.0.1"
    assert isinstance(caught.value.__cause__, grpc.RpcError)


@every_form
def test_closed_connection_takes_no_call(cluster: FakeCluster, form: str) -> None:
    """A call on a closed connection fails as a gRPC error."""
    connection = kurrent_conn.connect(cluster.uri())
    channel = connection.channel
    connection.close()
    with pytest.raises(ConnectionClosed) as caught:
        ask(channel, form, b"a")
    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@every_form
def test_closing_ends_calls(cluster: FakeCluster, beside: Beside, form: str) -> None:
    """Closing the connection ends the calls under way; their outcome is unknown."""
    connection = kurrent_conn.connect(cluster.uri(defaultDeadline=-1))
    call = beside.do(ask, connection.channel, form, b"hold")
    held(cluster)
    connection.close()
    error = call.exception(5)
    assert isinstance(error, grpc.RpcError)
    assert not isinstance(error, kurrent_conn.KurrentConnError)
    assert kurrent_conn.outcome(error) is kurrent_conn.Outcome.UNKNOWN


@every_form
def test_closing_ends_calls_on_retired_channels(
    cluster: FakeCluster, beside: Beside, form: str
) -> None:
    """Closing ends the calls on channels that were given up before as well."""
    connection = kurrent_conn.connect(cluster.uri(defaultDeadline=-1))
    call = beside.do(ask, connection.channel, form, b"hold")
    held(cluster)
    with pytest.raises(grpc.RpcError, match="Socket closed"):
        ask(connection.channel, "unary_unary", b"lost")
    assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
    connection.close()
    assert isinstance(call.exception(5), grpc.RpcError)


@every_form
def test_closing_ends_waits(cluster: FakeCluster, beside: Beside, form: str) -> None:
    """A call that waits for a node when the connection closes was not executed."""
    cluster.elect(None)
    connection = kurrent_conn.connect(cluster.uri(), lazy=True)
    call = beside.do(ask, connection.channel, form, b"a")
    connection.refresh()
    connection.close()
    error = call.exception(5)
    assert isinstance(error, ConnectionClosed)
    assert isinstance(error, grpc.RpcError)


@every_form
def test_silent_node_is_given_up(
    cluster: FakeCluster, beside: Beside, form: str
) -> None:
    """Calls on a node that fell silent raise when another one leads."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        call = beside.do(ask, connection.channel, form, b"hold")
        held(cluster)
        cluster.nodes[0].is_deaf = True
        cluster.elect(1)
        error = call.exception(5)
        assert isinstance(error, grpc.Call)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "The node went silent" in (error.details() or "")
        assert ask(connection.channel, form, b"a") == b"1:a"


def test_default_deadline_is_for_unary_calls(cluster: FakeCluster) -> None:
    """`defaultDeadline` ends a unary call and leaves a stream alone."""
    with kurrent_conn.connect(cluster.uri(defaultDeadline=100)) as connection:
        stream = begin(connection.channel, "unary_stream", b"a", b"hold", b"b")
        assert next(stream) == b"0:a"
        with pytest.raises(grpc.RpcError) as caught:
            ask(connection.channel, "unary_unary", b"hold")
        assert isinstance(caught.value, grpc.Call)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert stream.time_remaining() is None
        cluster.release.set()
        assert list(stream) == [b"0:hold", b"0:b"]


def test_callers_metadata_wins(cluster: FakeCluster) -> None:
    """A header that the caller gives replaces ours; the others are added."""
    with kurrent_conn.connect(cluster.uri(connectionName="ours")) as connection:
        given = (("connection-name", "theirs"), ("extra", "1"))
        ask(connection.channel, "unary_unary", b"a", metadata=given)
    (seen,) = cluster.nodes[0].calls
    assert (seen["connection-name"], seen["extra"]) == ("theirs", "1")
    assert seen["requires-leader"] == "true"


def test_credentials_are_a_header(cluster: FakeCluster) -> None:
    """User name and password go out as a header where it was consented to."""
    uri = cluster.uri().replace("://", "://admin:changeit@")
    with kurrent_conn.connect(uri, allow_plaintext_credentials=True) as connection:
        ask(connection.channel, "unary_unary", b"a")
    assert cluster.nodes[0].calls[0]["authorization"] == "Basic YWRtaW46Y2hhbmdlaXQ="
    with kurrent_conn.connect(uri) as connection:
        ask(connection.channel, "unary_unary", b"a")
    assert "authorization" not in cluster.nodes[0].calls[1]


def test_codecs_run_once_a_message(cluster: FakeCluster) -> None:
    """A request is serialised once, however often it is sent."""
    serialised: list[str] = []

    def serialise(text: str) -> bytes:
        serialised.append(text)
        return text.encode()

    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.elect(1)
        method = connection.channel.stream_unary(
            ECHO + "stream_unary", serialise, bytes.decode
        )
        assert method(iter(["a", "b"])) == "1:a,1:b"
    assert serialised == ["a", "b"]


def test_read_only_call_is_repeated_when_lost(cluster: FakeCluster) -> None:
    """What only reads is also repeated when nobody knows whether it was executed."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        cluster.nodes[0].lost = 1
        method: Any = connection.channel.unary_stream(READ_ONLY)
        assert list(method(b"a")) == [b"0:a"]
        assert len(cluster.nodes[0].calls) == 2


def test_failover_without_errors(cluster: FakeCluster, beside: Beside) -> None:
    """Callers who are idle at the kill see a wait and no error."""
    with kurrent_conn.connect(cluster.uri()) as connection:
        assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
        kill(connection, cluster.nodes[0])
        cluster.elect(None)
        calls = [beside.do(ask, connection.channel, f, b"a") for f in FORMS]
        connection.refresh()
        cluster.elect(2)
        assert {call.result(5) for call in calls} == {b"2:a"}


CALLS = 50


@every_form
def test_a_call_leaves_no_garbage(cluster: FakeCluster, form: str) -> None:
    """All that a call was made of is freed with it; the collector finds nothing.

    It would stop the application for the longer the more calls there were.
    """
    with kurrent_conn.connect(cluster.uri()) as connection:
        ask(connection.channel, form, b"a")
        with garbage() as found:
            for _ in range(CALLS):
                ask(connection.channel, form, b"a")
        # Not none: other tests' connections end about now, and a call that ends while
        # its requests are being sent leaves a traceback.
        assert max(found.values(), default=0) < CALLS, found
