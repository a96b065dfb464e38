"""The clients of other people that the harness must satisfy, and what each one does.

A fact is what the client's own source says; where it says that something does not
work, that is the fact. Versions are pinned: `node/package.json`, and `pyproject.toml`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.mark import ParameterSet

from tests.clients.npm import node_modules
from tests.system import require

HERE: Final = Path(__file__).parent


class Redirect(Enum):
    """What a client does with the answer that another node leads."""

    IN_THE_CALL = "it goes to that node and repeats the call"
    NEXT_CALL = "it raises, and the next call goes to that node"


class ManySeeds(Enum):
    """What a client makes of `+discover` with several hosts."""

    FIRST_ONLY = "it asks the first and never another"
    REFUSED = "it refuses the connection string"


@dataclass(frozen=True, slots=True)
class Guest:
    """One client, unmodified.

    Args:
        name: What its package is called, and which of its classes is meant.
        package: Its package.
        class_name: Its client class; empty for Node, where the driver knows.
        scheme: How its connection strings begin.
        wrong_version: What it raises when an expectation was wrong.
        not_found: What it raises for a stream that is not there.
        not_leader: What it raises when a node sends it to another.
        gone: What it may raise when a node is gone.
        denied: What it raises when credentials are wrong.
        redirect: What it does when another node leads.
        many_seeds: What it makes of `+discover` with several hosts.
        has_rust_half: Whether it reads through a half written in Rust, which has its
            own connections, never leaves a node that is gone, and always asks for
            the leader.
        ca_apart: Whether it takes the CA as an argument, not in the connection string.
        insist: Options that make a call require the leader.
        settings: What its connection strings say, so that tests take no longer than
            they must.
    """

    name: str
    package: str
    class_name: str
    scheme: str
    wrong_version: str
    not_found: str
    not_leader: str
    gone: frozenset[str]
    denied: str
    redirect: Redirect
    many_seeds: ManySeeds
    has_rust_half: bool = False
    ca_apart: bool = False
    insist: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(
        default_factory=lambda: {"maxDiscoverAttempts": 50, "discoveryInterval": 20}
    )

    @property
    def is_node(self) -> bool:
        """Whether it needs Node."""
        return not self.class_name

    def command(self) -> list[str]:
        """Say how its driver is started; skip the test where that cannot be."""
        if not self.is_node:
            script = HERE / "python" / "driver.py"
            return [sys.executable, str(script), self.package, self.class_name]
        (node,) = require("node")
        script = HERE / "node" / "driver.mjs"
        return [node, str(script), str(node_modules().parent), self.package]


def _node(package: str, scheme: str, *, has_rust_half: bool) -> Guest:
    # dist/utils/CommandError.js names the types, dist/Client/index.js the rest.
    return Guest(
        name=package,
        package=package,
        class_name="",
        scheme=scheme,
        wrong_version="WrongExpectedVersionError",
        not_found="StreamNotFoundError",
        not_leader="NotLeaderError",
        # A channel that is closed under a call is not told apart from other errors.
        gone=frozenset({"UnavailableError", "CancelledError", "Error"}),
        denied="AccessDeniedError",
        redirect=Redirect.NEXT_CALL,
        many_seeds=ManySeeds.FIRST_ONLY,
        has_rust_half=has_rust_half,
        insist={"requiresLeader": True},
    )


def _python(package: str, class_name: str, scheme: str, suffix: str) -> Guest:
    # exceptions.py names the types, client.py (autoreconnect, retrygrpc) the rest.
    return Guest(
        name=f"{package}.{class_name}",
        package=package,
        class_name=class_name,
        scheme=scheme,
        wrong_version=f"WrongCurrentVersion{suffix}",
        not_found=f"NotFound{suffix}",
        not_leader=f"NodeIsNotLeader{suffix}",
        gone=frozenset(
            {
                f"ServiceUnavailable{suffix}",
                f"DiscoveryFailed{suffix}",
                f"LeaderNotFound{suffix}",
                f"CancelledByClient{suffix}",
            }
        ),
        # The older one takes what gossip says to wrong credentials for a dead seed.
        denied=f"Unauthenticated{suffix}" if suffix else "DiscoveryFailed",
        ca_apart=package == "esdbclient",
        redirect=Redirect.IN_THE_CALL,
        many_seeds=ManySeeds.REFUSED,
    )


KURRENT_NODE: Final = _node(
    "@kurrent/kurrentdb-client", "kurrentdb", has_rust_half=True
)
EVENTSTORE_NODE: Final = _node("@eventstore/db-client", "esdb", has_rust_half=False)
KURRENT: Final = _python("kurrentdbclient", "KurrentDBClient", "kurrentdb", "Error")
KURRENT_AIO: Final = _python(
    "kurrentdbclient", "AsyncKurrentDBClient", "kurrentdb", "Error"
)
ESDB: Final = _python("esdbclient", "EventStoreDBClient", "esdb", "")
ESDB_AIO: Final = _python("esdbclient", "AsyncioEventStoreDBClient", "esdb", "")

NODE: Final = (KURRENT_NODE, EVENTSTORE_NODE)
PYTHON: Final = (KURRENT, KURRENT_AIO, ESDB, ESDB_AIO)
GUESTS: Final = (*NODE, *PYTHON)


def of_roster(*guests: Guest) -> list[ParameterSet]:
    """Make parameters of clients; what needs Node is a system test."""
    return [
        pytest.param(
            guest,
            id=guest.name,
            marks=[pytest.mark.system] if guest.is_node else [],
        )
        for guest in guests
    ]
