"""What every row needs: the clients, the cluster, how often, and a fair order."""

from __future__ import annotations

import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.driver import Driver, DriverFailed
from benchmarks.figures import NEVER
from benchmarks.peers import Peer
from kurrent_conn.testing import SimulatedCluster


@dataclass(frozen=True, slots=True)
class Lab:
    """Where it is measured.

    Args:
        peers: The clients.
        runs: How often each is measured.
        slow_runs: How often where a client needs many seconds a run.
        is_quick: Whether long waits are cut short.
        shows_events: Whether our drivers print what happens.
    """

    peers: tuple[Peer, ...]
    runs: int
    slow_runs: int
    is_quick: bool = False
    shows_events: bool = False

    @contextmanager
    def cluster(self, size: int = 3) -> Iterator[SimulatedCluster]:
        """Start a cluster of real processes with TLS.

        Args:
            size: How many members.
        """
        with process_cluster(size) as running:
            yield running

    def start(self, peer: Peer) -> Driver:
        """Start a driver of a client.

        Args:
            peer: Which.
        """
        return peer.start(shows_events=self.shows_events)

    def turns(self, runs_of: Callable[[Peer], int]) -> Iterator[Peer]:
        """Give the clients in turn, in an order that changes every round.

        Args:
            runs_of: How often a client is measured.
        """
        left = {peer: runs_of(peer) for peer in self.peers}
        while any(left.values()):
            order = [peer for peer, runs in left.items() if runs]
            random.shuffle(order)
            for peer in order:
                left[peer] -= 1
                yield peer


def process_cluster(size: int = 3, **rest: Any) -> SimulatedCluster:
    """Make a cluster of real processes whose grpc keeps quiet.

    Args:
        size: How many members.
        rest: As `SimulatedCluster` takes it.
    """
    # A node that was frozen logs every connection that gave it up meanwhile.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    return SimulatedCluster(size, isolation="process", **rest)


@dataclass(slots=True)
class Notebook:
    """Samples by figure and client, and what went wrong."""

    samples: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    notes: list[str] = field(default_factory=list)

    def add(self, figure: str, peer: Peer, *values: float) -> None:
        """Write samples down.

        Args:
            figure: Of what.
            peer: Of whom.
            values: The samples.
        """
        self.samples[figure][peer.name] += values

    def of(self, figure: str) -> dict[str, list[float]]:
        """Give the samples of a figure by client.

        Args:
            figure: Which.
        """
        return dict(self.samples[figure])

    def note(self, text: str) -> None:
        """Write down what went wrong, and say it at once; each text once.

        Args:
            text: What.
        """
        if text not in self.notes:
            self.notes.append(text)
            print(f"  {text}", file=sys.stderr)

    @contextmanager
    def trial(self, peer: Peer, figure: str | None = None) -> Iterator[None]:
        """Note a trial whose driver failed, and go on with the next.

        Args:
            peer: Whose.
            figure: What a client that died never came to; None: nothing.
        """
        try:
            yield
        except DriverFailed as failure:
            self.note(f"{peer.name}: {failure}")
            if figure is not None:
                self.add(figure, peer, NEVER)
