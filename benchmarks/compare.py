"""Measure our connections against the official clients, and print one table.

    python -m benchmarks.compare              every row, ten runs each
    python -m benchmarks.compare --quick      three runs, long waits cut short
    python -m benchmarks.compare --rows kill,seeds --runs 5 --json figures.json

README.md says what each figure means.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import comeback, dead_seeds, failover, first_connect, steady_calls
from benchmarks.figures import Limit
from benchmarks.lab import Lab
from benchmarks.peers import chosen, names
from benchmarks.table import Case, drawn

Measure = Callable[[Lab], Case]

_FAST = (Limit(12, 30), Limit(15, 30))
_EIGHT = (Limit(20, 30), Limit(20, 30))
_PATIENCE_S = 30.0
_QUICK_PATIENCE_S = 4.0


def _fault(fault: failover.Fault) -> Measure:
    return partial(failover.measure, fault=fault)


def _frozen(lab: Lab) -> Case:
    patience_s = _QUICK_PATIENCE_S if lab.is_quick else _PATIENCE_S
    return failover.measure(lab, failover.frozen(patience_s))


ROWS: dict[str, Measure] = {
    "kill": _fault(failover.killed(0.3, 1, _FAST)),
    "kill8": _fault(failover.killed(0.3, 8, _EIGHT)),
    "election3": _fault(failover.killed(3, 1, (Limit(200), Limit(200)))),
    "freeze": _frozen,
    "seeds": dead_seeds.measure,
    "back": comeback.measure,
    "steady": steady_calls.measure,
    "connect": partial(first_connect.measure, is_distant=False),
    "distant": partial(first_connect.measure, is_distant=True),
}


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--rows", default=",".join(ROWS), help="some of %(default)s")
    parser.add_argument("--peers", default=",".join(names()), help="%(default)s")
    parser.add_argument("--runs", type=int, help="of each figure (10; quick: 3)")
    parser.add_argument("--slow-runs", type=int, help="where it takes long (3; 1)")
    parser.add_argument("--quick", action="store_true", help="fewer, shorter runs")
    parser.add_argument("--json", type=Path, help="write all samples here too")
    parser.add_argument("--events", action="store_true", help="what our drivers say")
    arguments = parser.parse_args(given)
    for given_names, known in (
        (arguments.rows, set(ROWS)),
        (arguments.peers, set(names())),
    ):
        unknown = set(given_names.split(",")) - known
        if unknown:
            parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments


def main(given: list[str] | None = None) -> int:
    """Measure, print, and give 1 when a limit does not hold.

    Args:
        given: The arguments; None takes the process's.
    """
    arguments = _arguments(given)
    quick: bool = arguments.quick
    lab = Lab(
        peers=chosen(frozenset(arguments.peers.split(","))),
        runs=arguments.runs or (3 if quick else 10),
        slow_runs=arguments.slow_runs or (1 if quick else 3),
        is_quick=quick,
        shows_events=arguments.events,
    )
    cases: list[Case] = []
    for row in arguments.rows.split(","):
        began_at = time.monotonic()
        print(f"measuring {row} ...", file=sys.stderr, flush=True)
        cases.append(ROWS[row](lab))
        print(f"  {time.monotonic() - began_at:.0f} s", file=sys.stderr, flush=True)
    print(_setting())
    print(drawn(cases, [peer.name for peer in lab.peers]))
    if arguments.json is not None:
        figures = {"setting": _setting(), "cases": [case.as_json() for case in cases]}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    failing = sum(bool(line.failing()) for case in cases for line in case.lines)
    print(f"{failing} figures beyond their limit" if failing else "all limits hold")
    return 1 if failing else 0


def _setting() -> str:
    return (
        f"CPython {platform.python_version()}, grpcio {version('grpcio')}, "
        f"kurrentdbclient {version('kurrentdbclient')}, {platform.system()}; "
        "three TLS nodes, each a process; median [least-greatest]"
    )


if __name__ == "__main__":
    sys.exit(main())
