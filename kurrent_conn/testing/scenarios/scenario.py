"""Scenarios as data: a cluster, what happens to it, what is called, what must come out.

The values alone, language-neutral facts without any cluster or client: `scenario_file`
reads them, `scenario_run` plays them on real nodes, `virtual_run` in the simulator,
and `trace` judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.testing.fault import Fault
from kurrent_conn.testing.faults.fault_argument import Advertised
from kurrent_conn.testing.faults.fault_name import fault_named

EVENTS: Final = (
    "topology-changed",
    "node-opened",
    "node-lost",
    "node-suspected",
    "node-condemned",
    "channel-renewed",
    "fell-back",
    "redirect-refused",
    "endpoint-failed",
    "search-failed",
)
"""What a client may be expected to say; the classes of `core.notice` in kebab case."""

Operation = Literal["append", "read"]
Expected = Literal["served", "not executed", "unknown"]
"""How a call ends; a failure says whether it may have taken effect."""

Opened = tuple[tuple[NodePreference, tuple[int | str, ...]], ...]
"""For each preference the nodes that it was opened for, in order."""

Seed = int | Literal["refused", "black-hole"]


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The cluster that a scenario wants.

    Args:
        size: How many members; node 0 leads at first.
        read_only_replicas: How many replicas, numbered after the members.
        tls: Whether it serves TLS.
        advertise: A template with `{index}` of what nodes tell clients; None for
            where they listen.
        settle_s: How long a node takes to report that it follows, in seconds.
    """

    size: int = 3
    read_only_replicas: int = 0
    tls: bool = False
    advertise: str | None = None
    settle_s: float = 0.05

    @property
    def count(self) -> int:
        """How many nodes there are in all."""
        return self.size + self.read_only_replicas


@dataclass(frozen=True, slots=True)
class ConnectFacts:
    """How the client connects.

    Args:
        seeds: Indices of nodes, `refused` (a port where nobody listens), or
            `black-hole` (one that takes connections and never says a word).
        options: Of the connection string.
        follow: False: never leave the given hosts.
        overrides: Whether each advertised host is overridden by where its node is.
        trusted_names: Patterns that advertised hosts must match; None trusts all.
    """

    seeds: tuple[Seed, ...]
    options: tuple[tuple[str, str | int | bool], ...] = ()
    follow: bool = True
    overrides: bool = True
    trusted_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CallStep:
    """A call, begun at an instant.

    Args:
        name: Unique in the scenario, such as `append 2`.
        at_s: When, in seconds from the beginning.
        operation: What.
        preference: Whose node it goes to.
        deadline_s: Its deadline.
        expect: How it ends.
        within_s: At most so long after it began; None for its deadline.
        waits: Whether the timeline stands still until it has ended; otherwise it
            goes on beside the call.
    """

    name: str
    at_s: float
    operation: Operation
    preference: NodePreference
    deadline_s: float
    expect: Expected
    within_s: float | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class FaultStep:
    """Something that goes wrong at an instant.

    Args:
        at_s: When, in seconds from the beginning.
        fault: Its name.
        arguments: Its arguments as plain values.
    """

    at_s: float
    fault: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def made(self, advertised: Advertised) -> Fault:
        """Make the fault for a cluster.

        Args:
            advertised: What its nodes advertise, in index order.
        """
        return fault_named(self.fault, dict(self.arguments), advertised)


Step = CallStep | FaultStep


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out beside the outcomes of the calls.

    Args:
        leader: The index of the node that the client takes for the leader at the
            end, None for nobody; absent when it does not matter.
        opened: For each preference the nodes that it was opened for, in order: an
            index for the leader preference, `any` for random, a state as the server
            spells it for the others. None: it may differ from run to run.
        events: What the client must have said at least once.
        absent: What it must never have said.
    """

    leader: int | Literal["any"] | None = "any"
    opened: Opened | None = ()
    events: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table.

    Args:
        name: The file's name without its ending.
        claim: What it shows, in a sentence.
        cluster: On what.
        connect: By whom.
        timeline: What happens, in order of time.
        expect: What must come out.
    """

    name: str
    claim: str
    cluster: ClusterFacts
    connect: ConnectFacts
    timeline: tuple[Step, ...]
    expect: Expectation = field(default_factory=Expectation)

    @property
    def calls(self) -> tuple[CallStep, ...]:
        """The calls alone."""
        return tuple(step for step in self.timeline if isinstance(step, CallStep))

    @property
    def runs_anywhere(self) -> bool:
        """Whether a live cluster will do: no faults, nothing special about nodes."""
        return (
            all(isinstance(step, CallStep) for step in self.timeline)
            and self.cluster.advertise is None
            and self.connect.trusted_names is None
            and len(self.connect.seeds) > 1
        )
