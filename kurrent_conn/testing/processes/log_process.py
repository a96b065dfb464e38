"""The log of a cluster as a process: it outlives every node.

Decides commands one after another, tells every connected node what is new, then the
asker what became of its command. A node that is frozen costs memory, never time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from kurrent_conn.testing.log.event_log import EventLog, records_of
from kurrent_conn.testing.processes.link import Link
from kurrent_conn.testing.processes.process_message import (
    Decided,
    Done,
    Grown,
    Propose,
    ServeLog,
    SetGate,
)
from kurrent_conn.testing.services.node_context import CommitResult, Fenced, now_ticks
from kurrent_conn.testing.stages.stage import Gate


class LogKeeper:
    """The log and who listens to it.

    Args:
        control: The link to the director.
    """

    def __init__(self, control: Link) -> None:
        self._control = control
        self._log = EventLog()
        self._gate = Gate(term=0, is_open=False)
        self._links: set[Link] = set()

    async def serve(self, order: ServeLog) -> asyncio.Server:
        """Take connections of nodes, until the server given is closed.

        Args:
            order: Where.
        """
        loop = asyncio.get_running_loop()
        return await loop.create_unix_server(self._connected, order.path)

    def obey(self, message: Any) -> None:
        """Carry out an order of the director.

        Args:
            message: A `SetGate`.
        """
        if isinstance(message, SetGate):
            self._gate = message.gate
            self._control.send(Done(message.number, time.monotonic()))

    def _connected(self) -> _NodeLink:
        return _NodeLink(self._propose, self._everything, self._links)

    def _everything(self) -> Grown:
        return Grown(tuple(self._log.records))

    def _propose(self, link: Link, message: Propose) -> None:
        result = self._decide(message)
        if records := records_of(result):
            self._log.apply(records)
            news = Grown(records)
            for listener in self._links:
                listener.send(news)
        link.send(Decided(message.number, result))

    def _decide(self, message: Propose) -> CommitResult:
        if not self._gate.is_open or message.term != self._gate.term:
            return Fenced.FENCED
        return self._log.decide(message.command, now_ticks())


class _NodeLink(Link):
    """A node's connection; it is told everything from its first moment on.

    That is when the connection stands, which is later than when this is made: what came
    between would be in neither the greeting nor the news.
    """

    def __init__(
        self, propose: Any, greeting: Callable[[], Grown], links: set[Link]
    ) -> None:
        super().__init__(
            lambda message: propose(self, message), lambda: links.discard(self)
        )
        self._greeting = greeting
        self._links = links

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.send(self._greeting())
        self._links.add(self)
