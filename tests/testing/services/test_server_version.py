"""Nodes lack what came after the version that they claim."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import grpc
import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState

from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.services.server_version import has_service, version_of
from kurrent_conn.wire.server_features import (
    GET_SUPPORTED_METHODS,
    decode_supported_methods,
)
from raw_call import DEADLINE_S, channel_to, failure_of

FEATURES = "event_store.client.server_features.ServerFeatures"
V2 = "kurrentdb.protocol.v2.streams.StreamsService"


@pytest.mark.parametrize(
    ("version", "service", "has"),
    [
        ("20.10.5", FEATURES, False),
        ("21.10.0", FEATURES, True),
        ("25.0.1", V2, False),
        ("25.1", V2, True),
        ("5.0.0", "event_store.client.streams.Streams", True),
    ],
)
def test_services_come_with_versions(version: str, service: str, has: bool) -> None:
    """In whatever case the name is written."""
    assert has_service(version, service) is has
    assert has_service(version, service.lower()) is has


@pytest.mark.parametrize("text", ["", "26", "newest", "a.b.c"])
def test_what_is_no_version_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match="like 26"):
        version_of(text)


def test_an_old_server_has_no_features_and_serves_all_the_same() -> None:
    """The method is UNIMPLEMENTED; a client copes."""
    with SimulatedCluster(1, version="20.10.5") as cluster:
        with channel_to(cluster, cluster.nodes[0]) as channel:
            call: Any = channel.unary_unary(GET_SUPPORTED_METHODS)
            with pytest.raises(grpc.RpcError) as caught:
                call(b"", timeout=DEADLINE_S)
        assert failure_of(caught.value).code is grpc.StatusCode.UNIMPLEMENTED
        client = KurrentDBClient(cluster.connection_string())
        new = NewEvent(type="Ordered", data=b"1", id=uuid4())
        client.append_to_stream("a", current_version=StreamState.ANY, events=new)
        client.close()


def test_features_name_what_is_there() -> None:
    """Version 24.10 knows nothing of the v2 protocol."""
    with (
        SimulatedCluster(1, version="24.10.2") as cluster,
        channel_to(cluster, cluster.nodes[0]) as channel,
    ):
        call: Any = channel.unary_unary(GET_SUPPORTED_METHODS)
        told = decode_supported_methods(call(b"", timeout=DEADLINE_S))
    services = {method.service for method in told.methods}
    assert FEATURES.lower() in services
    assert V2.lower() not in services
