"""Overrides and `trusted_names` are applied wherever an address comes from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest

import kurrent_conn
from kurrent_conn import aio
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import UntrustedName
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.stream_client import APPEND_METHOD, append_requests
from kurrent_conn.wire.protos import v2_streams_pb2

V2_METHOD = "/kurrentdb.protocol.v2.streams.StreamsService/AppendRecords"
WAIT_S = 10.0


@pytest.fixture(scope="module")
def shared() -> Iterator[SimulatedCluster]:
    """Three nodes whose advertised names resolve nowhere."""
    with SimulatedCluster(advertise="n{index}.kurrent.test:2113") as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: SimulatedCluster) -> SimulatedCluster:
    """The same cluster with node 0 as its leader."""
    shared.elect(0).wait()
    shared.wait_until_settled()
    return shared


def rules(cluster: SimulatedCluster, *indices: int) -> Overrides:
    """Lead the advertised names of some nodes to where they listen."""
    nodes = [cluster.nodes[index] for index in indices]
    return Overrides.from_mapping(
        {node.advertised.host: str(node.endpoint) for node in nodes}
    )


def string(cluster: SimulatedCluster, *seeds: str) -> str:
    """Write a connection string with these seeds."""
    given = f"tlsCaFile={cluster.ca_file}"
    return f"kurrentdb://admin:changeit@{','.join(seeds)}?{given}"


def append_v1(channel: Any) -> Any:
    """Begin an append of the v1 protocol."""
    call = channel.stream_unary(APPEND_METHOD)
    requests = append_requests("orders", uuid4(), b"{}")
    return call(iter([r.SerializeToString() for r in requests]), timeout=WAIT_S)


def append_v2(channel: Any) -> Any:
    """Begin an append of the v2 protocol."""
    record = v2_streams_pb2.AppendRecord(
        record_id=str(uuid4()), stream="orders", data=b"{}"
    )
    request = v2_streams_pb2.AppendRecordsRequest(records=[record])
    return channel.unary_unary(V2_METHOD)(request.SerializeToString(), timeout=WAIT_S)


every_protocol = pytest.mark.parametrize("append", [append_v1, append_v2])


@every_protocol
def test_redirects_go_by_the_rules(cluster: SimulatedCluster, append: Any) -> None:
    """A seed and the leader that a not-leader answer names are dialled by rules."""
    target = string(cluster, "n0.kurrent.test:2113")
    with kurrent_conn.connect(target, overrides=rules(cluster, 0, 1)) as connection:
        cluster.elect(1).wait()
        assert append(connection.channel)
        (opened,) = connection.diagnostics().opened
        assert opened.advertised == cluster.nodes[1].advertised
        assert opened.route.dial == cluster.nodes[1].endpoint
        assert opened.route.server_name == "n1.kurrent.test"


@every_protocol
async def test_redirects_go_by_the_rules_on_a_loop(
    cluster: SimulatedCluster, append: Any
) -> None:
    """The same for asyncio."""
    target = string(cluster, "n0.kurrent.test:2113")
    overrides = rules(cluster, 0, 1)
    async with aio.connect(target, overrides=overrides) as connection:
        cluster.elect(1).wait()
        assert await append(connection.channel)
        (opened,) = connection.diagnostics().opened
        assert opened.route.dial == cluster.nodes[1].endpoint


@every_protocol
def test_a_redirect_outside_trusted_names_is_refused(
    cluster: SimulatedCluster, append: Any
) -> None:
    """The leader that is named has no rule and no pattern: its name is in the error."""
    target = string(cluster, "n0.kurrent.test:2113")
    with kurrent_conn.connect(
        target, overrides=rules(cluster, 0), trusted_names=("*.elsewhere.test",)
    ) as connection:
        cluster.elect(1).wait()
        with pytest.raises(UntrustedName) as caught:
            append(connection.channel)
    assert caught.value.host == "n1.kurrent.test"


@every_protocol
async def test_a_redirect_outside_trusted_names_is_refused_on_a_loop(
    cluster: SimulatedCluster, append: Any
) -> None:
    """The same for asyncio."""
    target = string(cluster, "n0.kurrent.test:2113")
    async with aio.connect(
        target, overrides=rules(cluster, 0), trusted_names=("*.elsewhere.test",)
    ) as connection:
        cluster.elect(1).wait()
        with pytest.raises(UntrustedName) as caught:
            await append(connection.channel)
    assert caught.value.host == "n1.kurrent.test"


@every_protocol
def test_follow_off_never_leaves_the_given_host(
    cluster: SimulatedCluster, append: Any
) -> None:
    """A port-forward reaches one node: its refusal is the answer."""
    target = string(cluster, "n0.kurrent.test:2113")
    with kurrent_conn.connect(
        target, overrides=rules(cluster, 0, 1), follow=False
    ) as connection:
        cluster.elect(1).wait()
        with pytest.raises(grpc.RpcError):
            append(connection.channel)
        (opened,) = connection.diagnostics().opened
        assert opened.advertised == cluster.nodes[0].advertised


def test_members_go_by_the_rules_and_untrusted_ones_are_refused(
    cluster: SimulatedCluster,
) -> None:
    """The leader known from gossip needs a rule, or a pattern that covers it."""
    seeds = [str(cluster.nodes[index].endpoint) for index in (1, 2)]
    target = string(cluster, *seeds)
    with kurrent_conn.connect(target, overrides=rules(cluster, 0, 1, 2)) as connection:
        (opened,) = connection.diagnostics().opened
        assert opened.route.dial == cluster.nodes[0].endpoint
    with pytest.raises(UntrustedName) as caught:
        kurrent_conn.connect(
            target, overrides=rules(cluster, 1, 2), trusted_names=(), timeout=WAIT_S
        )
    assert caught.value.host == "n0.kurrent.test"
