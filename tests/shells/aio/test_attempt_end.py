"""The status of a call that a node refuses while requests are still being sent."""

from __future__ import annotations

import grpc
import pytest

from kurrent_conn import aio
from tests.shells.aio.ask import ask
from tests.shells.fake_cluster import FakeCluster

MANY = tuple(b"%d" % number for number in range(20))
streaming = pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])


@streaming
async def test_redirect_is_recognised(cluster: FakeCluster, kind: str) -> None:
    """A refusal is followed, also where grpc reports a failed write in its place."""
    async with aio.connect(cluster.uri()) as connection:
        for turn in range(30):
            leader = (turn + 1) % 3
            cluster.elect(leader)
            expected = b",".join(b"%d:%s" % (leader, message) for message in MANY)
            assert await ask(connection.channel, kind, *MANY) == expected


@streaming
async def test_nodes_error_is_raised(cluster: FakeCluster, kind: str) -> None:
    """What a node answers to the first request is raised, not a failed write."""
    async with aio.connect(cluster.uri()) as connection:
        for _ in range(30):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ask(connection.channel, kind, b"fail", *MANY)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
