"""How far can every distinct state of the state machine be visited?

`python -m benchmarks.exhaustive --depth 4 [--most 1000000]` from the root of a
checkout. Exit 1 when a promise broke; the letters that lead there are printed.
"""

from __future__ import annotations

import argparse
import sys
from time import monotonic

from kurrent_conn.testing.virtual.exhaustive import search


def main() -> int:
    """Read the arguments, search, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--most", type=int, help="stop after so many states")
    given = parser.parse_args()
    began_at = monotonic()
    found = search(given.depth, given.most)
    took_s = monotonic() - began_at
    whole = "complete" if found.is_complete else "stopped early"
    print(f"depth            {found.depth:10} ({whole})")
    print(f"distinct states  {found.states:10,}")
    print(
        f"letters tried    {found.steps:10,}   ({found.steps / took_s:,.0f} a second)"
    )
    print(f"situations       {len(found.visited):10,}")
    print(f"broken promises  {len(found.broken):10,}")
    for why, letters in found.broken[:20]:
        print(f"  {why}\n    {' > '.join(letters)}")
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
