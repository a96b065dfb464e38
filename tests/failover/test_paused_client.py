"""A client process that is itself paused for five seconds goes on as if nothing was.

Its clocks jump, its calls are late, its probes are late: none of that is the cluster's
doing, and nobody may be suspected for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from benchmarks.account import Calls, balance_of, calls_of
from benchmarks.call_record import UNKNOWN
from benchmarks.clock import NS_PER_MS, now_ns
from benchmarks.driver import Driver
from benchmarks.peers import ASYNCIO, BLOCKING, OURS, chosen
from kurrent_conn.testing import SimulatedCluster

PAUSE_S = 5.0
SOON_MS = 2000.0
"""So long a success may take after the pause, on a machine with much to do."""

CALLERS = 4
STREAM = "paused"


@dataclass(frozen=True)
class Paused:
    """What became of a client's calls around the pause.

    Args:
        calls: All of them.
        thawed_ns: When it went on.
        said: What its connection told from the pause on.
        lost: Acknowledged events that are not in the stream, and doubled ones.
    """

    calls: Calls
    thawed_ns: int
    said: str
    lost: int


def _begin(cluster: SimulatedCluster, driver: Driver) -> None:
    driver.ask("connect", target=cluster.connection_string(), takes_s=10)
    work = {"callers": CALLERS, "deadline_s": 10.0, "pause_s": 0.002, "repeat": True}
    driver.ask("work", stream=STREAM, **work)
    driver.ask("await", after_ns=1, timeout_s=10, takes_s=10)


def _pause(drivers: list[Driver], elects: SimulatedCluster) -> int:
    """Pause all; meanwhile one of the clusters loses its leader and elects another."""
    for driver in drivers:
        driver.freeze()
    elects.nodes[0].kill()
    elects.elect(elects.nodes[1]).wait()
    threading.Event().wait(PAUSE_S)
    thawed_ns = now_ns()
    for driver in drivers:
        driver.thaw()
    return thawed_ns


def _end(
    cluster: SimulatedCluster, driver: Driver, thawed_ns: int, before: str
) -> Paused:
    driver.ask("await", after_ns=thawed_ns, timeout_s=10, takes_s=10)
    calls = calls_of(driver.ask("stop", within_s=10, takes_s=10))
    balance = balance_of(calls, cluster, STREAM)
    said = driver.said().removeprefix(before)
    return Paused(calls, thawed_ns, said, balance.lost + balance.duplicated)


@pytest.fixture(scope="module")
def paused() -> Iterator[dict[tuple[str, str], Paused]]:
    """Pause clients of either kind, of a calm cluster and of one that elects."""
    with ExitStack() as stack:
        clusters = {
            name: stack.enter_context(SimulatedCluster()) for name in ("calm", "elects")
        }
        drivers = {
            (name, peer.name): stack.enter_context(Driver((*peer.command, "--events")))
            for name in clusters
            for peer in chosen(OURS)
        }
        for (name, _), driver in drivers.items():
            _begin(clusters[name], driver)
        before = {key: driver.said() for key, driver in drivers.items()}
        thawed_ns = _pause(list(drivers.values()), clusters["elects"])
        yield {
            key: _end(clusters[key[0]], driver, thawed_ns, before[key])
            for key, driver in drivers.items()
        }


both = pytest.mark.parametrize("peer", [BLOCKING, ASYNCIO])


@both
def test_nothing_happens_to_a_calm_cluster(
    paused: dict[tuple[str, str], Paused], peer: str
) -> None:
    """No error, no suspicion, no other channel: the pause is sat out."""
    after = paused["calm", peer]
    assert after.calls.errors(begun_after_ns=0) == 0
    assert after.said == ""
    assert after.calls.first_success_ms(after.thawed_ns, after.thawed_ns) <= SOON_MS
    assert after.calls.longer_than(PAUSE_S + SOON_MS / 1000) == 0
    assert after.lost == 0


@both
def test_an_election_in_the_pause_is_caught_up_with(
    paused: dict[tuple[str, str], Paused], peer: str
) -> None:
    """The new leader is used soon; only calls in flight may have failed, as unknown."""
    after = paused["elects", peer]
    assert "leader" in after.said
    failed = [r for r in after.calls.records if r.text]
    assert {record.result for record in failed} <= {UNKNOWN}
    assert after.calls.errors(begun_after_ns=after.thawed_ns + 100 * NS_PER_MS) == 0
    assert len(failed) <= CALLERS
    assert after.calls.first_success_ms(after.thawed_ns, after.thawed_ns) <= SOON_MS
    assert after.lost == 0
