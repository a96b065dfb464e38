"""One way to make each kind of call: messages in, messages out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import grpc

import kurrent_conn
from patience import wait_for
from tests.shells.fake_cluster import ECHO, WAIT_S, FakeCluster, FakeNode

FORMS = (
    "unary_unary",
    "unary_unary.with_call",
    "unary_unary.future",
    "unary_stream",
    "stream_unary",
    "stream_unary.with_call",
    "stream_unary.future",
    "stream_stream",
)
"""The four kinds, in every form in which grpc offers them."""


def begin(channel: grpc.Channel, form: str, *messages: bytes, **options: Any) -> Any:
    """Begin an echo call of a form; give what its multicallable gives.

    Args:
        channel: Where.
        form: Such as `unary_unary.future`.
        messages: The requests; joined where the kind takes one.
        options: As grpc takes them, such as `timeout`.
    """
    kind, _, name = form.partition(".")
    method = getattr(channel, kind)(ECHO + kind)
    call = getattr(method, name) if name else method
    request = iter(messages) if kind.startswith("stream") else b",".join(messages)
    return call(request, **options)


def ask(channel: grpc.Channel, form: str, *messages: bytes, **options: Any) -> bytes:
    """Make an echo call of a form; give what came back, joined."""
    answer = begin(channel, form, *messages, **options)
    if form.endswith("_stream"):
        return b",".join(answer)
    if form.endswith("with_call"):
        answer = answer[0]
    elif form.endswith("future"):
        answer = answer.result(WAIT_S)
    response: bytes = answer
    return response


def held(cluster: FakeCluster) -> None:
    """Wait until a message `hold` has arrived at a node."""
    assert cluster.held.acquire(timeout=WAIT_S)


def kill(connection: kurrent_conn.Connection, node: FakeNode) -> None:
    """Kill a node and wait until its channel has noticed.

    A call sent in between is lost, and not "never sent".
    """
    opened = connection.current(connection.settings.node_preference)
    node.kill()
    if opened is not None and opened.node.advertised == node.endpoint:
        inner: Any = opened.route_channel.channel
        ready = grpc.ChannelConnectivity.READY.value[0]
        wait_for(lambda: inner._channel.check_connectivity_state(False) != ready)


class Beside:
    """Does things in other threads, and waits for them at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(8)

    def do(self, what: Callable[..., Any], *given: Any, **named: Any) -> Future[Any]:
        """Begin something."""
        return self._threads.submit(what, *given, **named)

    def close(self) -> None:
        """Wait for everything."""
        self._threads.shutdown()
