"""Row: calls while nothing happens, against plain grpcio and against nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.figures import Limit
from benchmarks.lab import Lab, Notebook
from benchmarks.peers import NODE, Peer
from benchmarks.table import Case, Line

CALLS = 10
"""A batch: long enough for the clock, short enough to meet the same weather."""

RUNS = 7
"""A connection is a few per cent quicker or slower than its twin for as long as it
lives: each run has new ones."""

ROUNDS = 60
QUICK_ROUNDS = 20

_OWN = {
    "unary": ("own code of a unary call, us", Limit(1.5), Limit(2)),
    # A request that is kept may cost 1 us more; with asyncio it is a message as any.
    "append": ("own code of an append of two messages, us", Limit(3.5), Limit(6)),
    "message": ("own code of a streamed message, us", Limit(0.1), Limit(2)),
}


def measure(lab: Lab) -> Case:
    """Measure the row.

    Args:
        lab: Where.
    """
    book = Notebook()
    rounds = QUICK_ROUNDS if lab.is_quick else ROUNDS
    with lab.cluster() as cluster:
        leader = cluster.leader
        assert leader is not None
        order: dict[str, Any] = {
            "target": cluster.connection_string(),
            "address": str(leader.endpoint),
            "ca_file": str(cluster.ca_file),
            "rounds": rounds,
            "calls": CALLS,
            "stream": f"steady-{uuid4()}",
        }
        for peer in lab.turns(lambda peer: 0 if peer.name == NODE else RUNS):
            with book.trial(peer):
                _one(lab, peer, order, book)
    limit = Limit(1.03)
    ratios = [
        Line(f"{what} / the same by plain grpcio", book.of(what), limit)
        for what in ("append", "unary call")
    ]
    floors = [
        Line(f"{what}: plain grpcio / itself (the noise)", book.of(f"{what} floor"))
        for what in ("append", "unary call")
    ]
    raw = [
        Line(f"{what} by plain grpcio, us", book.of(f"{what} raw"))
        for what in ("append", "unary call")
    ]
    own = [
        Line(figure, book.of(figure), blocking, asyncio)
        for figure, blocking, asyncio in _OWN.values()
    ]
    return Case("steady call", [*ratios, *floors, *raw, *own], book.notes)


def _one(lab: Lab, peer: Peer, order: dict[str, Any], book: Notebook) -> None:
    with lab.start(peer) as driver:
        samples = driver.ask("steady", takes_s=120, **order)
        _compare("append", samples, book, peer)
        if peer.is_ours:
            samples = driver.ask("steady_unary", takes_s=120, **order)
            _compare("unary call", samples, book, peer)
            own = driver.ask("own_code", takes_s=120, target=order["target"])
            for name, (figure, _, _) in _OWN.items():
                book.add(figure, peer, own[name])


def _compare(
    what: str, samples: Mapping[str, Sequence[float]], book: Notebook, peer: Peer
) -> None:
    """Write down medians of ratios: a batch is compared with its neighbour in time."""
    raw = samples["raw"]
    for name, figure in (("library", what), ("floor", f"{what} floor")):
        ratios = [one / other for one, other in zip(samples[name], raw, strict=True)]
        book.add(figure, peer, median(ratios))
    book.add(f"{what} raw", peer, median(raw) * 1000)
