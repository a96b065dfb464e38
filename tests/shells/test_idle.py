"""What an idle connection sends, read off the wire: HTTP/2 pings, and nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import kurrent_conn
from kurrent_conn import aio
from tests.shells.aio.ask import ask as ask_on_a_loop
from tests.shells.blocking.ask import ask
from tests.shells.fake_cluster import WAIT_S, FakeCluster
from tests.shells.scripted_peer import PING, PREFACE_BYTES

INTERVAL_MS = 1000


class Tap:
    """A front of one port that keeps what clients send.

    Args:
        port: Where it passes everything on.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytearray] = []
        """What was sent, one entry a connection."""
        self._came = threading.Condition()
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                heard = bytearray()
                self.heard.append(heard)
                self._sockets += [client, server]
                for pair in ((client, server, heard), (server, client, None)):
                    thread = threading.Thread(target=self._pass_on, args=pair)
                    self._threads.append(thread)
                    thread.start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, heard: bytearray | None
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if heard is not None:
                    with self._came:
                        heard += data
                        self._came.notify_all()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def frames(self) -> list[tuple[int, int]]:
        """List the frames that were sent: connection and type, in order each."""
        return [
            (number, kind)
            for number, heard in enumerate(self.heard)
            for kind in _kinds(bytes(heard))
        ]

    def wait_for_pings(self, more: int) -> None:
        """Wait until so many more pings were sent."""
        with self._came:
            pings = self._pings() + more
            assert self._came.wait_for(lambda: self._pings() >= pings, WAIT_S)

    def _pings(self) -> int:
        return sum(kind == PING for _, kind in self.frames())

    def __enter__(self) -> Self:
        """Give the tap itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, threads included."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()


def _kinds(sent: bytes) -> Iterator[int]:
    """Read the types of whole frames behind the greeting."""
    at = PREFACE_BYTES
    while at + 9 <= len(sent):
        yield sent[at + 3]
        at += 9 + int.from_bytes(sent[at : at + 3])


def check_idle(tap: Tap) -> None:
    """Wait for keepalive, and see that nothing else was sent meanwhile."""
    tap.wait_for_pings(2)  # the first measures the connection, after the call
    before = tap.frames()
    tap.wait_for_pings(1)
    after = tap.frames()
    for each in before:
        after.remove(each)
    assert {kind for _, kind in after} == {PING}
    assert len(tap.heard) == 1, "another connection was made"


def target(tap: Tap) -> str:
    """Write a connection string that leads to the tap."""
    options = f"tls=false&keepAliveInterval={INTERVAL_MS}"
    return f"kurrentdb://127.0.0.1:{tap.port}?{options}"


def test_an_idle_connection_sends_nothing_but_pings(cluster: FakeCluster) -> None:
    """After a call no gossip, no probe: keepalive of HTTP/2 alone."""
    with (
        Tap(cluster.nodes[0].port) as tap,
        kurrent_conn.connect(target(tap)) as connection,
    ):
        assert ask(connection.channel, "unary_unary", b"a") == b"0:a"
        reads = cluster.nodes[0].gossip_reads
        check_idle(tap)
        assert cluster.nodes[0].gossip_reads == reads


async def test_an_idle_connection_on_a_loop_sends_nothing_but_pings(
    cluster: FakeCluster,
) -> None:
    """The same in asyncio."""
    with Tap(cluster.nodes[0].port) as tap:
        async with aio.connect(target(tap)) as connection:
            assert await ask_on_a_loop(connection.channel, "unary_unary", b"a")
            reads = cluster.nodes[0].gossip_reads
            await asyncio.to_thread(check_idle, tap)
            assert cluster.nodes[0].gossip_reads == reads
