"""A thousand clients lose their leader at the same instant: what does the cluster get?

Every client has found the leader and has calls to make; the leader dies, and another is
elected after a while. Counted are the gossip reads that reach each node in each second,
and how long after the election each client's call succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.state import Plan
from kurrent_conn.testing.simulated_world.call import Call
from kurrent_conn.testing.simulated_world.client import Client
from kurrent_conn.testing.simulated_world.promise import Watch
from kurrent_conn.testing.simulated_world.world import NODES, World

CRASH_AT_S = 2.0
AFTER_S = 3.0
"""So long the world goes on after the election."""


@dataclass(frozen=True, slots=True)
class Stampede:
    """What came of it.

    Args:
        clients: How many there were.
        election_s: How long nobody led.
        reads: For each second from the crash on, the gossip reads of each node.
        most_in_a_tick: The most reads that one node got within 10 ms.
        recovered_s: For each client, when its call succeeded after the election,
            sorted; infinite for one that never did.
    """

    clients: int
    election_s: float
    reads: tuple[tuple[int, ...], ...]
    most_in_a_tick: int
    recovered_s: tuple[float, ...]

    @property
    def most_reads(self) -> int:
        """The most gossip reads that one node got in one second."""
        return max(max(second) for second in self.reads)


def stampede(clients: int, election_s: float, seed: int = 0) -> Stampede:
    """Let so many clients lose their leader at once.

    Args:
        clients: How many.
        election_s: How long nobody leads.
        seed: Decides everything else.
    """
    random = Random(seed)  # noqa: S311 - not for secrets
    plan = Plan(seeds=NODES[:3], router=Overrides())
    world = World(random, plan=plan, seed=seed)
    world.cluster.holds_elections = False
    everybody = [world.client] + [
        Client(world.clock, world.network, plan, seed + number, Watch(plan))
        for number in range(1, clients)
    ]
    for number, client in enumerate(everybody):
        client.when_ended = partial(_again, client, clients + number)
        _call(client, number)
    world.clock.run(CRASH_AT_S)
    world.network.crash(0)
    for number, client in enumerate(everybody):
        # An application finds out by its next call, within a few milliseconds.
        at = CRASH_AT_S + random.random() * 0.02
        world.clock.at(at, partial(_call, client, clients + number))
    elected_at = CRASH_AT_S + election_s
    world.clock.at(elected_at, partial(world.cluster.install, 1))
    reads, most_in_a_tick = _count(world, election_s + AFTER_S)
    ends = (client.calls[-1].end for client in everybody)
    recovered = sorted(
        float("inf") if end is None or end.failure else end.at - elected_at
        for end in ends
    )
    return Stampede(clients, election_s, reads, most_in_a_tick, tuple(recovered))


def _call(client: Client, number: int) -> None:
    client.call(number, NodePreference.LEADER, writes=True, timeout_s=60)


def _again(client: Client, number: int, call: Call) -> None:
    """Call again, as an application does, after the one call that was in flight."""
    if call.end is not None and call.end.failure:
        client.clock.after(0.001, partial(_call, client, number))


def _count(world: World, for_s: float) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Let time pass in ticks of 10 ms, and count the reads of each node."""
    ticks: list[tuple[int, ...]] = []
    before = list(world.network.reads)
    for tick in range(1, round(for_s * 100) + 1):
        world.clock.run(CRASH_AT_S + tick / 100)
        after = list(world.network.reads)
        ticks.append(tuple(b - a for a, b in zip(before, after, strict=True)))
        before = after
    seconds = tuple(
        tuple(map(sum, zip(*ticks[start : start + 100], strict=True)))
        for start in range(0, len(ticks), 100)
    )
    return seconds, max(max(tick) for tick in ticks)
