"""One node as a process: its own server, its own copy of the log."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from kurrent_conn.testing.log.event_log import EventLog
from kurrent_conn.testing.processes.link import Link, Replies
from kurrent_conn.testing.processes.process_message import (
    Asked,
    Decided,
    Done,
    Grown,
    Present,
    Propose,
    ServeNode,
    Tell,
)
from kurrent_conn.testing.processes.warm_up import warm_up
from kurrent_conn.testing.services.http_server import HttpServer
from kurrent_conn.testing.services.node_context import Commit, CommitResult, NodeContext
from kurrent_conn.testing.services.node_server import NodeServer


class NodeKeeper:
    """The node and its two links.

    Args:
        control: The link to the director.
    """

    def __init__(self, control: Link) -> None:
        self._control = control
        self._log = EventLog()
        self._replies = Replies()
        self._has_log = asyncio.Event()
        self._log_link: Link | None = None
        self._context: NodeContext | None = None
        self._server: NodeServer | None = None
        self._http: HttpServer | None = None

    async def serve(self, order: ServeNode) -> None:
        """Copy the log, then answer clients.

        Args:
            order: Which node to be.
        """
        loop = asyncio.get_running_loop()
        _, self._log_link = await loop.create_unix_connection(
            lambda: Link(self._heard, self._replies.abandon), order.log_path
        )
        await self._has_log.wait()
        plan = order.plan
        self._context = NodeContext(
            advertised=plan.advertised,
            access=plan.access,
            version=plan.version,
            log=self._log,
            commit=self._commit,
            request=lambda errand: self._control.send(Asked(errand)),
            view=order.view,
            conduct=order.conduct,
            forward_timeout_s=plan.forward_timeout_s,
        )
        self._server = NodeServer(self._context, plan.max_streams, plan.demanded_ca_pem)
        tls = order.certificate is not None
        if order.paths is None:
            await self._server.start(str(plan.listens), order.certificate)
            await warm_up(plan.listens, tls=tls)
            return
        paths = order.paths
        plain = f"unix:{paths.plain}" if tls else None
        await self._server.start(f"unix:{paths.grpc}", order.certificate, plain)
        await warm_up(paths.grpc, tls=tls)
        self._http = HttpServer(self._context)
        await self._http.start(paths.http)

    def obey(self, message: Any) -> None:
        """Carry out an order of the director.

        Args:
            message: A `Tell` or a `Present`.
        """
        match message:
            case Tell(number, view, conduct) if self._context is not None:
                self._context.learn(view, conduct)
                self._control.send(Done(number, time.monotonic()))
            case Present(number, certificate) if self._server is not None:
                self._server.present(certificate)
                self._control.send(Done(number, time.monotonic()))
            case _:
                raise TypeError(f"a node is not told {message!r}")

    def _heard(self, message: Any) -> None:
        match message:
            case Grown(records):
                self._log.apply(records)
                self._has_log.set()
            case Decided(number, result):
                self._replies.settle(number, result)
            case _:
                raise TypeError(f"the log does not say {message!r}")

    async def _commit(self, commit: Commit) -> CommitResult:
        number, decided = self._replies.expect()
        assert self._log_link is not None  # noqa: S101 - serve connected it
        self._log_link.send(Propose(number, commit.term, commit.command))
        result: CommitResult = await decided
        return result
