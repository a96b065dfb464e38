"""What the director of a cluster needs from whatever its nodes are made of.

Two things fill this in: `thread_stage` (all nodes in one event loop, behind proxies)
and `process_stage` (a process each). All methods run in the director's event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.model.access import AccessPolicy
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.services.node_context import Errand
from kurrent_conn.testing.stages.doorway import ClientCertificates
from kurrent_conn.testing.stages.proxy import Proxy


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What does not change about a node.

    Args:
        index: Its number.
        listens: Where clients connect: an address of this machine.
        advertised: What it tells clients to use.
        access: Who may ask what.
        version: The server version that it claims.
        max_streams: Calls at once on one connection.
        forward_timeout_s: How long a follower waits for its leader, in seconds.
        client_certificates: What it makes of client certificates.
        client_ca_pem: Whose client certificates are good.
    """

    index: int
    listens: Endpoint
    advertised: Endpoint
    access: AccessPolicy
    version: str
    max_streams: int
    forward_timeout_s: float
    client_certificates: ClientCertificates = "ignored"
    client_ca_pem: bytes = b""

    @property
    def demanded_ca_pem(self) -> bytes | None:
        """The CA of which the gRPC server itself demands a certificate, or None."""
        is_required = self.client_certificates == "required"
        return self.client_ca_pem if is_required else None


@dataclass(frozen=True, slots=True)
class Gate:
    """From whom the log takes commands now.

    Args:
        term: The current election.
        is_open: Whether its leader is there to take them.
    """

    term: int
    is_open: bool


class NodeDriver(Protocol):
    """One node's body."""

    @property
    def pid(self) -> int | None:
        """The process id, where the node is a process that lives."""
        ...

    @property
    def proxy(self) -> Proxy | None:
        """What passes its bytes on, where something does."""
        ...

    async def start(
        self, view: NodeView, conduct: Conduct, certificate: KeyPair | None
    ) -> None:
        """Bring the node up; it answers when this returns."""
        ...

    async def tell(self, view: NodeView, conduct: Conduct) -> float:
        """Change what it knows; gives the monotonic instant at which it knew."""
        ...

    async def present(self, certificate: KeyPair) -> None:
        """Change its certificate for handshakes from now on."""
        ...

    async def kill(self) -> None:
        """End it without warning."""
        ...

    async def freeze(self) -> None:
        """Stop it in its tracks."""
        ...

    async def thaw(self) -> None:
        """Let it go on."""
        ...


class Stage(Protocol):
    """Where the nodes live, and the log that they share."""

    async def open(self) -> None:
        """Get ready for nodes."""
        ...

    def node(self, plan: NodePlan, request: Callable[[Errand], None]) -> NodeDriver:
        """Make a node's body, not started yet."""
        ...

    async def set_gate(self, gate: Gate) -> None:
        """Say from whom the log takes commands."""
        ...

    async def close(self) -> None:
        """End everything, the nodes included."""
        ...
