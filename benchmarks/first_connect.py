"""Row: the first connection, against one cold TLS call of plain grpcio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from benchmarks.connection_text import with_seeds
from benchmarks.delay_proxy import Fronts
from benchmarks.driver import Driver
from benchmarks.figures import Limit
from benchmarks.lab import Lab, Notebook, process_cluster
from benchmarks.peers import NODE, PYTHON
from benchmarks.table import Case, Line
from kurrent_conn.testing import SimulatedCluster

ROUND_TRIP_S = 0.005
_ROUNDS = 6
"""So many a run: whom our clients ask first is drawn by lot, and it takes half as long
when that is the leader, so that the median of a few is a matter of luck."""

_RATIO = "until a node is found / raw"
_MS = "until a node is found, ms"
_APPEND = "to the first append, ms"
_RAW = "raw: a cold TLS gossip call by plain grpcio, ms"


def measure(lab: Lab, *, is_distant: bool) -> Case:
    """Measure the row.

    Args:
        lab: Where.
        is_distant: Whether 5 ms lie between the clients and the nodes.
    """
    book = Notebook()
    with ExitStack() as stack:
        place = _distant() if is_distant else _near(lab)
        cluster, seeds = stack.enter_context(place)
        drivers = {peer: stack.enter_context(lab.start(peer)) for peer in lab.peers}
        for driver in drivers.values():
            driver.ask("first_connect", rounds=2, takes_s=60, **_order(cluster, seeds))
        samples: dict[str, dict[str, list[Any]]] = {}
        for _ in seeds:
            # One client takes the first seed: each node is that once.
            seeds = [*seeds[1:], seeds[0]]
            order = _order(cluster, seeds)
            for peer in lab.turns(lambda _: 1):
                with book.trial(peer):
                    driver = drivers[peer]
                    more = driver.ask(
                        "first_connect",
                        rounds=_ROUNDS * lab.runs,
                        takes_s=120,
                        **order,
                    )
                    book.add(_APPEND, peer, *_to_append(driver, order, lab.runs))
                    kept = samples.setdefault(peer.name, {})
                    for name, values in more.items():
                        kept.setdefault(name, []).extend(values)
    # Node has no plain grpcio beside it: it is held against the blocking one's.
    neutral = [ms for one in samples.values() for ms in one.get("raw", ())]
    for peer in lab.peers:
        if (mine := samples.get(peer.name)) is not None:
            raw = mine.get("raw", neutral)
            book.add(_MS, peer, *mine["library"])
            if peer.name != NODE:
                book.add(_RAW, peer, *raw)
            if raw:
                book.add(_RATIO, peer, _ratio(mine["library"], raw))
    limit = Limit(1.5 if is_distant else 2.3)
    lines = [
        Line(_RATIO, book.of(_RATIO), limit),
        Line(_MS, book.of(_MS)),
        Line(_APPEND, book.of(_APPEND)),
        Line(_RAW, book.of(_RAW)),
    ]
    where = "at a round trip of 5 ms" if is_distant else "on loopback"
    notes = (
        f"{NODE} connects with its first call only: finding a node includes an append",
        f"{PYTHON} has not connected to the node that it found; ours has",
    )
    return Case(f"first connect {where}", lines, [*book.notes, *notes])


def _to_append(driver: Driver, order: dict[str, str], runs: int) -> list[float]:
    """Connect and append, so often: what an application waits for, with any client."""
    target = order["target"]
    return [
        driver.ask("connect_and_append", target=target, deadline_s=10)["ms"]
        for _ in range(runs)
    ]


def _order(cluster: SimulatedCluster, seeds: list[str]) -> dict[str, str]:
    return {
        "target": with_seeds(cluster, seeds),
        "address": seeds[0],
        "ca_file": str(cluster.ca_file),
    }


def _ratio(ours: Sequence[float], raw: Sequence[float]) -> float:
    return median(ours) / median(raw)


Place = tuple[SimulatedCluster, list[str]]


@contextmanager
def _near(lab: Lab) -> Iterator[Place]:
    with lab.cluster() as cluster:
        yield cluster, [str(node.endpoint) for node in cluster.nodes]


@contextmanager
def _distant() -> Iterator[Place]:
    """Start a cluster whose nodes advertise the fronts before them."""
    with Fronts(3) as fronts:
        cluster = process_cluster(advertise=fronts.endpoints)
        with cluster:
            fronts.start([node.endpoint.port for node in cluster.nodes], ROUND_TRIP_S)
            yield cluster, fronts.endpoints
