"""What does a cluster get when all its clients lose the leader at once?

`python -m benchmarks.stampede [--clients 1000] [--elections 0.3 3 8]` from the root
of a checkout. Virtual time: the figures are of the protocol, not of this machine.
"""

from __future__ import annotations

import argparse

from kurrent_conn.testing.simulated_world.stampede import Stampede, stampede


def show(result: Stampede) -> None:
    """Print a table of one election."""
    times = result.recovered_s
    print(f"{result.clients} clients, {result.election_s:g} s without a leader")
    print("  second   reads of n0 (dead)      n1      n2    a client and node")
    for number, second in enumerate(result.reads):
        cells = "  ".join(f"{count:6}" for count in second[1:])
        each = max(second) / result.clients
        print(f"  {number:6}   {second[0]:17}  {cells}    {each:17.1f}")
    print(f"  most within 10 ms, one node: {result.most_in_a_tick}")
    half, most = times[len(times) // 2], times[-1]
    late = times[int(len(times) * 0.99)]
    print(
        f"  recovered after the election: median {half * 1e3:.0f} ms, "
        f"99 % {late * 1e3:.0f} ms, last {most * 1e3:.0f} ms"
    )


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--elections", type=float, nargs="+", default=[0.3, 3, 8])
    given = parser.parse_args()
    for election_s in given.elections:
        show(stampede(given.clients, election_s))


if __name__ == "__main__":
    main()
