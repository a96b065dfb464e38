"""What the processes of one cluster say to each other."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.log.event_log import Command
from kurrent_conn.testing.log.record import Record
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.services.node_context import CommitResult, Errand
from kurrent_conn.testing.stages.node_path import NodePaths
from kurrent_conn.testing.stages.stage import Gate, NodePlan

NOTICE: Final = struct.Struct("!cI")
BORN: Final = b"b"
EXITED: Final = b"x"
"""From the process that forks: what happened, and the process id it happened to."""


@dataclass(frozen=True, slots=True)
class ServeNode:
    """To a new process: be this node."""

    plan: NodePlan
    view: NodeView
    conduct: Conduct
    certificate: KeyPair | None
    log_path: str
    paths: NodePaths | None
    """Its sockets behind a front; None: it listens on its port itself."""


@dataclass(frozen=True, slots=True)
class ServeLog:
    """To a new process: keep the log, for whoever connects here."""

    path: str


@dataclass(frozen=True, slots=True)
class Ready:
    """From a process: it serves."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From a process: it cannot."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tell:
    """To a node: what it knows from now on."""

    number: int
    view: NodeView
    conduct: Conduct


@dataclass(frozen=True, slots=True)
class Present:
    """To a node: another certificate."""

    number: int
    certificate: KeyPair


@dataclass(frozen=True, slots=True)
class SetGate:
    """To the log: from whom it takes commands."""

    number: int
    gate: Gate


@dataclass(frozen=True, slots=True)
class Done:
    """To the director: an order was carried out, at this monotonic instant."""

    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Asked:
    """To the director: a client wants something of the node."""

    errand: Errand


@dataclass(frozen=True, slots=True)
class Propose:
    """From a node to the log: a command, under the term that the node believes in."""

    number: int
    term: int
    command: Command


@dataclass(frozen=True, slots=True)
class Grown:
    """From the log to every node: what is new; the first one is everything."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """From the log to a node: what became of its command, after its `Grown`."""

    number: int
    result: CommitResult
