"""Many callers share one connection through one failover after another.

None hangs, none is sent to and fro, and the only errors are of calls in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

import pytest

import kurrent_conn
from benchmarks.account import Calls, balance_of, calls_of
from benchmarks.async_writers import AsyncWriters
from benchmarks.call_record import NOT_EXECUTED, OK, UNKNOWN, CallRecord
from benchmarks.clock import NS_PER_S, now_ns
from benchmarks.raw import append_of
from benchmarks.writers import Writers
from kurrent_conn import Endpoint, NodePreference, aio
from kurrent_conn.core.notice import NodeOpened, Notice
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.stream_client import append_requests

CALLERS: Final = 32
FAILOVERS: Final = 20
LONGEST_S: Final = 5.0
"""No call takes longer, though its deadline is twice that."""

DYING_NS: Final = NS_PER_S
"""A call begun so soon after the end of a node may have been sent to it: on a machine
with much to do the end of a connection is not noticed at once."""

ORDER: Final = {
    "stream": "shared",
    "callers": CALLERS,
    "deadline_s": 2 * LONGEST_S,
    "pause_s": 0.01,
    "repeat": True,
}
STOP: Final = {"within_s": 3 * LONGEST_S}


@pytest.fixture
def cluster() -> Iterator[SimulatedCluster]:
    """Three nodes that learn quickly."""
    with SimulatedCluster(settle_s=0.01) as running:
        yield running


class Opened:
    """Which nodes the leader's calls went to, in order."""

    def __init__(self) -> None:
        self.nodes: list[Endpoint] = []

    def __call__(self, notice: Notice) -> None:
        """Note what the connection tells."""
        is_leaders = getattr(notice, "preference", None) is NodePreference.LEADER
        if isinstance(notice, NodeOpened) and is_leaders:
            self.nodes.append(notice.advertised)


class Account:
    """Says what became of an append; a client for `benchmarks.writers`."""

    def verdict(self, error: Exception) -> str:
        """Ask the library."""
        unknown = kurrent_conn.outcome(error) is kurrent_conn.Outcome.UNKNOWN
        return UNKNOWN if unknown else NOT_EXECUTED


class Blocking(Account):
    """Appends over a blocking connection."""

    def __init__(self, connection: kurrent_conn.Connection) -> None:
        self._append: Any = append_of(connection.channel)

    def connect(self, target: str) -> None:
        """Do nothing: it is connected."""

    def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event."""
        self._append(append_requests(stream, event_id, data), deadline_s)

    def close(self) -> None:
        """Leave that to the test."""


class Asyncio(Account):
    """Appends over an asyncio connection."""

    def __init__(self, connection: aio.Connection) -> None:
        self._append: Any = append_of(connection.channel)

    async def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event."""
        requests = append_requests(stream, event_id, data)
        await self._append(requests, timeout=deadline_s)


def fail_over(
    cluster: SimulatedCluster, succeeds: Callable[[int], object]
) -> tuple[list[int], list[Endpoint]]:
    """Kill one leader after another, each as soon as its successor was used.

    Args:
        cluster: Whose.
        succeeds: Waits until an append begun after an instant was acknowledged.

    Returns:
        When each was struck, and who led.
    """
    struck: list[int] = []
    led = [cluster.nodes[0].endpoint]
    for number in range(FAILOVERS):
        old, new = (cluster.nodes[(number + step) % 3] for step in (0, 1))
        struck.append(now_ns())
        old.kill()
        cluster.elect(new, after_s=0.02).wait()
        led.append(new.endpoint)
        succeeds(now_ns())
        old.restart()
        cluster.wait_until_settled()
    return struck, led


def check(
    calls: Calls, struck: list[int], led: list[Endpoint], opened: list[Endpoint]
) -> None:
    """Hold what the callers met against what they were promised."""
    assert calls.longer_than(LONGEST_S) == 0
    failures: dict[str, list[CallRecord]] = {}
    for record in calls.records:
        if record.result != OK:
            failures.setdefault(record.event_id, []).append(record)
    for of_one in failures.values():
        failed_before_ns = 0
        for record in sorted(of_one, key=lambda each: each.began_ns):
            assert record.result == UNKNOWN, record
            since_ns = max(failed_before_ns, record.began_ns - DYING_NS)
            ended_ns = record.ended_ns or 0
            assert any(since_ns <= at <= ended_ns for at in struck), record
            failed_before_ns = ended_ns
    # One that led for a moment only may be passed by, on a machine with much to do.
    terms = iter(led)
    assert all(node in terms for node in opened), (opened, led)
    assert len(opened) > FAILOVERS / 2


def test_threads_share_a_connection(cluster: SimulatedCluster) -> None:
    """32 threads through 20 failovers: no hang, no flap, no error but in flight."""
    opened = Opened()
    target = cluster.connection_string()
    with kurrent_conn.connect(target, on_event=opened) as connection:
        writers = Writers(Blocking(connection), ORDER)

        def succeeds(after_ns: int) -> None:
            order = {"after_ns": after_ns, "timeout_s": LONGEST_S}
            assert writers.await_success(order)["came"]

        struck, led = fail_over(cluster, succeeds)
        calls = calls_of(writers.stop(STOP))
    check(calls, struck, led, opened.nodes)
    balance = balance_of(calls, cluster, "shared")
    assert (balance.lost, balance.duplicated) == (0, 0)


async def test_tasks_share_a_connection(cluster: SimulatedCluster) -> None:
    """32 tasks through 20 failovers: no hang, no flap, no error but in flight."""
    opened = Opened()
    target = cluster.connection_string()
    async with aio.connect(target, on_event=opened) as connection:
        writers = AsyncWriters(Asyncio(connection), ORDER)
        loop = asyncio.get_running_loop()

        def succeeds(after_ns: int) -> None:
            order = {"after_ns": after_ns, "timeout_s": LONGEST_S}
            waiting = asyncio.run_coroutine_threadsafe(
                writers.await_success(order), loop
            )
            assert waiting.result(2 * LONGEST_S)["came"]

        struck, led = await asyncio.to_thread(fail_over, cluster, succeeds)
        calls = calls_of(await writers.stop(STOP))
    check(calls, struck, led, opened.nodes)
    balance = await asyncio.to_thread(balance_of, calls, cluster, "shared")
    assert (balance.lost, balance.duplicated) == (0, 0)
