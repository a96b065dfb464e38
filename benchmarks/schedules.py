"""Do the state machine's promises hold, whatever a million random schedules do?

`python -m benchmarks.schedules --count 1000000 --workers 2` from the root of a
checkout. Interrupted, it says what it saw and with which `--first-seed` to go on;
`--seed N` plays one schedule and prints its transcript. Exit 1 when a promise broke:
then the first of those schedules are played again, with their transcripts.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from kurrent_conn.testing.simulated_world.promise import READS_OF_EACH, PromiseBroken
from kurrent_conn.testing.simulated_world.schedule import (
    CONVERGES_S,
    Report,
    Schedule,
)
from kurrent_conn.testing.virtual.feature import Features

BATCH = 500
LATE_S = 0.5
SHOWN = 3
"""So many broken schedules are played again with their transcript."""

PROGRESS_S = 30.0


@dataclass(slots=True)
class Tally:
    """What many schedules did together."""

    schedules: int = 0
    steps: int = 0
    checks: int = 0
    calls: int = 0
    raised: int = 0
    most_reads: int = 0
    fullest: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)
    late: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    visited: set[Features] = field(default_factory=set)
    broken: list[tuple[int, str]] = field(default_factory=list)

    def count(self, report: Report) -> None:
        """Count one schedule in."""
        self.schedules += 1
        self.steps += report.steps
        self.checks += report.checks
        self.calls += report.calls
        self.raised += report.raised
        self.most_reads = max(self.most_reads, report.most_reads)
        self.fullest = max(self.fullest, report.fullest)
        self.slowest = max(self.slowest, (report.converged_s, report.seed))
        self.late += report.converged_s > LATE_S
        self.faults.update(report.faults)
        self.visited |= report.visited

    def add(self, other: Tally) -> None:
        """Count another batch in."""
        self.schedules += other.schedules
        self.steps += other.steps
        self.checks += other.checks
        self.calls += other.calls
        self.raised += other.raised
        self.most_reads = max(self.most_reads, other.most_reads)
        self.fullest = max(self.fullest, other.fullest)
        self.slowest = max(self.slowest, other.slowest)
        self.late += other.late
        self.faults.update(other.faults)
        self.visited |= other.visited
        self.broken += other.broken


def play_batch(first: int, count: int) -> Tally:
    """Play some schedules, each of its own seed."""
    gc.collect()
    gc.disable()  # a schedule leaves few cycles, and looking for them takes a tenth
    tally = Tally()
    for seed in range(first, first + count):
        try:
            tally.count(Schedule(seed).play())
        except PromiseBroken as broken:
            why = f"{broken} ({'; '.join(broken.__notes__)})"
            tally.broken.append((seed, why))
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


def play_all(first: int, count: int, workers: int) -> tuple[Tally, int]:
    """Play in several processes; give what they did, and the first seed not played."""
    tally, done, said_at = Tally(), first, monotonic()
    firsts = range(first, first + count, BATCH)
    counts = [min(BATCH, first + count - start) for start in firsts]
    pool = ProcessPoolExecutor(workers, initializer=_leave_interrupts)
    try:
        for batch, size in zip(
            pool.map(play_batch, firsts, counts), counts, strict=True
        ):
            tally.add(batch)
            done += size
            if monotonic() - said_at > PROGRESS_S:
                said_at = monotonic()
                progress = f"{done - first:,} of {count:,}, {len(tally.broken)} broken"
                print(progress, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"interrupted; go on with --first-seed {done}", file=sys.stderr)
    finally:
        pool.shutdown(cancel_futures=True)
    return tally, done


def _leave_interrupts() -> None:
    """Let the parent alone deal with Ctrl-C: a batch ends whole."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def show(tally: Tally, first: int, done: int, took_s: float) -> None:
    """Print the figures."""
    rate = tally.schedules / took_s
    slowest_s, slowest_seed = tally.slowest
    print(f"schedules              {tally.schedules:14,}   ({rate:,.0f} a second)")
    print(f"seeds                  {first:,} to {done - 1:,}")
    print(f"events taken           {tally.steps:14,}")
    print(f"promises checked       {tally.checks:14,}")
    print(f"calls                  {tally.calls:14,}   ({tally.raised:,} raised)")
    print(f"distinct situations    {len(tally.visited):14,}")
    print(
        f"most reads in a second {tally.most_reads:14,}   "
        f"({tally.fullest:.0%} of the bound, {READS_OF_EACH} an endpoint)"
    )
    print(
        f"slowest to converge    {slowest_s:14.3f} s (at most {CONVERGES_S}; "
        f"seed {slowest_seed})"
    )
    print(f"  later than {LATE_S} s     {tally.late:14,}")
    print("faults                 " + ", ".join(sorted(tally.faults)))
    print(f"broken promises        {len(tally.broken):14,}")
    for _, why in tally.broken[:20]:
        print(f"  {why}")


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, help="play this one and print it")
    given = parser.parse_args()
    if given.seed is not None:
        return replay(given.seed)
    began_at = monotonic()
    tally, done = play_all(given.first_seed, given.count, given.workers)
    show(tally, given.first_seed, done, monotonic() - began_at)
    for seed, _ in tally.broken[:SHOWN]:
        print(f"\nseed {seed}")
        replay(seed)
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
