"""Plays a scenario on real nodes, in real time, with any number of clients at once.

Each client makes every call of the timeline and hears its own events; the faults happen
once. So two front ends can be compared on the very same cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from threading import Event
from time import monotonic
from typing import Protocol
from uuid import uuid4

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings
from kurrent_conn.testing.cluster import SimulatedCluster
from kurrent_conn.testing.fault import takes_time
from kurrent_conn.testing.faults.fault_name import sentence
from kurrent_conn.testing.scenarios.scenario import CallStep, FaultStep, Scenario, Seed
from kurrent_conn.testing.scenarios.trace import Listener, Trace
from kurrent_conn.testing.stages.reserved_port import LOOPBACK, ReservedPort
from kurrent_conn.testing.stages.silent_port import SilentPort


@dataclass(frozen=True, slots=True)
class Target:
    """What a client of a scenario connects to.

    Args:
        settings: The connection string's values.
        overrides: From advertised `host:port` to where the node is.
        follow: Whether it may leave the given hosts.
        trusted_names: Patterns of hosts that may be dialled; None trusts all.
        stream: Where it appends and reads.
    """

    settings: Settings
    overrides: tuple[tuple[str, str], ...]
    follow: bool
    trusted_names: tuple[str, ...] | None
    stream: str


class Actor(Protocol):
    """A client that plays."""

    def begin(self, step: CallStep) -> Future[None]:
        """Begin a call; its end goes to the listener, and to whoever waits."""
        ...

    def finish(self) -> None:
        """Wait for every call, and close the connection."""
        ...


MakeActor = Callable[[Target, Listener], Actor]


def play_on(
    cluster: SimulatedCluster,
    scenario: Scenario,
    actors: Sequence[MakeActor],
    say: Callable[[float, str], object] = lambda _, __: None,
) -> tuple[Trace, ...]:
    """Play a scenario on a cluster as it wants one.

    Args:
        cluster: Started, see `cluster_for`, and as new.
        scenario: What to play.
        actors: The clients.
        say: Told of each step when it happens: seconds since the beginning, and a
            sentence.

    Returns:
        What came out, one for each client.

    Raises:
        LookupError: A fault cannot happen.
        RuntimeError: The cluster cannot do what the timeline wants.
    """
    own = tuple(node.endpoint for node in cluster.nodes)
    advertised = tuple(node.advertised for node in cluster.nodes)
    places = {
        endpoint: index
        for endpoints in (advertised, own)
        for index, endpoint in enumerate(endpoints)
    }
    connect = scenario.connect
    options = "".join(f"&{key}={_text(value)}" for key, value in connect.options)
    settings = Settings.from_string(cluster.connection_string() + options)
    pairs = zip(advertised, own, strict=True)
    with ExitStack() as stack:
        ports = stack.enter_context(_ports(connect.seeds))
        hosts = tuple(
            own[seed] if isinstance(seed, int) else Endpoint(LOOPBACK, ports[number])
            for number, seed in enumerate(connect.seeds)
        )
        target = Target(
            settings=replace(settings, hosts=hosts),
            overrides=tuple((str(a), str(o)) for a, o in pairs if a != o)
            if connect.overrides
            else (),
            follow=connect.follow,
            trusted_names=connect.trusted_names,
            stream=f"scenario-{uuid4()}",
        )

        def apply(step: FaultStep) -> Future[None] | None:
            fault = step.made(advertised)
            say(step.at_s, sentence(fault))
            if takes_time(fault):
                return pool.submit(cluster.apply, fault)
            cluster.apply(fault)
            return None

        pool = stack.enter_context(ThreadPoolExecutor(4, "scenario fault"))
        return _play(scenario, target, actors, places, apply, say)


def play_against(
    connection_string: str, scenario: Scenario, actors: Sequence[MakeActor]
) -> tuple[Trace, ...]:
    """Play a scenario without faults against any cluster.

    Its nodes are unknown, so only the outcomes of the calls say something; see
    `trace.judge_outcomes`. Appends to a stream of its own and leaves it there.

    Args:
        connection_string: Of the cluster; not one of production.
        scenario: One that `runs_anywhere`.
        actors: The clients.

    Raises:
        ValueError: The scenario needs control over the cluster.
    """
    if not scenario.runs_anywhere:
        raise ValueError(f"{scenario.name} needs control over its cluster")
    settings = Settings.from_string(connection_string)
    with _ports(scenario.connect.seeds) as ports:
        dead = tuple(Endpoint(LOOPBACK, port) for port in ports.values())
        if not settings.discover:
            settings = replace(settings, hosts=(*dead, *settings.hosts))
        target = Target(
            settings=settings,
            overrides=(),
            follow=True,
            trusted_names=None,
            stream=f"kurrent-conn-scenario-{uuid4()}",
        )
        return _play(scenario, target, actors, {}, _no_fault, lambda _, __: None)


def cluster_for(scenario: Scenario) -> SimulatedCluster:
    """Make the cluster that a scenario wants, not started yet.

    Args:
        scenario: The scenario.
    """
    facts = scenario.cluster
    return SimulatedCluster(
        facts.size,
        tls=facts.tls,
        read_only_replicas=facts.read_only_replicas,
        advertise=facts.advertise,
        settle_s=facts.settle_s,
    )


def _play(
    scenario: Scenario,
    target: Target,
    actors: Sequence[MakeActor],
    places: dict[Endpoint, int],
    apply: Callable[[FaultStep], Future[None] | None],
    say: Callable[[float, str], object],
) -> tuple[Trace, ...]:
    listeners = [Listener(places) for _ in actors]
    players: list[Actor] = []
    lasting: list[Future[None]] = []
    pause = Event()
    try:
        for make, listener in zip(actors, listeners, strict=True):
            players.append(make(target, listener))
        began_at = monotonic()
        for step in scenario.timeline:
            pause.wait(max(0.0, began_at + step.at_s - monotonic()))
            if isinstance(step, CallStep):
                say(step.at_s, f"{step.name} begins, for the {step.preference}")
                ends = [player.begin(step) for player in players]
                if step.waits:
                    for end in ends:
                        end.result()
                    # The timeline stood still: all that follows is later by so much.
                    began_at = monotonic() - step.at_s
            elif (future := apply(step)) is not None:
                lasting.append(future)
    finally:
        for player in players:
            player.finish()
    for future in lasting:
        future.result()
    return tuple(listener.trace(scenario) for listener in listeners)


@contextmanager
def _ports(seeds: Sequence[Seed]) -> Iterator[dict[int, int]]:
    """Open a port for each seed that is no node; gives them by their place."""
    opened: dict[int, ReservedPort | SilentPort] = {}
    try:
        for number, seed in enumerate(seeds):
            if not isinstance(seed, int):
                silent = seed == "black-hole"
                opened[number] = SilentPort() if silent else ReservedPort()
        yield {number: port.port for number, port in opened.items()}
    finally:
        for port in opened.values():
            port.close()


def _no_fault(step: FaultStep) -> None:
    raise ValueError(f"{step.fault} cannot happen to a cluster that is not ours")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
