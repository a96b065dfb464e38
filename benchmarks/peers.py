"""Who is measured: the official clients and ours, each by a driver of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from benchmarks.driver import ROOT, Driver
from benchmarks.node_package import NodeMissing, installed

BLOCKING: Final = "ours blocking"
ASYNCIO: Final = "ours asyncio"
PYTHON: Final = "kurrentdbclient"
NODE: Final = "Node client"
OURS: Final = frozenset({BLOCKING, ASYNCIO})


@dataclass(frozen=True, slots=True)
class Peer:
    """One client.

    Args:
        name: As the table's head says it.
        command: What runs its driver.
    """

    name: str
    command: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether the limits are for it."""
        return self.name in OURS

    def start(self, *, shows_events: bool = False) -> Driver:
        """Start a driver.

        Args:
            shows_events: Whether what it says goes to our standard error.
        """
        events = ("--events",) if shows_events and self.is_ours else ()
        return Driver((*self.command, *events), shows=shows_events)


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.{module}")


_PYTHON_PEERS: Final = (
    Peer(PYTHON, _python("driver_kurrentdbclient")),
    Peer(BLOCKING, _python("driver_blocking")),
    Peer(ASYNCIO, _python("driver_asyncio")),
)


def names() -> tuple[str, ...]:
    """List the clients in the order of the table."""
    return (PYTHON, NODE, BLOCKING, ASYNCIO)


def chosen(wanted: frozenset[str]) -> tuple[Peer, ...]:
    """Give the peers of some names; the Node client only where it can be had.

    Args:
        wanted: Some of `names()`.
    """
    peers = {peer.name: peer for peer in _PYTHON_PEERS}
    if NODE in wanted:
        try:
            directory = installed()
        except NodeMissing as missing:
            print(f"{NODE} is left out: {missing}", file=sys.stderr)
        else:
            script = str(ROOT / "benchmarks" / "driver_node.mjs")
            peers[NODE] = Peer(NODE, ("node", script, str(directory)))
    return tuple(peers[name] for name in names() if name in wanted and name in peers)
