"""Row: seeds that never answer stand before one that does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.black_hole import Kind, black_holes
from benchmarks.connection_text import with_seeds
from benchmarks.driver import Driver
from benchmarks.figures import Limit
from benchmarks.lab import Lab, Notebook
from benchmarks.peers import Peer
from benchmarks.table import Case, Line
from kurrent_conn.testing import SimulatedCluster

LIMITS_MS = {1: 50, 2: 50, 5: 100}
PATIENCE_S = 40.0
"""Five seeds at the official clients' 5 s each, and a little."""

_WORDS: dict[Kind, str] = {"drops": "drop the SYN", "accepts": "accept, say nothing"}


def measure(lab: Lab) -> Case:
    """Measure the row: from the beginning of connecting to the first append.

    Args:
        lab: Where.
    """
    book = Notebook()
    with ExitStack() as stack:
        cluster = stack.enter_context(lab.cluster())
        drivers = {peer: stack.enter_context(lab.start(peer)) for peer in lab.peers}
        for driver in drivers.values():
            # The first connection of a process pays for imports; it is not measured.
            _connect(driver, cluster, [str(cluster.nodes[0].endpoint)])
        for kind, count in _variants(lab):
            for peer in lab.turns(lambda peer: _runs(lab, peer)):
                with book.trial(peer), black_holes(count, kind) as dead:
                    live = str(random.choice(cluster.nodes).endpoint)  # noqa: S311 - no secret
                    elapsed_ms = _connect(drivers[peer], cluster, [*dead, live])
                    book.add(_figure(kind, count), peer, elapsed_ms)
    lines = [
        Line(
            _figure(kind, count),
            book.of(_figure(kind, count)),
            Limit(LIMITS_MS[count], 2 * LIMITS_MS[count]),
        )
        for kind, count in _variants(lab)
    ]
    return Case("dead seeds before a live one: to the first append", lines, book.notes)


def _variants(lab: Lab) -> Iterator[tuple[Kind, int]]:
    for kind in _WORDS:
        for count in (1, 2) if lab.is_quick else LIMITS_MS:
            yield kind, count


def _figure(kind: Kind, count: int) -> str:
    return f"{count} that {_WORDS[kind]}, ms"


def _runs(lab: Lab, peer: Peer) -> int:
    return lab.runs if peer.is_ours else lab.slow_runs


def _connect(driver: Driver, cluster: SimulatedCluster, seeds: list[str]) -> float:
    answer = driver.ask(
        "connect_and_append",
        target=with_seeds(cluster, seeds),
        deadline_s=None,
        takes_s=PATIENCE_S,
    )
    elapsed_ms: float = answer["ms"]
    return elapsed_ms
