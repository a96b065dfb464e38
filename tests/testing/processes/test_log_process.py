"""The log of a cluster tells every node everything, whenever it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

from kurrent_conn.testing.log.event_log import Append
from kurrent_conn.testing.log.record import ANY, Proposal
from kurrent_conn.testing.processes.link import Link
from kurrent_conn.testing.processes.log_process import LogKeeper
from kurrent_conn.testing.processes.process_message import (
    Grown,
    Propose,
    ServeLog,
    SetGate,
)
from kurrent_conn.testing.stages.stage import Gate

NODES = 40
RECORDS = 400


class Control(Link):
    """The director's end, which nobody reads."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, lambda: None)


class Node:
    """A node's end: it counts what it is told.

    Args:
        news: Set whenever it is told something.

    Attributes:
        told: The revisions, in order.
    """

    def __init__(self, news: asyncio.Event) -> None:
        self.told: list[int] = []
        self.link = Link(self._heard, lambda: None)
        self._news = news

    def _heard(self, message: Any) -> None:
        if isinstance(message, Grown):
            self.told += [record.revision for record in message.records]
            self._news.set()

    async def connect(self, path: str) -> None:
        """Connect to the log."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self.link, path)


def proposal(number: int) -> Propose:
    """Propose one event."""
    event = Proposal(uuid4(), "type", "application/json", b"", b"")
    return Propose(number, 1, Append("s", ANY, (event,)))


async def test_a_node_that_comes_amid_appends_misses_none(tmp_path: Path) -> None:
    """What is appended while a connection comes about is told to it all the same."""
    keeper, path = LogKeeper(Control()), str(tmp_path / "log")
    server = await keeper.serve(ServeLog(path))
    keeper.obey(SetGate(1, Gate(term=1, is_open=True)))
    news = asyncio.Event()
    writer, others = Node(news), [Node(news) for _ in range(NODES)]
    await writer.connect(path)

    for number in range(RECORDS):
        writer.link.send(proposal(number))
        if number % (RECORDS // NODES) == 0:
            await others[number // (RECORDS // NODES)].connect(path)
    async with asyncio.timeout(30):
        while any(len(node.told) < RECORDS for node in others):
            await news.wait()
            news.clear()
    assert all(node.told == list(range(RECORDS)) for node in others)
    for node in (writer, *others):
        node.link.close()
    server.close()
