"""One way to make each kind of call: messages in, messages out."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from kurrent_conn import aio
from tests.shells.fake_cluster import ECHO, WAIT_S, FakeCluster, FakeNode


def begin(channel: aio.Channel, kind: str, *messages: bytes, **options: Any) -> Any:
    """Begin an echo call of a kind; give its call object.

    Args:
        channel: Where.
        kind: Such as `unary_unary`.
        messages: The requests; joined where the kind takes one.
        options: As grpc takes them, such as `timeout`.
    """
    method = getattr(channel, kind)(ECHO + kind)
    if kind.startswith("stream"):
        return method(_each(*messages), **options)
    return method(b",".join(messages), **options)


async def _each(*messages: bytes) -> Any:
    for message in messages:
        yield message


async def finish(call: Any, kind: str) -> bytes:
    """Wait for a call's response; join its messages where there are many."""
    if kind.endswith("stream"):
        return b",".join([message async for message in call])
    response: bytes = await call
    return response


async def ask(
    channel: aio.Channel, kind: str, *messages: bytes, **options: Any
) -> bytes:
    """Make an echo call of a kind; give what came back."""
    return await finish(begin(channel, kind, *messages, **options), kind)


async def kill(connection: aio.Connection, node: FakeNode) -> None:
    """Kill a node and wait until its channel has noticed.

    A call sent in between is lost, and not "never sent".
    """
    opened = connection.current(connection.settings.node_preference)
    await asyncio.to_thread(node.kill)
    if opened is not None and opened.node.advertised == node.endpoint:
        channel = opened.route_channel.channel
        ready = grpc.ChannelConnectivity.READY
        while channel.get_state() is ready:
            await channel.wait_for_state_change(ready)


async def held(cluster: FakeCluster) -> None:
    """Wait until a message `hold` has arrived at a node."""
    assert await asyncio.to_thread(cluster.held.acquire, timeout=WAIT_S)
