"""Plain `grpc.aio` channels: what the asyncio facade is compared with."""

from __future__ import annotations

import grpc

from benchmarks.raw import DEADLINE_S, RawTarget, gossip_of
from kurrent_conn.wire.gossip import READ_REQUEST


def aio_channel(target: RawTarget) -> grpc.aio.Channel:
    """Open a channel with connections of its own.

    Args:
        target: The node.
    """
    return grpc.aio.secure_channel(
        target.address,
        grpc.ssl_channel_credentials(target.ca_pem),
        [("grpc.use_local_subchannel_pool", 1)],
    )


async def cold_gossip(target: RawTarget) -> None:
    """Connect, ask for gossip once, and close.

    Args:
        target: The node.
    """
    async with aio_channel(target) as channel:
        await gossip_of(channel)(READ_REQUEST, timeout=DEADLINE_S)
