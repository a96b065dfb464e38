"""What the core decides for a failed call, as its caller sees it."""

from __future__ import annotations

import grpc
import pytest

from kurrent_conn import aio
from kurrent_conn.errors import UntrustedName
from tests.shells.aio.ask import ask, kill
from tests.shells.fake_cluster import KINDS, FakeCluster

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
async def test_lost_call_raises(cluster: FakeCluster, kind: str) -> None:
    """A call whose outcome nobody knows raises; the next one finds a node."""
    async with aio.connect(cluster.uri()) as connection:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(connection.channel, kind, b"lost")
        assert aio.outcome(caught.value) is aio.Outcome.UNKNOWN
        assert len(cluster.nodes[0].calls) == 1
        assert await ask(connection.channel, kind, b"a") == b"0:a"


@every_kind
async def test_redirect_is_refused_without_follow(
    cluster: FakeCluster, kind: str
) -> None:
    """Under `follow=False` a not-leader answer is raised as it came."""
    async with aio.connect(cluster.uri(0), follow=False) as connection:
        cluster.elect(1)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(connection.channel, kind, b"a")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert not cluster.nodes[1].calls


@every_kind
async def test_untrusted_redirect_is_refused(cluster: FakeCluster, kind: str) -> None:
    """A leader outside `trusted_names` is refused by name, the answer as the cause."""
    overrides = {"n1.good": str(cluster.nodes[0].endpoint)}
    uri = "kurrentdb://n1.good:2113?tls=false"
    names = ("*.good",)
    async with aio.connect(uri, overrides=overrides, trusted_names=names) as connection:
        cluster.elect(1)
        with pytest.raises(UntrustedName) as caught:
            await ask(connection.channel, kind, b"a")
    assert isinstance(caught.value, grpc.aio.AioRpcError)
    assert caught.value.host == "127.0.0.1"
    assert caught.value.patterns == names
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)


@every_kind
async def test_last_failure_is_the_cause(cluster: FakeCluster, kind: str) -> None:
    """A repeat that finds no node keeps the failure before it as its cause."""
    async with aio.connect(cluster.uri()) as connection:
        await kill(connection, cluster.nodes[0])
        with pytest.raises(aio.DiscoveryError) as caught:
            await ask(connection.channel, kind, b"a", timeout=0.2)
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)
    assert caught.value.__cause__.code() is grpc.StatusCode.UNAVAILABLE
