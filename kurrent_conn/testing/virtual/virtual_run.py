"""Plays a scenario in the simulator: a whole client and a whole cluster, in no time.

The client is the core and the retry policy, as in the two shells; what stands in for
the sockets is `VirtualCluster`. A run is decided by its seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from kurrent_conn.core.actions import Action, ReadGossip
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Event
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Plan
from kurrent_conn.shells.plan import make_plan
from kurrent_conn.testing.faults.fault_name import sentence
from kurrent_conn.testing.scenarios.scenario import (
    CallStep,
    ConnectFacts,
    FaultStep,
    Scenario,
)
from kurrent_conn.testing.scenarios.trace import Listener, Trace
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Reply,
    Says,
    Silent,
    Simulation,
)
from kurrent_conn.testing.virtual.transcript import written
from kurrent_conn.testing.virtual.virtual_call import VirtualCalls
from kurrent_conn.testing.virtual.virtual_cluster import VirtualCluster

_LONGEST_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class VirtualRun:
    """What a run in the simulator gave.

    Args:
        trace: What came out.
        told: Everything that happened, and when.
        took_s: How much virtual time passed, in seconds.
    """

    trace: Trace
    told: tuple[tuple[float, str | Event | Action], ...]
    took_s: float

    @property
    def transcript(self) -> tuple[str, ...]:
        """Everything that happened, a line each."""
        return tuple(map(written, self.told))


def play_virtually(scenario: Scenario, seed: int = 0) -> VirtualRun:
    """Play a scenario on virtual time.

    Args:
        scenario: What to play.
        seed: Decides every shuffle and jitter of the client.

    Raises:
        LookupError: A fault cannot happen, or is not simulated.
        RuntimeError: The cluster cannot do what the timeline wants.
        TimeoutError: It does not end.
    """
    return _Play(scenario, seed).play()


class _Play:
    def __init__(self, scenario: Scenario, seed: int) -> None:
        facts, connect = scenario.cluster, scenario.connect
        self._scenario = scenario
        self._cluster = VirtualCluster(
            facts.size,
            facts.read_only_replicas,
            facts.advertise,
            facts.settle_s,
            now=lambda: self._simulation.now,
            later=lambda wait_s, do: self._simulation.at(
                self._simulation.now + wait_s, do
            ),
        )
        own, advertised = self._cluster.own, self._cluster.advertised
        self._dialled = {endpoint: index for index, endpoint in enumerate(own)}
        places = {endpoint: index for index, endpoint in enumerate(advertised)}
        places |= self._dialled
        self._listener = Listener(places)
        plan = _plan(
            _connection_string(connect, own),
            tuple(zip(advertised, own, strict=True)) if connect.overrides else (),
            connect.follow,
            connect.trusted_names,
        )
        self._simulation = Simulation(plan, self._gossip, seed)
        self._calls = VirtualCalls(
            self._simulation, self._cluster, self._listener, places
        )
        self._calls.on_end = self._ended
        self._unended = {call.name for call in scenario.calls}
        self._is_going_on = True
        self._stands_at = 0
        self._held: list[tuple[int, ReadGossip]] = []
        self._cluster.on_wake = self._wake

    def play(self) -> VirtualRun:
        simulation = self._simulation
        simulation.on_action = self._calls.heed
        self._go_on(0, 0.0)
        while self._unended or self._is_going_on:
            next_at = simulation.next_at
            if next_at is None or next_at > _LONGEST_S:
                raise TimeoutError(f"{self._scenario.name} does not end")
            simulation.run(next_at)
        trace = self._listener.trace(self._scenario)
        run = VirtualRun(trace, simulation.told, simulation.now)
        # They hold each other: left to the collector, they cost a tenth of the time.
        for part in (self._calls, simulation, self):
            vars(part).clear()
        return run

    def _go_on(self, number: int, behind_s: float) -> None:
        """Let the timeline go on from a step, later than written by so much."""
        for position, step in enumerate(self._scenario.timeline[number:], number):
            self._simulation.at(step.at_s + behind_s, partial(self._take, step))
            if isinstance(step, CallStep) and step.waits:
                self._stands_at = position
                return
        last_at = self._scenario.timeline[-1].at_s + behind_s
        self._simulation.at(last_at, self._stop)

    def _stop(self) -> None:
        self._is_going_on = False

    def _ended(self, name: str) -> None:
        self._unended.discard(name)
        step = self._scenario.timeline[self._stands_at]
        if isinstance(step, CallStep) and step.waits and step.name == name:
            self._go_on(self._stands_at + 1, self._simulation.now - step.at_s)

    def _take(self, step: CallStep | FaultStep) -> None:
        if isinstance(step, CallStep):
            self._calls.begin(step)
            return
        fault = step.made(self._cluster.advertised)
        self._simulation.write(f"** {sentence(fault)}")
        self._cluster.apply(fault)

    def _gossip(self, action: ReadGossip, _: float) -> Reply:
        dial = action.route.dial
        index = self._dialled.get(dial)
        if index is None:
            if dial.host.startswith("black-hole"):
                return Silent()
            is_refused = dial.host.startswith("refused")
            return Fails(phase=Phase.CONNECT if is_refused else Phase.RESOLVE)
        if not self._cluster.model.seats[index].is_running:
            return Fails()
        if self._cluster.is_silent(index):
            self._held.append((index, action))
            return Silent()
        conduct = self._cluster.conducts[index]
        members = conduct.lie or self._cluster.view(index).members
        return Says(members, 0.001 + conduct.delay_s)

    def _wake(self, index: int) -> None:
        held, self._held = self._held, []
        for node, action in held:
            if node == index:
                self._simulation.reply(action, self._gossip(action, 0.0))
            else:
                self._held.append((node, action))
        self._calls.wake(index)


def _connection_string(connect: ConnectFacts, own: tuple[Endpoint, ...]) -> str:
    seeds = ",".join(
        str(own[seed] if isinstance(seed, int) else Endpoint(f"{seed}-{number}", 2113))
        for number, seed in enumerate(connect.seeds)
    )
    options = "".join(f"&{key}={_text(value)}" for key, value in connect.options)
    return f"kurrentdb://{seeds}?tls=false{options}"


@lru_cache
def _plan(
    connection_string: str,
    overridden: tuple[tuple[Endpoint, Endpoint], ...],
    follow: bool,
    trusted_names: tuple[str, ...] | None,
) -> Plan:
    return make_plan(
        Settings.from_string(connection_string),
        Overrides.from_mapping({str(a): str(o) for a, o in overridden if a != o}),
        follow=follow,
        trusted_names=trusted_names,
        allow_plaintext_credentials=True,
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
