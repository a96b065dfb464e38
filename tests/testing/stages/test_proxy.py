"""`testing.proxy` does to connections what dying and stopped processes do."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from kurrent_conn.testing.stages.doorway import Way
from kurrent_conn.testing.stages.proxy import Proxy
from kurrent_conn.testing.stages.reserved_port import LOOPBACK, ReservedPort

DEADLINE_S = 10.0
BIG = b"x" * 1_000_000

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self._transport.write(data)


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[tuple[Proxy, ReservedPort]]:
    """A proxy before an echo."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, LOOPBACK, 0)
    back = server.sockets[0].getsockname()[1]

    async def dial(
        protocol: Callable[[], asyncio.Protocol],
    ) -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        return await loop.create_connection(protocol, LOOPBACK, back)

    port = ReservedPort()
    front = Proxy(port, lambda _: Way(dial))
    front.listen()
    yield front, port
    await front.aclose()
    port.close()
    server.close()
    await server.wait_closed()


async def connect(port: ReservedPort) -> Ends:
    """Connect and exchange a word."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    return reader, writer


async def test_a_connection_cut_as_it_comes_is_closed(
    proxy: tuple[Proxy, ReservedPort],
) -> None:
    """A cut in the same turn of the loop as the accept leaves no socket open."""
    front, port = proxy
    with socket.create_connection((LOOPBACK, port.port), DEADLINE_S) as client:
        front._accept()
        (task,) = front._tasks
        front.cut()
        await asyncio.wait({task})
        gc.collect()  # a socket that nobody closed warns here, and fails the test
        assert await asyncio.to_thread(client.recv, 1) == b""


async def close(writer: asyncio.StreamWriter) -> None:
    """Close the client's end."""
    writer.close()
    try:
        await writer.wait_closed()
    except ConnectionError:
        """The other end was quicker."""


async def test_bytes_come_back_whole(proxy: tuple[Proxy, ReservedPort]) -> None:
    """More than any buffer holds passes in both directions."""
    _, port = proxy
    reader, writer = await connect(port)
    writer.write(BIG)
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.readexactly(len(BIG)) == BIG
    await close(writer)


async def test_cut_ends_and_refuses(proxy: tuple[Proxy, ReservedPort]) -> None:
    """Open connections end at once, new ones are refused, until it listens again."""
    front, port = proxy
    reader, writer = await connect(port)
    front.cut()
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port.port)
    await close(writer)
    front.listen()
    _, again = await connect(port)
    await close(again)


async def test_a_reset_is_a_reset(proxy: tuple[Proxy, ReservedPort]) -> None:
    """With RST the client's read fails; new connections are taken."""
    front, port = proxy
    reader, writer = await connect(port)
    front.drop_connections(reset=True)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    await close(writer)
    _, again = await connect(port)
    await close(again)


async def test_a_stall_loses_nothing(proxy: tuple[Proxy, ReservedPort]) -> None:
    """Old and new connections stay open and silent, and go on where they stopped."""
    front, port = proxy
    reader, writer = await connect(port)
    front.stall()
    writer.write(b"later")
    late_reader, late_writer = await asyncio.open_connection(LOOPBACK, port.port)
    late_writer.write(b"new")
    for silent in (reader, late_reader):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await silent.readexactly(1)
    front.resume()
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.readexactly(5) == b"later"
        assert await late_reader.readexactly(3) == b"new"
    await close(writer)
    await close(late_writer)


async def test_a_trickle_is_slow_and_whole(proxy: tuple[Proxy, ReservedPort]) -> None:
    """Bytes come at the given pace, and the rest at once when that ends."""
    front, port = proxy
    reader, writer = await connect(port)
    front.trickle(10_000)
    started = time.monotonic()
    writer.write(BIG[:2000])
    async with asyncio.timeout(DEADLINE_S):
        await reader.readexactly(2000)
    assert time.monotonic() - started >= 0.15
    writer.write(BIG)
    front.trickle(None)
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.readexactly(len(BIG)) == BIG
    await close(writer)


def test_a_reserved_port_refuses_and_is_nobody_elses() -> None:
    """Nobody listens there, and the system gives it to nobody."""
    port = ReservedPort()
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, port.port)) != 0
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, port.port))
    port.close()
    again = ReservedPort(port.port)
    again.close()
