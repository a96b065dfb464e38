"""The v2 protocol: several streams at once, and refusals with typed details."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from kurrentdbclient import (
    KurrentDBClient,
    NewEvent,
    NewEvents,
    NewRecord,
    StreamState,
    StreamStateCheck,
)
from kurrentdbclient.exceptions import (
    ConsistencyChecksFailedError,
    StreamTombstonedError,
    WrongCurrentVersionError,
)

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing import Conduct, SimulatedCluster
from kurrent_conn.wire.not_leader import leader_of
from kurrent_conn.wire.protos import status_pb2, v2_streams_pb2
from kurrent_conn.wire.status import ERROR_INFO, STATUS_TRAILER, details_of
from raw_call import ADMIN, DEADLINE_S, Failure, channel_to, failure_of

APPEND_RECORDS = "/kurrentdb.protocol.v2.streams.StreamsService/AppendRecords"


def event(data: bytes = b"{}") -> NewEvent:
    """Make an event with an id and metadata of its own."""
    return NewEvent(type="Ordered", data=data, metadata=b'{"by":"me"}', id=uuid4())


def record(stream: str, data: bytes = b"{}") -> NewRecord:
    """Make a record with an id of its own."""
    return NewRecord(stream_name=stream, type="Ordered", data=data, id=uuid4())


@pytest.fixture
def client(cluster: SimulatedCluster) -> Iterator[KurrentDBClient]:
    """A blocking client, connected by the plain connection string."""
    opened = KurrentDBClient(cluster.connection_string())
    yield opened
    opened.close()


def test_a_session_appends_to_several_streams(client: KurrentDBClient) -> None:
    """Both streams have their events, with their properties as metadata."""
    sessions = [
        NewEvents("a", [event(b"1"), event(b"2")], StreamState.NO_STREAM),
        NewEvents("b", [event(b"3")], StreamState.ANY),
    ]
    position = client.multi_append_to_stream(sessions)
    assert client.multi_append_to_stream(sessions) == position
    stored = client.get_stream("a")
    assert [e.data for e in stored] == [b"1", b"2"]
    assert json.loads(stored[0].metadata) == {"by": "me"}
    assert [e.commit_position for e in client.get_stream("b")] == [position]


def test_a_session_is_all_or_nothing(client: KurrentDBClient) -> None:
    """One stream that is elsewhere, or gone, keeps the other unwritten."""
    client.append_to_stream("b", current_version=StreamState.ANY, events=event())
    with pytest.raises(WrongCurrentVersionError):
        client.multi_append_to_stream(
            [
                NewEvents("a", [event()], StreamState.ANY),
                NewEvents("b", [event()], StreamState.NO_STREAM),
            ]
        )
    client.tombstone_stream("b", current_version=StreamState.ANY)
    with pytest.raises(StreamTombstonedError):
        client.multi_append_to_stream(
            [
                NewEvents("a", [event()], StreamState.ANY),
                NewEvents("b", [event()], StreamState.ANY),
            ]
        )
    assert client.get_current_version("a") is StreamState.NO_STREAM


def test_records_are_appended_behind_checks(client: KurrentDBClient) -> None:
    """Checks may name streams that are not written; a failed one is named."""
    done = client.append_records(
        [record("a", b"1"), record("b", b"2"), record("a", b"3")],
        [StreamStateCheck("c", StreamState.NO_STREAM)],
    )
    assert [(s.stream_name, s.stream_position) for s in done.stream_positions] == [
        ("a", 1),
        ("b", 0),
    ]
    with pytest.raises(ConsistencyChecksFailedError):
        client.append_records(record("a"), StreamStateCheck("b", 7))
    assert client.get_current_version("a") == 1


@pytest.mark.parametrize(
    ("state", "code", "reason"),
    [
        (NodeState.FOLLOWER, grpc.StatusCode.FAILED_PRECONDITION, "NOT_LEADER_NODE"),
        (NodeState.UNKNOWN, grpc.StatusCode.UNAVAILABLE, "SERVER_NOT_READY"),
        (NodeState.RESIGNING_LEADER, grpc.StatusCode.UNAVAILABLE, "SERVER_NOT_READY"),
        (NodeState.READ_ONLY_REPLICA, grpc.StatusCode.INTERNAL, ""),
    ],
)
def test_refusals_are_typed(
    state: NodeState, code: grpc.StatusCode, reason: str
) -> None:
    """Each state refuses with its own code and details, without v1 trailers."""
    with SimulatedCluster(2) as cluster:
        leader, node = cluster.nodes
        node.assume(state)
        failure = refused_append(cluster, 1)
    assert failure.code is code
    assert "exception" not in failure.trailers
    status = failure.trailers.get(STATUS_TRAILER, b"")
    assert isinstance(status, bytes)
    info = status_pb2.ErrorInfo.FromString(details_of(status).get(ERROR_INFO, b""))
    assert info.reason == reason
    named = leader_of(failure.trailers.items())
    assert named == (leader.advertised if reason == "NOT_LEADER_NODE" else None)


def test_a_busy_node_says_so() -> None:
    """Overload is its own reason."""
    with SimulatedCluster(1) as cluster:
        cluster.nodes[0].behave(Conduct(is_busy=True))
        assert refused_append(cluster, 0).details == "The server is overloaded."


def refused_append(cluster: SimulatedCluster, index: int) -> Failure:
    """Append one record and give the refusal."""
    request = v2_streams_pb2.AppendRecordsRequest(
        records=[v2_streams_pb2.AppendRecord(stream="a", data=b"{}")]
    )
    with channel_to(cluster, cluster.nodes[index]) as channel:
        call: Any = channel.unary_unary(
            APPEND_RECORDS, v2_streams_pb2.AppendRecordsRequest.SerializeToString
        )
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=DEADLINE_S, metadata=ADMIN)
    return failure_of(caught.value)
