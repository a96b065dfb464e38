"""Kill and freeze nodes at random under several writers, and account for every append.

    python -m benchmarks.exactly_once                200 faults
    python -m benchmarks.exactly_once --faults 20 --seed 7

The account: an acknowledged append is in its stream once; one that raised was reported
as not executed, and is absent, or as unknown. Every event has an id of its own and is
tried once, so that no repeat hides what became of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from benchmarks.account import Calls, calls_of, stream_ids
from benchmarks.call_record import NOT_EXECUTED, OK, UNKNOWN
from benchmarks.driver import Driver
from benchmarks.failover import recover
from benchmarks.lab import Lab
from benchmarks.peers import ASYNCIO, BLOCKING, chosen
from kurrent_conn.testing import SimulatedCluster, SimulatedNode

CALLERS = 3
"""Of each front end."""

DEADLINES_S = (10.0, 0.3)
"""Of the calls of every other batch: long enough for any fault, and too short."""

PAUSE_S = 0.005
_BATCH = 20
"""Faults between two looks at the streams."""


@dataclass(slots=True)
class Account:
    """What became of all appends.

    Args:
        acknowledged: Appends that returned.
        not_executed: Appends that raised, and say that nothing was written.
        unknown: Appends that raised, and say that nobody knows.
        unknown_written: Those of them that are in the stream.
        hanging: Appends that never ended.
        lost: Acknowledged, and not in the stream.
        duplicated: In the stream more than once.
        executed_all_the_same: Reported as not executed, and in the stream.
        strangers: In the stream, and nobody's.
    """

    acknowledged: int = 0
    not_executed: int = 0
    unknown: int = 0
    unknown_written: int = 0
    hanging: int = 0
    lost: int = 0
    duplicated: int = 0
    executed_all_the_same: int = 0
    strangers: int = 0

    def add(self, calls: Calls, found: Sequence[UUID]) -> None:
        """Account for the appends to one stream.

        Args:
            calls: Every append.
            found: The event ids that the stream has.
        """
        times = Counter(map(str, found))
        said = {record.event_id: record.result for record in calls.records}
        results = Counter(
            "hangs" if record.ended_ns is None else record.result
            for record in calls.records
        )
        self.acknowledged += results[OK]
        self.not_executed += results[NOT_EXECUTED]
        self.unknown += results[UNKNOWN]
        self.hanging += results["hangs"]
        self.unknown_written += sum(
            1 for each, result in said.items() if result == UNKNOWN and times[each]
        )
        self.lost += sum(
            1 for each, result in said.items() if result == OK and not times[each]
        )
        self.executed_all_the_same += sum(
            1 for each, result in said.items() if result == NOT_EXECUTED and times[each]
        )
        self.duplicated += sum(1 for count in times.values() if count > 1)
        self.strangers += sum(1 for each in times if each not in said)

    @property
    def is_balanced(self) -> bool:
        """Whether every append is what its writer was told."""
        return not (
            self.lost
            or self.duplicated
            or self.executed_all_the_same
            or self.strangers
            or self.hanging
        )


@dataclass(slots=True)
class Chaos:
    """Strikes nodes at random, and lets the cluster recover after each strike.

    Args:
        cluster: Of three or more.
        chance: Decides.
        told: How often each fault happened.
    """

    cluster: SimulatedCluster
    chance: random.Random
    told: Counter[str]

    def strike(self) -> None:
        """Kill or freeze a node; elect another one where it led; bring it back."""
        victim = self._victim()
        kind = self.chance.choice(("kill", "freeze"))
        role = "leader" if victim is self.cluster.leader else "follower"
        self.told[f"{kind} {role}"] += 1
        if kind == "kill":
            victim.kill()
        else:
            victim.freeze()
        if role == "leader":
            heirs = [node for node in self.cluster.nodes if node is not victim]
            election_s = self.chance.uniform(0.0, 0.6)
            self.cluster.elect(self.chance.choice(heirs), after_s=election_s).wait()
        time.sleep(self.chance.uniform(0.05, 0.6))
        recover(self.cluster, victim)
        time.sleep(self.chance.uniform(0.0, 0.2))

    def _victim(self) -> SimulatedNode:
        # The leader half of the time: its death is what hurts.
        leader = self.cluster.leader
        if leader is not None and self.chance.random() < 0.5:  # noqa: PLR2004 - as said
            return leader
        return self.chance.choice(self.cluster.nodes)


@contextmanager
def _writing(
    lab: Lab, cluster: SimulatedCluster, stream: str, deadline_s: float
) -> Iterator[dict[str, Driver]]:
    """Let every front end write to a stream of its own; gives their drivers."""
    with ExitStack() as stack:
        drivers = {
            f"{stream} {peer.name}": stack.enter_context(lab.start(peer))
            for peer in lab.peers
        }
        for name, driver in drivers.items():
            driver.ask("connect", target=cluster.connection_string(), takes_s=30)
            driver.ask(
                "work",
                stream=name,
                callers=CALLERS,
                deadline_s=deadline_s,
                pause_s=PAUSE_S,
                repeat=False,
            )
        yield drivers


def run(faults: int, seed: int, peers: frozenset[str]) -> dict[str, Any]:
    """Strike so often, and account for every append.

    Args:
        faults: How many kills and freezes.
        seed: Chooses them.
        peers: Which front ends write.
    """
    account, errors = Account(), Counter[str]()
    lab = Lab(peers=chosen(peers), runs=1, slow_runs=1)
    with lab.cluster() as cluster:
        chaos = Chaos(cluster, random.Random(seed), Counter())  # noqa: S311 - no secret
        done = 0
        while done < faults:
            count = min(_BATCH, faults - done)
            deadline_s = DEADLINES_S[done // _BATCH % len(DEADLINES_S)]
            stream = f"counted {done}"
            with _writing(lab, cluster, stream, deadline_s) as drivers:
                for _ in range(count):
                    chaos.strike()
                # An append may still be under way for as long as its deadline.
                stopped = {
                    name: calls_of(
                        driver.ask("stop", within_s=deadline_s + 2, takes_s=deadline_s)
                    )
                    for name, driver in drivers.items()
                }
            for name, calls in stopped.items():
                account.add(calls, stream_ids(cluster, name))
                errors.update(
                    f"{r.result}: {r.text[:90]}" for r in calls.records if r.text
                )
            done += count
            print(f"  {done} faults: {account}", file=sys.stderr, flush=True)
    return {
        "seed": seed,
        "faults": dict(chaos.told),
        **asdict(account),
        "is_balanced": account.is_balanced,
        "errors": dict(errors.most_common(10)),
    }


def main(given: list[str] | None = None) -> int:
    """Strike, account, print, and give 1 when the account does not balance.

    Args:
        given: The arguments; None takes the process's.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.exactly_once",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("--faults", type=int, default=200, help="%(default)s")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--peers", default=f"{BLOCKING},{ASYNCIO}", help="%(default)s")
    arguments = parser.parse_args(given)
    print(f"seed {arguments.seed}", file=sys.stderr, flush=True)
    peers = frozenset(arguments.peers.split(","))
    told = run(arguments.faults, arguments.seed, peers)
    print(json.dumps(told, indent=1))
    return 0 if told["is_balanced"] else 1


if __name__ == "__main__":
    sys.exit(main())
