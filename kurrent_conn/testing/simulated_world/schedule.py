"""Random schedules: chaos first, then everything heals and progress is demanded.

A schedule is a seed. It draws a world, a plan, a few kinds of fault (a different few
each time: what happens together matters more than how much happens), callers and their
calls. In the first phase the promises are kept at every step; in the second all faults
end, and a fresh call of every preference must succeed within `CONVERGES_S` once the
cluster agrees. At last nothing may be left, and every append is accounted for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from kurrent_conn.core.belief import is_trusted
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.events import Abandoned
from kurrent_conn.core.failure import Outcome
from kurrent_conn.testing.simulated_world.call import Call
from kurrent_conn.testing.simulated_world.fault import FAULTS
from kurrent_conn.testing.simulated_world.promise import (
    NOTHING,
    SLACK_S,
    PromiseBroken,
)
from kurrent_conn.testing.simulated_world.world import World
from kurrent_conn.testing.virtual.feature import Features

CONVERGES_S: Final = 2.5
"""Once the healed cluster agrees, a fresh call succeeds within so many seconds."""

SETTLES_S: Final = 12.0
"""The cluster itself agrees within so many seconds after it was healed."""

DRAIN_S: Final = 45.0
"""After so long every call and every wait of a schedule is over."""

_STEP_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Report:
    """What one schedule did.

    Args:
        seed: It is run again by this number.
        faults: The kinds that it drew.
        steps: How many events the state machine took.
        checks: How often a promise was looked at.
        calls: How many calls were made.
        raised: How many of them raised.
        converged_s: How long after the cluster agreed every preference worked.
        most_reads: The most gossip reads within one second.
        fullest: The most of the allowed reads that one second had, as a share.
        visited: The situations that the state machine was in.
    """

    seed: int
    faults: tuple[str, ...]
    steps: int
    checks: int
    calls: int
    raised: int
    converged_s: float
    most_reads: int
    fullest: float
    visited: frozenset[Features]


class Schedule:
    """One schedule, to be played once.

    Args:
        seed: Decides all of it.
        transcript: Where to write what happened; None saves the time.
    """

    def __init__(self, seed: int, transcript: list[str] | None = None) -> None:
        self.seed = seed
        self.random = random = Random(seed)  # noqa: S311 - not for secrets
        size = random.choice([1, 3, 3, 3, 3, 5])
        replicas = random.choice([0, 0, 1]) if size == 3 else 0  # noqa: PLR2004 - a cluster
        self.world = World(
            random, size=size, replicas=replicas, seed=seed, transcript=transcript
        )
        self.faults = tuple(random.sample(sorted(FAULTS), random.randint(1, 4)))
        self.chaos_s = random.uniform(0.2, 2.5)
        every = list(NodePreference)
        self.preferences = random.choice(
            [[NodePreference.LEADER], random.sample(every, 2), every]
        )
        self._numbers = 0
        self._left = 0
        self._thinks_s: tuple[float, ...] = ()

    def play(self) -> Report:
        """Play it, and say what it did.

        Raises:
            PromiseBroken: The state machine broke a promise.
        """
        try:
            return self._play()
        except PromiseBroken as broken:
            broken.add_note(f"seed {self.seed}, faults {', '.join(self.faults)}")
            raise

    def _play(self) -> Report:
        self._prepare()
        clock = self.world.clock
        clock.run(self.chaos_s)
        self._left = 0
        self.world.heal()
        self.world.watch.write(clock.now, "HEALED")
        converged_s = self._demand_progress()
        clock.run(clock.now + DRAIN_S)
        self._nothing_is_left()
        self._account()
        watch, calls = self.world.watch, self.world.client.calls
        return Report(
            seed=self.seed,
            faults=self.faults,
            steps=watch.steps,
            checks=watch.checks,
            calls=len(calls),
            raised=sum(c.end is not None and bool(c.end.failure) for c in calls),
            converged_s=converged_s,
            most_reads=watch.most_reads,
            fullest=watch.fullest,
            visited=frozenset(watch.visited),
        )

    # Chaos.

    def _prepare(self) -> None:
        random, world = self.random, self.world
        if random.random() < 0.2:  # noqa: PLR2004 - a share
            world.list_managers()
        if world.plan.has_credentials and random.random() < 0.3:  # noqa: PLR2004 - a share
            for node in world.nodes:
                node.wants_credentials = True
        world.cluster.lag_s = random.choice([0.01, 0.2, 1.0])
        world.cluster.election_s = random.choice([0.05, 0.5, 1.5])
        world.network.distance_s = random.choice([0.0003, 0.002, 0.02])
        world.client.when_ended = self._after_call
        for _ in range(random.randint(1, 4)):
            world.clock.at(random.random() * 0.3, self._call)
        is_flood = random.random() < 0.05  # noqa: PLR2004 - rare, since it takes long
        self._left = 600 if is_flood else random.randint(0, 20)
        self._thinks_s = (0.0005, 0.002) if is_flood else (0.001, 0.05, 0.2, 0.4)
        for name in self.faults:
            for _ in range(random.randint(1, 2)):
                when = random.random() * self.chaos_s
                for_s = random.uniform(0.02, 1.5)
                world.clock.at(when, partial(self._strike, name, for_s))
        for _ in range(random.choice([0, 0, 1, 3])):
            when = random.random() * self.chaos_s
            world.clock.at(when, partial(world.client.at, when, self._refresh))

    def _strike(self, name: str, for_s: float) -> None:
        world = self.world
        world.watch.write(world.clock.now, f"FAULT {name} for {for_s:.3f} s")
        FAULTS[name](world, for_s)

    def _call(self) -> None:
        random = self.random
        self._numbers += 1
        preference = random.choice(self.preferences)
        timeout_s = random.choice([0.2, 1.0, 3.0, 10.0, None])
        writes = random.random() < 0.6  # noqa: PLR2004 - a share
        client, number = self.world.client, self._numbers

        def begin() -> None:
            client.call(
                number, preference, writes=writes, timeout_s=timeout_s, wait_s=5.0
            )

        client.at(self.world.clock.now, begin)

    def _after_call(self, call: Call) -> None:
        self._ended_in_time(call)
        if self._left > 0:
            self._left -= 1
            think_s = self.random.choice(self._thinks_s)
            self.world.clock.after(think_s, self._call)

    def _refresh(self) -> None:
        client, now = self.world.client, self.world.clock.now
        wait = client.want(None, now + self.random.choice([0.1, 2.0]), lambda _: None)
        if self.random.random() < 0.5 and wait in client.waits:  # noqa: PLR2004 - a coin
            del client.waits[wait]
            client.take(Abandoned(wait))

    def _ended_in_time(self, call: Call) -> None:
        client = self.world.client
        late_from = max(call.effort.deadline_at, client.paused_until) + SLACK_S
        if call.has_deadline and call.end is not None and call.end.at > late_from:
            raise PromiseBroken(f"call {call.number} ended late: {call.end}")

    # Progress.

    def _demand_progress(self) -> float:
        world = self.world
        clock, since = world.clock, world.clock.now
        clock.run(since + _STEP_S)  # whatever healing set off is under way
        while not (world.is_settled and clock.now >= world.client.paused_until):
            clock.run(clock.now + _STEP_S)
            if clock.now > since + SETTLES_S:
                raise RuntimeError(f"seed {self.seed}: the world did not settle")
        settled_at = clock.now
        world.watch.write(settled_at, "SETTLED")
        ends = [self._demand(p, settled_at) for p in self._expected()]
        return max((at - settled_at for at in ends), default=0.0)

    def _demand(self, preference: NodePreference, settled_at: float) -> float:
        """Make a call that must succeed, and say when it did.

        The first may be the one by which a silent node is found out: then it raises,
        as unknown, and the next must succeed.
        """
        call = self._fresh(preference, settled_at)
        if call.end is not None and call.end.outcome is Outcome.UNKNOWN:
            call = self._fresh(preference, settled_at)
        if call.end is None or call.end.failure:
            raise PromiseBroken(
                f"{settled_at:.3f} the cluster agrees, but a fresh call on "
                f"{preference} gives {call.end}"
            )
        return call.end.at

    def _fresh(self, preference: NodePreference, settled_at: float) -> Call:
        """Make a call, and let time pass until it ends."""
        self._numbers += 1
        clock, ends_at = self.world.clock, settled_at + CONVERGES_S
        call = self.world.client.call(
            self._numbers,
            preference,
            writes=preference is NodePreference.LEADER,
            timeout_s=ends_at - clock.now,
        )
        while call.end is None and clock.now < ends_at:
            clock.run(clock.now + _STEP_S)
        return call

    def _expected(self) -> list[NodePreference]:
        """List the preferences whose calls must succeed in a healthy cluster.

        Not where the user's own settings forbid it: untrusted members, credentials
        that may not be sent, one host that must not be left.
        """
        world, plan = self.world, self.world.plan
        client = world.client
        denied = world.nodes[0].wants_credentials and not plan.may_send_credentials
        distrusted = not all(is_trusted(client.state, n.endpoint) for n in world.nodes)
        if denied or distrusted:
            return []
        if plan.follow:
            return self.preferences
        return [p for p in self.preferences if p is not NodePreference.LEADER]

    # The end.

    def _nothing_is_left(self) -> None:
        client, now = self.world.client, self.world.clock.now
        client.take(NOTHING)
        state = client.state
        # Where calls go by a second choice, the better one is tried again for ever.
        lasting = None if state.trial is None else state.trial.at
        left = {
            "calls": [c.number for c in client.calls if c.end is None],
            "waits": state.waiters,
            "search": state.search,
            "reads": state.reads,
            "vigils": state.vigils,
            "timer": None if state.wake_at == lasting else state.wake_at,
        }
        if any(left.values()):
            raise PromiseBroken(f"{now:.3f} something is left: {left}")

    def _account(self) -> None:
        ledger = self.world.cluster.ledger
        for call in self.world.client.calls:
            times = ledger.get(call.number, 0) if call.writes else 0
            end = call.end
            if end is None or times > 1:
                raise PromiseBroken(f"append {call.number} was executed {times} times")
            acknowledged = not end.failure and call.writes
            if acknowledged and times != 1:
                raise PromiseBroken(f"append {call.number} is acknowledged, but lost")
            if end.outcome is Outcome.NOT_EXECUTED and times:
                raise PromiseBroken(f"append {call.number} was executed: {end}")
