"""Nodes as processes of their own: killed by SIGKILL, frozen by SIGSTOP.

The log is one more process, so that what a node acknowledged survives it, and a
frozen node holds nobody up. Every process hangs on a socket of this one, and dies
with it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.processes.nursery import Child, Nursery
from kurrent_conn.testing.processes.process_message import (
    Asked,
    Present,
    ServeLog,
    ServeNode,
    SetGate,
    Tell,
)
from kurrent_conn.testing.services.node_context import Errand
from kurrent_conn.testing.stages.doorway import Doors, Doorway
from kurrent_conn.testing.stages.node_path import NodePaths, unix_dial
from kurrent_conn.testing.stages.proxy import Proxy
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from kurrent_conn.testing.stages.stage import Gate, NodeDriver, NodePlan


class ProcessStage:
    """The processes of a cluster.

    Args:
        directory: Where the log's unix socket goes; a short path.
        ports: The nodes' ports behind a proxy each, in index order; none without.
    """

    def __init__(self, directory: Path, ports: tuple[ReservedPort, ...] = ()) -> None:
        self._directory = directory
        self._ports = ports
        self._path = str(directory / "log.sock")
        self._nursery = Nursery()
        self._log = Child(self._nursery, lambda _: None, lambda: None)
        self._nodes: list[ProcessNode] = []

    async def open(self) -> None:
        """Start the log."""
        await self._nursery.open()
        await self._log.start(ServeLog(self._path))

    def node(self, plan: NodePlan, request: Callable[[Errand], None]) -> NodeDriver:
        """Make a node.

        Args:
            plan: What does not change about it.
            request: Where its errands go.
        """
        front = None
        if self._ports:
            paths = NodePaths.of(self._directory, plan.index)
            front = Front(plan, self._ports[plan.index], paths)
        node = ProcessNode(plan, self._nursery, self._path, request, front)
        self._nodes.append(node)
        return node

    async def set_gate(self, gate: Gate) -> None:
        """Say from whom the log takes commands; it does so when this returns.

        Args:
            gate: The current election and whether its leader is there.
        """
        await self._log.ask(lambda number: SetGate(number, gate))

    async def close(self) -> None:
        """Kill every process."""
        await asyncio.gather(*(node.close() for node in self._nodes), self._log.kill())
        await self._nursery.close()


class Front:
    """What stands before a process, when something does.

    Args:
        plan: What does not change about the node.
        port: Where clients connect.
        paths: The sockets on which the process listens.
    """

    def __init__(self, plan: NodePlan, port: ReservedPort, paths: NodePaths) -> None:
        self.paths = paths
        self.doorway = Doorway(
            Doors(*map(unix_dial, (paths.grpc, paths.plain, paths.http))),
            plan.client_certificates,
            plan.client_ca_pem,
        )
        self.proxy = Proxy(port, self.doorway.choose)


class ProcessNode:
    """One node.

    Args:
        plan: What does not change about it.
        nursery: Who forks its processes.
        log_path: Where the log listens.
        request: Where its errands go.
        front: What stands before it; None for nothing.
    """

    def __init__(
        self,
        plan: NodePlan,
        nursery: Nursery,
        log_path: str,
        request: Callable[[Errand], None],
        front: Front | None,
    ) -> None:
        self._front = front
        self._plan = plan
        self._nursery = nursery
        self._log_path = log_path
        self._request = request
        self._is_frozen = False
        self._child = self._new_child()

    @property
    def pid(self) -> int | None:
        """The process id; None when it is dead."""
        return self._child.pid

    @property
    def proxy(self) -> Proxy | None:
        """What passes its bytes on, where something does."""
        return None if self._front is None else self._front.proxy

    async def start(
        self, view: NodeView, conduct: Conduct, certificate: KeyPair | None
    ) -> None:
        """Start a process and wait until it answers.

        Args:
            view: What the node knows at first.
            conduct: How it misbehaves.
            certificate: What it presents; None is plaintext.
        """
        self._child = self._new_child()
        self._is_frozen = False
        front = self._front
        paths = None if front is None else front.paths
        order = ServeNode(self._plan, view, conduct, certificate, self._log_path, paths)
        await self._child.start(order)
        if front is not None:
            front.doorway.present(certificate)
            front.doorway.greeting = conduct.greeting
            front.proxy.listen()

    async def tell(self, view: NodeView, conduct: Conduct) -> float:
        """Change what the node knows.

        Args:
            view: The new view.
            conduct: The new conduct.
        """
        if self._front is not None:
            self._front.doorway.greeting = conduct.greeting
        return await self._child.ask(lambda number: Tell(number, view, conduct))

    async def present(self, certificate: KeyPair) -> None:
        """Present another certificate.

        Args:
            certificate: The new one.
        """
        if self._front is not None:
            self._front.doorway.present(certificate)
        if self._is_frozen:
            # It learns of it when it goes on; nobody can wait for that.
            self._child.send(Present(0, certificate))
        else:
            await self._child.ask(lambda number: Present(number, certificate))

    async def kill(self) -> None:
        """Kill the process; it is gone when this returns."""
        if self._front is not None:
            self._front.proxy.cut()
        await self._child.kill()

    async def close(self) -> None:
        """Kill the process, and end what stands before it."""
        await self.kill()
        if self._front is not None:
            await self._front.proxy.aclose()

    async def freeze(self) -> None:
        """Stop the process."""
        self._is_frozen = True
        await self._child.freeze()

    async def thaw(self) -> None:
        """Let the process go on."""
        self._child.signal(signal.SIGCONT)
        self._is_frozen = False

    def _new_child(self) -> Child:
        def heard(message: Any) -> None:
            if isinstance(message, Asked):
                self._request(message.errand)

        # A process that somebody else killed is a node that was killed.
        return Child(self._nursery, heard, lambda: self._request(Errand.BURY))
