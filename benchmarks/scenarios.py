"""How many scenarios a second does the simulator play?

`python -m benchmarks.scenarios [--rounds 20] [--workers 2]` from the root of a
checkout: the whole table of `tests/scenarios`, each round with another seed of the
client, rounds shared out among processes. Judged as the tests do it; exit 1 when one
does not come out as it says. A core's figures are in seconds of the processor, so that
others who are at work beside do not count; those of all workers by the clock.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_file import read_scenario
from kurrent_conn.testing.scenarios.trace import judge
from kurrent_conn.testing.virtual.virtual_run import play_virtually

TABLE = Path(__file__).parents[1] / "tests" / "scenarios"


def main() -> int:
    """Read the arguments, play, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    took_s, virtual_s, problems = Counter[str](), 0.0, list[str]()
    with ProcessPoolExecutor(given.workers) as workers:
        list(workers.map(play_table, range(given.workers)))  # all have begun
        began_at = perf_counter()
        for took, passed_s, found in workers.map(play_table, range(given.rounds)):
            took_s.update(took)
            virtual_s += passed_s
            problems += found
        clock_s = perf_counter() - began_at
    total_s, played = sum(took_s.values()), len(took_s) * given.rounds
    usual = given.rounds / median(took_s.values())
    slowest = sorted(took_s, key=lambda name: took_s[name], reverse=True)[:3]
    print(f"scenarios played        {played:8,}   ({len(took_s)} in the table)")
    print(f"a second, {given.workers} workers     {played / clock_s:8,.0f}")
    print(f"a second, a core        {played / total_s:8,.0f}")
    print(f"a second, the median    {usual:8,.0f}   on a core")
    print(f"virtual seconds         {virtual_s / total_s:8,.0f}   in one of a core")
    print(f"slowest                 {', '.join(slowest)}")
    print("\n".join(problems) or "all come out as they say")
    return 1 if problems else 0


def play_table(seed: int) -> tuple[dict[str, float], float, list[str]]:
    """Play and judge every scenario with one seed of the client.

    Returns:
        Seconds of the processor by scenario, virtual seconds, what came out otherwise.
    """
    took_s, virtual_s, problems = dict[str, float](), 0.0, list[str]()
    for scenario in read_table():
        began_at = process_time()
        run = play_virtually(scenario, seed)
        found = judge(scenario, run.trace)
        took_s[scenario.name] = process_time() - began_at
        virtual_s += run.took_s
        problems += [f"{scenario.name}, seed {seed}: {each}" for each in found]
    return took_s, virtual_s, problems


@cache
def read_table() -> tuple[Scenario, ...]:
    """Read the table, once a process."""
    return tuple(map(read_scenario, sorted(TABLE.glob("*.yaml"))))


if __name__ == "__main__":
    sys.exit(main())
