"""How many scenarios a second does the simulator play, in one process?

`python -m benchmarks.scenarios [--rounds 20]` from the root of a checkout: the whole
table of `tests/scenarios`, each round with another seed of the client. Judged as the
tests do it; exit 1 when one does not come out as it says. Seconds are those of the
processor, so that others who are at work beside do not count.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from time import process_time

from kurrent_conn.testing.scenarios.scenario_file import read_scenario
from kurrent_conn.testing.scenarios.trace import judge
from kurrent_conn.testing.virtual.virtual_run import play_virtually

TABLE = Path(__file__).parents[1] / "tests" / "scenarios"


def main() -> int:
    """Read the arguments, play, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    scenarios = [read_scenario(path) for path in sorted(TABLE.glob("*.yaml"))]
    took_s = dict.fromkeys((scenario.name for scenario in scenarios), 0.0)
    virtual_s, problems = 0.0, list[str]()
    for seed in range(given.rounds):
        for scenario in scenarios:
            began_at = process_time()
            run = play_virtually(scenario, seed)
            took_s[scenario.name] += process_time() - began_at
            virtual_s += run.took_s
            found = judge(scenario, run.trace)
            problems += [f"{scenario.name}, seed {seed}: {each}" for each in found]
    total_s, played = sum(took_s.values()), len(scenarios) * given.rounds
    usual = given.rounds / median(took_s.values())
    slowest = sorted(took_s, key=lambda name: took_s[name], reverse=True)[:3]
    print(f"scenarios played   {played:8,}   ({len(scenarios)} in the table)")
    print(f"a second, all      {played / total_s:8,.0f}")
    print(f"a second, median   {usual:8,.0f}")
    print(f"virtual seconds    {virtual_s / total_s:8,.0f}   in a real one")
    print(f"slowest            {', '.join(slowest)}")
    print("\n".join(problems) or "all come out as they say")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
