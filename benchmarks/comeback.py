"""Row: a node is away for six seconds, and comes back."""

from __future__ import annotations

import time
from uuid import uuid4

from benchmarks.account import balance_of, calls_of
from benchmarks.clock import NS_PER_S, now_ns
from benchmarks.driver import Driver
from benchmarks.failover import CALM_S, DYING_NS, begin_work, recover
from benchmarks.figures import Limit
from benchmarks.lab import Lab, Notebook
from benchmarks.peers import Peer
from benchmarks.table import Case, Line
from kurrent_conn.testing import SimulatedCluster

AWAY_S = 6.0
PATIENCE_S = 15.0
_ERRORS = "errors to the application, of calls begun later"
_ASTRAY = "acknowledged appends lost, or events written twice"
_FIRST_USE = {
    1: "the only node: back to first success, ms",
    3: "the leader of three, no election meanwhile: leading again to first success, ms",
}


def measure(lab: Lab) -> Case:
    """Measure the row.

    Args:
        lab: Where.
    """
    book = Notebook()
    away_s = 2.0 if lab.is_quick else AWAY_S
    for size, figure in _FIRST_USE.items():
        with lab.cluster(size) as cluster:
            for peer in lab.turns(lambda _: lab.slow_runs):
                with book.trial(peer, figure), lab.start(peer) as driver:
                    _once(cluster, driver, away_s, book, peer)
    lines = [
        *(Line(figure, book.of(figure), Limit(500)) for figure in _FIRST_USE.values()),
        Line(_ERRORS, book.of(_ERRORS), Limit(most=0), is_count=True),
        Line(_ASTRAY, book.of(_ASTRAY), Limit(most=0), is_count=True),
    ]
    return Case(f"a node is back after {away_s:g} s: its first use", lines, book.notes)


def _once(
    cluster: SimulatedCluster,
    driver: Driver,
    away_s: float,
    book: Notebook,
    peer: Peer,
) -> None:
    stream = f"comeback-{uuid4()}"
    begin_work(cluster, driver, stream, 1, 2 * AWAY_S)
    victim = cluster.leader
    assert victim is not None
    try:
        victim.kill()
        gone_ns = now_ns()
        time.sleep(away_s)
        victim.restart()
        leads_ns = round(cluster.elect(victim).wait() * NS_PER_S)
        driver.ask("await", after_ns=leads_ns, timeout_s=PATIENCE_S, takes_s=PATIENCE_S)
        time.sleep(CALM_S)
        calls = calls_of(driver.ask("stop", within_s=1.0, takes_s=1.0))
    finally:
        recover(cluster, victim)
    figure = _FIRST_USE[len(cluster.nodes)]
    book.add(figure, peer, calls.first_success_ms(leads_ns, leads_ns))
    errors = calls.errors(begun_after_ns=gone_ns + DYING_NS)
    book.add(_ERRORS, peer, errors)
    balance = balance_of(calls, cluster, stream)
    book.add(_ASTRAY, peer, balance.lost + balance.duplicated)
    if peer.is_ours and errors:
        book.note(f"{peer.name}: {sorted(calls.texts())}")
