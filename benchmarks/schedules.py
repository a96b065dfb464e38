"""Do the state machine's promises hold, whatever a million random schedules do?

`python -m benchmarks.schedules --count 1000000 --workers 2` from the root of a
checkout; `--seed N` plays one schedule and prints its transcript. Exit 1 when a promise
broke.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from kurrent_conn.testing.simulated_world.promise import PromiseBroken
from kurrent_conn.testing.simulated_world.schedule import Schedule
from kurrent_conn.testing.virtual.feature import Features

BATCH = 500
LATE_S = 0.5


@dataclass(slots=True)
class Tally:
    """What many schedules did together."""

    schedules: int = 0
    steps: int = 0
    calls: int = 0
    raised: int = 0
    most_reads: int = 0
    slowest_s: float = 0.0
    late: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    visited: set[Features] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another batch in."""
        self.schedules += other.schedules
        self.steps += other.steps
        self.calls += other.calls
        self.raised += other.raised
        self.most_reads = max(self.most_reads, other.most_reads)
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.late += other.late
        self.faults.update(other.faults)
        self.visited |= other.visited
        self.broken += other.broken


def play_batch(first: int, count: int) -> Tally:
    """Play some schedules, each of its own seed."""
    tally = Tally()
    for seed in range(first, first + count):
        try:
            report = Schedule(seed).play()
        except PromiseBroken as broken:
            tally.broken.append(f"{broken} ({'; '.join(broken.__notes__)})")
            continue
        tally.schedules += 1
        tally.steps += report.steps
        tally.calls += report.calls
        tally.raised += report.raised
        tally.most_reads = max(tally.most_reads, report.most_reads)
        tally.slowest_s = max(tally.slowest_s, report.converged_s)
        tally.late += report.converged_s > LATE_S
        tally.faults.update(report.faults)
        tally.visited |= report.visited
    return tally


def replay(seed: int) -> int:
    """Play one schedule and print what happened; 1 when it breaks a promise."""
    transcript: list[str] = []
    schedule = Schedule(seed, transcript)
    try:
        report = schedule.play()
    except PromiseBroken as broken:
        print("\n".join(transcript))
        print(f"BROKEN {broken}")
        return 1
    print("\n".join(transcript))
    print(f"kept: {report.steps} steps, {report.calls} calls, {report.raised} raised")
    return 0


def show(tally: Tally, took_s: float) -> None:
    """Print the figures."""
    rate = tally.schedules / took_s
    print(f"schedules              {tally.schedules:12,}   ({rate:,.0f} a second)")
    print(f"steps of the reducer   {tally.steps:12,}")
    print(f"calls                  {tally.calls:12,}   ({tally.raised:,} raised)")
    print(f"situations visited     {len(tally.visited):12,}")
    print(f"most reads in a second {tally.most_reads:12,}   (at most 60 an endpoint)")
    print(f"slowest to converge    {tally.slowest_s:12.3f} s (at most 2.5)")
    print(f"  later than 0.5 s     {tally.late:12,}")
    print("faults                 " + ", ".join(sorted(tally.faults)))
    print(f"broken promises        {len(tally.broken):12,}")
    for broken in tally.broken[:20]:
        print(f"  {broken}")


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, help="play this one and print it")
    given = parser.parse_args()
    if given.seed is not None:
        return replay(given.seed)
    began_at, tally = monotonic(), Tally()
    firsts = range(given.first, given.first + given.count, BATCH)
    counts = [min(BATCH, given.first + given.count - first) for first in firsts]
    with ProcessPoolExecutor(given.workers) as pool:
        for batch in pool.map(play_batch, firsts, counts):
            tally.add(batch)
    show(tally, monotonic() - began_at)
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
