"""How fast is a simulated cluster up, and what do a hundred of them leave behind?

`python -m benchmarks.harness [--runs 20] [--cycles 100]` from the root of a checkout.
Exit 1 when a limit does not hold.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Final

import grpc

from benchmarks.figures import Limit, spread
from kurrent_conn.testing import SimulatedCluster, SimulatedNode
from kurrent_conn.wire.gossip import READ_METHOD, READ_REQUEST

KINDS: Final[dict[str, dict[str, Any]]] = {
    "threads": {"isolation": "thread"},
    "processes": {"isolation": "process"},
    "processes, proxied": {"isolation": "process", "proxied": True},
}
UP_LIMITS_MS: Final = {
    "threads": Limit(most=500.0),
    "processes": Limit(most=2000.0),
    "processes, proxied": Limit(most=2000.0),
}
CALLS: Final = 500
GRACE_S: Final = 5.0


def up_ms(options: dict[str, Any], runs: int) -> list[float]:
    """Start three nodes with TLS again and again; milliseconds each."""
    found = []
    for _ in range(runs):
        began_at = monotonic()
        with SimulatedCluster(**options):
            found.append((monotonic() - began_at) * 1000)
    return found


def call_us(options: dict[str, Any]) -> list[float]:
    """Read gossip over one channel of plain grpcio; microseconds each."""
    with SimulatedCluster(**options) as cluster:
        assert cluster.ca_file is not None
        credentials = grpc.ssl_channel_credentials(cluster.ca_file.read_bytes())
        node: SimulatedNode = cluster.nodes[0]
        with grpc.secure_channel(str(node.endpoint), credentials) as channel:
            call: Any = channel.unary_unary(READ_METHOD)
            found = []
            for _ in range(CALLS):
                began_at = perf_counter()
                call(READ_REQUEST)
                found.append((perf_counter() - began_at) * 1e6)
    return found[CALLS // 10 :]


def held() -> dict[str, int]:
    """Count what a cluster could leave behind."""
    gc.collect()
    return {
        "threads": threading.active_count(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "children": len(set(_children())),
        "files": len(list(Path(tempfile.gettempdir()).iterdir())),
    }


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        try:
            yield from (task / "children").read_text().split()
        except OSError:  # the thread ended meanwhile
            continue


@contextmanager
def own_directory() -> Iterator[None]:
    """Let temporary files be made where nobody else makes any."""
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="harness-") as own:
        tempfile.tempdir = own
        try:
            yield
        finally:
            tempfile.tempdir = usual


def left_behind(options: dict[str, Any], cycles: int) -> tuple[dict[str, int], int]:
    """Start and stop; what is more than before, and KiB of memory a cycle."""
    with own_directory():
        with SimulatedCluster(**options):
            """What is loaded once is loaded now."""
        before, memory = held(), _memory_kib()
        for _ in range(cycles):
            with SimulatedCluster(**options):
                pass
        ends_at, waiting = monotonic() + GRACE_S, threading.Event()
        while (after := held()) != before and monotonic() < ends_at:
            # grpc closes what is left in threads of its own.
            waiting.wait(0.05)
    grown = {what: after[what] - before[what] for what in before}
    return grown, (_memory_kib() - memory) // cycles


def _memory_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> int:
    """Read the arguments, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--cycles", type=int, default=100)
    given = parser.parse_args()
    fine = True
    for kind, options in KINDS.items():
        samples, limit = up_ms(options, given.runs), UP_LIMITS_MS[kind]
        fine &= limit.holds(samples)
        print(f"up as {kind:20} {spread(samples):>22} ms   ({limit})")
    for kind, options in KINDS.items():
        print(f"a call to {kind:16} {spread(call_us(options)):>22} us")
    for kind, options in KINDS.items():
        grown, memory = left_behind(options, given.cycles)
        fine &= max(grown.values()) <= 0
        counts = ", ".join(f"{count:+} {what}" for what, count in grown.items())
        print(f"{given.cycles} times {kind:19} {counts}, {memory:+} KiB each")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
