"""Nodes inside this process: real gRPC servers in one event loop, behind proxies.

Quick to start and easy to debug. A killed or frozen node is one whose proxy is cut or
stalled; its server keeps running behind it, unreachable, and is used again when the
node restarts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.log.event_log import EventLog, records_of
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.services.http_server import HttpServer
from kurrent_conn.testing.services.node_context import (
    Commit,
    CommitResult,
    Errand,
    Fenced,
    NodeContext,
    now_ticks,
)
from kurrent_conn.testing.services.node_server import NodeServer
from kurrent_conn.testing.stages.doorway import Doors, Doorway
from kurrent_conn.testing.stages.node_path import NodePaths, unix_dial
from kurrent_conn.testing.stages.proxy import Proxy
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from kurrent_conn.testing.stages.stage import Gate, NodeDriver, NodePlan


class ThreadStage:
    """All nodes of a cluster, and their log.

    Args:
        directory: Where the servers' unix sockets go; a short path.
        ports: The nodes' ports, in index order.
    """

    def __init__(self, directory: Path, ports: tuple[ReservedPort, ...]) -> None:
        self._directory = directory
        self._ports = ports
        self._log = EventLog()
        self._gate = Gate(term=0, is_open=False)
        self._nodes: list[ThreadNode] = []

    async def open(self) -> None:
        """Do nothing: the log is a list."""

    def node(self, plan: NodePlan, request: Callable[[Errand], None]) -> NodeDriver:
        """Make a node.

        Args:
            plan: What does not change about it.
            request: Where its errands go.
        """
        node = ThreadNode(
            plan,
            self._ports[plan.index],
            NodePaths.of(self._directory, plan.index),
            self._context(plan, request),
        )
        self._nodes.append(node)
        return node

    async def set_gate(self, gate: Gate) -> None:
        """Say from whom the log takes commands.

        Args:
            gate: The current election and whether its leader is there.
        """
        self._gate = gate

    async def close(self) -> None:
        """Cut every node and stop every server."""
        await asyncio.gather(*(node.close() for node in self._nodes))

    def _context(
        self, plan: NodePlan, request: Callable[[Errand], None]
    ) -> Callable[[NodeView, Conduct], NodeContext]:
        def make(view: NodeView, conduct: Conduct) -> NodeContext:
            return NodeContext(
                advertised=plan.advertised,
                access=plan.access,
                version=plan.version,
                log=self._log,
                commit=self._commit,
                request=request,
                view=view,
                conduct=conduct,
                forward_timeout_s=plan.forward_timeout_s,
            )

        return make

    async def _commit(self, commit: Commit) -> CommitResult:
        if not self._gate.is_open or commit.term != self._gate.term:
            return Fenced.FENCED
        decision = self._log.decide(commit.command, now_ticks())
        if records := records_of(decision):
            self._log.apply(records)
        return decision


class ThreadNode:
    """One node: its servers on unix sockets and the proxy before them.

    Args:
        plan: What does not change about it.
        port: Where clients connect.
        paths: The unix sockets.
        make_context: Makes its context once its first view is known.
    """

    pid: int | None = None

    def __init__(
        self,
        plan: NodePlan,
        port: ReservedPort,
        paths: NodePaths,
        make_context: Callable[[NodeView, Conduct], NodeContext],
    ) -> None:
        self._plan = plan
        self._paths = paths
        self._make_context = make_context
        self._context: NodeContext | None = None
        self._server: NodeServer | None = None
        self._http: HttpServer | None = None
        self._doorway = Doorway(
            Doors(*map(unix_dial, (paths.grpc, paths.plain, paths.http))),
            plan.client_certificates,
            plan.client_ca_pem,
        )
        self._proxy = Proxy(port, self._doorway.choose)

    @property
    def proxy(self) -> Proxy:
        """What passes its bytes on."""
        return self._proxy

    async def start(
        self, view: NodeView, conduct: Conduct, certificate: KeyPair | None
    ) -> None:
        """Serve; the second time on, only the proxy opens again.

        Args:
            view: What the node knows at first.
            conduct: How it misbehaves.
            certificate: What it presents; None is plaintext.
        """
        self._doorway.present(certificate)
        if self._context is None:
            self._context = self._make_context(view, conduct)
            await self._serve(self._context, certificate)
        else:
            self._context.restart()
            if certificate is not None:
                await self.present(certificate)
        await self.tell(view, conduct)
        self._proxy.listen()

    async def tell(self, view: NodeView, conduct: Conduct) -> float:
        """Change what the node knows.

        Args:
            view: The new view.
            conduct: The new conduct.
        """
        if self._context is not None:
            self._context.learn(view, conduct)
        self._doorway.greeting = conduct.greeting
        return time.monotonic()

    async def present(self, certificate: KeyPair) -> None:
        """Present another certificate.

        Args:
            certificate: The new one.
        """
        self._doorway.present(certificate)
        if self._server is not None:
            self._server.present(certificate)

    async def kill(self) -> None:
        """Cut all connections and refuse new ones."""
        self._proxy.cut()
        # asyncio closes an aborted transport's socket in its next two rounds.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def freeze(self) -> None:
        """Leave connections open and silent."""
        self._proxy.stall()

    async def thaw(self) -> None:
        """Go on."""
        self._proxy.resume()

    async def close(self) -> None:
        """Stop for good."""
        await self._proxy.aclose()
        if self._http is not None:
            await self._http.stop()
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def _serve(self, context: NodeContext, certificate: KeyPair | None) -> None:
        plan, paths = self._plan, self._paths
        self._server = NodeServer(context, plan.max_streams, plan.demanded_ca_pem)
        self._http = HttpServer(context)
        plain = None if certificate is None else f"unix:{paths.plain}"
        await self._server.start(f"unix:{paths.grpc}", certificate, plain)
        await self._http.start(paths.http)
