"""Streams beyond what a server serves on one connection run all the same."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest

import kurrent_conn
from kurrent_conn import aio
from kurrent_conn.core.lane import STREAMS_MAX
from kurrent_conn.core.notice import ChannelRenewed, NodeSuspected, Notice
from kurrent_conn.shells.lanes import Lanes
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.wire.protos import streams_pb2
from raw_call import STREAMS, append, proposed, read_request

SUBSCRIPTIONS = 300
FIRST_MESSAGE_S = 1.0
ROUNDS = 20


@pytest.fixture(scope="module")
def node() -> Iterator[SimulatedCluster]:
    """Give one node that serves 100 streams a connection, as KurrentDB does."""
    with SimulatedCluster(1, isolation="process") as cluster:
        yield cluster


class Ear:
    """Hears of suspicions."""

    def __init__(self) -> None:
        self.suspicions: list[Notice] = []

    def __call__(self, notice: Notice) -> None:
        """Hear."""
        if isinstance(notice, NodeSuspected | ChannelRenewed):
            self.suspicions.append(notice)


def took_s(append_one: Any) -> float:
    """Give the median time of some appends."""
    times: list[float] = []
    for _ in range(ROUNDS):
        began_at = time.monotonic()
        append_one()
        times.append(time.monotonic() - began_at)
    return median(times)


def test_three_hundred_subscriptions_and_appends(node: SimulatedCluster) -> None:
    """Every first message comes within a second, and appends are as quick as before."""
    ear = Ear()
    with kurrent_conn.connect(node.connection_string(), on_event=ear) as connection:
        channel = connection.channel
        append_one = lambda: append(channel, "orders", proposed(b"1"), metadata=())  # noqa: E731
        before_s = took_s(append_one)
        call: Any = channel.unary_stream(STREAMS + "Read")
        request, late = read_request("silent", subscribe=True), []
        running = []
        for _ in range(SUBSCRIPTIONS):
            began_at = time.monotonic()
            running.append(call(request))
            next(running[-1])
            late.append(time.monotonic() - began_at)
        assert max(late) < FIRST_MESSAGE_S
        assert took_s(append_one) < 10 * before_s + 0.1
        assert connection.diagnostics().calls == SUBSCRIPTIONS
        for each in running:
            each.cancel()
    assert not ear.suspicions


async def test_three_hundred_subscriptions_and_appends_on_a_loop(
    node: SimulatedCluster,
) -> None:
    """The same in asyncio."""
    ear = Ear()
    async with aio.connect(node.connection_string(), on_event=ear) as connection:
        call: Any = connection.channel.unary_stream(STREAMS + "Read")
        append_all: Any = connection.channel.stream_unary(STREAMS + "Append")
        request, late = read_request("silent", subscribe=True), []
        running = []
        for _ in range(SUBSCRIPTIONS):
            began_at = time.monotonic()
            running.append(call(request))
            await running[-1].read()
            late.append(time.monotonic() - began_at)
        assert max(late) < FIRST_MESSAGE_S
        assert await append_all(iter(append_requests()), timeout=FIRST_MESSAGE_S)
        for each in running:
            each.cancel()
    assert not ear.suspicions


def append_requests() -> list[bytes]:
    """Write an append of one event."""
    options = streams_pb2.AppendReq.Options()
    options.stream_identifier.stream_name = b"orders"
    options.any.SetInParent()
    requests = (
        streams_pb2.AppendReq(options=options),
        streams_pb2.AppendReq(proposed_message=proposed(b"1")),
    )
    return [request.SerializeToString() for request in requests]


def test_a_place_that_is_left_is_taken_again() -> None:
    """Streams that come and go need one connection, however many they were."""
    made: list[object] = []

    def connect() -> object:
        made.append(object())
        return made[-1]

    lanes = Lanes(connect)
    for _ in range(5 * STREAMS_MAX):
        lanes.take().leave()
    assert (len(made), len(lanes)) == (1, 0)


def test_a_place_that_nobody_holds_is_free() -> None:
    """A stream that is forgotten without an end does not take room for ever."""
    lanes = Lanes(object)
    places = [lanes.take() for _ in range(STREAMS_MAX + 1)]
    assert places[-1].channel is not lanes.first
    assert len(lanes) == STREAMS_MAX + 1
    places.clear()
    gc.collect()
    assert len(lanes) == 0
    assert lanes.take().channel is lanes.first


def test_no_connection_is_made_after_the_end() -> None:
    """What would need another connection goes on a closed one, which says so."""
    lanes = Lanes(object)
    places = [lanes.take() for _ in range(STREAMS_MAX)]
    assert lanes.close() == (lanes.first,)
    assert lanes.take().channel is lanes.first
    assert len(places) == STREAMS_MAX
