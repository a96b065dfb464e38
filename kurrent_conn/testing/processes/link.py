"""Values between processes of one cluster: pickled, with their length before them.

Both ends are this package, started by this package on one machine; nobody else can
reach the sockets.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

_HEADER: Final = struct.Struct("!I")


class Link(asyncio.Protocol):
    """One end of a connection.

    Args:
        on_message: Gets every value that arrives, in order.
        on_lost: Called once when the other end is gone.
    """

    def __init__(
        self, on_message: Callable[[Any], None], on_lost: Callable[[], None]
    ) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def send(self, value: object) -> None:
        """Send a value; it is lost when the other end is gone.

        Args:
            value: Anything that pickles.
        """
        if self._transport is not None:
            body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            self._transport.write(_HEADER.pack(len(body)) + body)

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take the whole values out of what has arrived."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= _HEADER.size:
            (length,) = _HEADER.unpack_from(buffer, start)
            end = start + _HEADER.size + length
            if len(buffer) < end:
                break
            value = pickle.loads(memoryview(buffer)[start + _HEADER.size : end])  # noqa: S301 - the other end is ours
            start = end
            self._on_message(value)
        del buffer[:start]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """Pass the news on."""
        self._transport = None
        self._on_lost()


async def attach(end: socket.socket, link: Link) -> None:
    """Put a link on a connected socket, which it then owns.

    Args:
        end: The socket.
        link: The link.
    """
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: link, end)


class Replies:
    """Answers that are awaited, by number."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0

    def expect(self) -> tuple[int, asyncio.Future[Any]]:
        """Give a fresh number and what will hold its answer."""
        self._last += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = future
        return self._last, future

    def settle(self, number: int, answer: object) -> None:
        """Hand over an answer; of no effect when nobody waits any more.

        Args:
            number: Which.
            answer: What came.
        """
        future = self._waiting.pop(number, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def abandon(self) -> None:
        """Fail everything that is awaited: the other end is gone."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the other end is gone"))
        self._waiting.clear()
