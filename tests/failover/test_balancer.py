"""A balancer in front of the nodes silently drops the packets of one of them.

The cluster notices nothing: the node is in good health, and goes on being listed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import monotonic
from uuid import UUID

import pytest

import kurrent_conn
from benchmarks.account import Calls, balance_of, calls_of
from benchmarks.clock import now_ns
from benchmarks.driver import Driver
from benchmarks.peers import OURS, Peer, chosen
from kurrent_conn.testing import SimulatedCluster, fault
from kurrent_conn.testing.stream_client import StreamClient

DROPPED_S = 1.5
DEADLINE_S = 1.0
ROOM_S = 1.0
"""What a machine with much to do may add."""

CALLERS = 4
CONNECTS = 8
LEADER, FOLLOWER = 0, 1


@pytest.fixture
def cluster() -> Iterator[SimulatedCluster]:
    """Three nodes, each behind a front that can stop passing bytes on."""
    with SimulatedCluster() as running:
        yield running


def _through(cluster: SimulatedCluster, peer: Peer, dropped: int) -> tuple[Calls, str]:
    """Append while the packets of a node are dropped, and after that.

    Returns:
        All calls, and what the connection told from the first drop on.
    """
    with Driver((*peer.command, "--events")) as driver:
        driver.ask("connect", target=cluster.connection_string(), takes_s=10)
        work = {"callers": CALLERS, "deadline_s": DEADLINE_S, "pause_s": 0.02}
        driver.ask("work", stream=peer.name, repeat=True, **work)
        driver.ask("await", after_ns=1, timeout_s=10, takes_s=10)
        before = driver.said()
        cluster.apply(fault.Stall(dropped))
        threading.Event().wait(DROPPED_S)
        cluster.apply(fault.Flow(dropped))
        driver.ask("await", after_ns=now_ns(), timeout_s=ROOM_S, takes_s=10)
        calls = calls_of(driver.ask("stop", within_s=10, takes_s=10))
        return calls, driver.said().removeprefix(before)


ours = pytest.mark.parametrize("peer", chosen(OURS), ids=lambda peer: str(peer.name))


@ours
def test_a_dropped_leader_hangs_nobody(cluster: SimulatedCluster, peer: Peer) -> None:
    """Calls end by their deadline; the leader is left once, and taken again once."""
    calls, said = _through(cluster, peer, LEADER)
    assert calls.longer_than(DEADLINE_S + ROOM_S) == 0
    codes = {record.text.partition(":")[0] for record in calls.records if record.text}
    assert codes <= {"DEADLINE_EXCEEDED"}
    assert said.count("a suspect") == 1
    assert said.count("is given up") == 0
    assert said.count("chosen from gossip") == 1
    balance = balance_of(calls, cluster, peer.name)
    assert (balance.lost, balance.duplicated) == (0, 0)


@ours
def test_a_dropped_follower_disturbs_nobody(
    cluster: SimulatedCluster, peer: Peer
) -> None:
    """Calls on the leader go on without an error, and nothing moves."""
    calls, said = _through(cluster, peer, FOLLOWER)
    assert calls.errors(begun_after_ns=0) == 0
    assert calls.longer_than(ROOM_S) == 0
    assert said == ""


def test_a_dropped_seed_keeps_no_newcomer_waiting(cluster: SimulatedCluster) -> None:
    """Whoever connects meanwhile finds the leader by the other seeds."""
    cluster.apply(fault.Stall(FOLLOWER))
    for number in range(CONNECTS):
        began_at = monotonic()
        with kurrent_conn.connect(cluster.connection_string()) as connection:
            event_id = UUID(int=number + 1)
            StreamClient(connection.channel).append("newcomers", event_id, b"here")
        assert monotonic() - began_at <= ROOM_S
