"""A TCP front: passes bytes on, until it is told to do worse.

What a process does by dying or by being stopped, the front does to the connections of
a node that is a thread: `cut` ends them as the system ends those of a dead process,
`stall` leaves them open and silent as those of a stopped one. New connections to a
stalled front are taken by the system and never looked at, as there. What networks do
beside that: `drop_connections`, by FIN or by RST, and `trickle`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from kurrent_conn.testing.stages.reserved_port import ReservedPort

_DRIP_S: Final = 0.01
_LINGER_NOT: Final = struct.pack("ii", 1, 0)

Dial = Callable[
    [Callable[[], asyncio.Protocol]],
    Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]],
]


class Proxy:
    """The front of one port.

    Args:
        port: Where clients connect.
        dial: Connects to what is behind, with the protocol that it is given.
    """

    def __init__(self, port: ReservedPort, dial: Dial) -> None:
        self._port = port
        self._dial = dial
        self._listener: socket.socket | None = None
        self._is_stalled = False
        self._bytes_per_s: int | None = None
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Take connections; does nothing when it does already."""
        if self._listener is None:
            self._listener = self._port.listen()
            self._watch()

    def cut(self) -> None:
        """End all connections and refuse new ones, at once."""
        if self._listener is not None:
            self._unwatch()
            self._listener.close()
            self._listener = None
        self.drop_connections()
        self._is_stalled = False

    def drop_connections(self, *, reset: bool = False) -> None:
        """End all connections; new ones are taken.

        Args:
            reset: Whether by RST; else by FIN, as a close has it.
        """
        for task in tuple(self._tasks):
            task.cancel()
        for pipe in tuple(self._pipes):
            pipe.abort(reset=reset)

    def trickle(self, bytes_per_s: int | None) -> None:
        """Pass bytes on slowly.

        Args:
            bytes_per_s: How many a second, for each direction of a connection; None
                ends it.
        """
        self._bytes_per_s = bytes_per_s
        for pipe in self._pipes:
            pipe.pace(bytes_per_s)

    def stall(self) -> None:
        """Pass nothing on in either direction, and keep everything open."""
        if not self._is_stalled:
            self._unwatch()
        self._is_stalled = True
        for pipe in self._pipes:
            pipe.pause()

    def resume(self) -> None:
        """Go on where `stall` stopped; nothing was lost."""
        if self._is_stalled:
            self._is_stalled = False
            self._watch()
            for pipe in self._pipes:
                pipe.resume()

    async def aclose(self) -> None:
        """Cut, and wait until nothing of it runs any more."""
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _unwatch(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)

    def _accept(self) -> None:
        if self._listener is None:
            return
        with suppress(BlockingIOError, ConnectionError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.get_running_loop().create_task(self._link(client))
            self._tasks.add(task)
            task.add_done_callback(partial(self._linked, client))

    def _linked(self, client: socket.socket, task: asyncio.Task[None]) -> None:
        # Here and not in the task: one that is cancelled before its first step never
        # gets to close anything.
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if task.cancelled() or failure is not None:
            client.close()
        if failure is not None and not isinstance(failure, OSError):
            raise failure

    async def _link(self, client: socket.socket) -> None:
        front = _Pipe(self._pipes)
        _, back = await self._dial(lambda: _Pipe(self._pipes))
        assert isinstance(back, _Pipe)  # noqa: S101 - the factory above made it
        front.peer, back.peer = back, front
        front.pace(self._bytes_per_s)
        back.pace(self._bytes_per_s)
        # Nothing is read before both ends know each other.
        back.pause()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: front, client
            )
        except (OSError, asyncio.CancelledError):
            back.abort()
            raise
        if self._is_stalled:
            front.pause()
        else:
            back.resume()


class _Pipe(asyncio.Protocol):
    """One end of a linked pair: what comes in here goes out there."""

    def __init__(self, pipes: set[_Pipe]) -> None:
        self.peer: _Pipe | None = None
        self._pipes = pipes
        self._transport: asyncio.Transport | None = None
        self._holds = 0
        self._bytes_per_s: int | None = None
        self._late = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream
        self._transport = transport
        self._pipes.add(self)

    def data_received(self, data: bytes) -> None:
        if self._bytes_per_s is None and not self._late:
            self._pass_on(data)
            return
        if not self._late:
            self.pause()
        self._late += data
        self._drip()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        self._pipes.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self.peer is not None:
            self.peer.abort()

    def pause_writing(self) -> None:
        if self.peer is not None:
            self.peer.pause()

    def resume_writing(self) -> None:
        if self.peer is not None:
            self.peer.resume()

    def pause(self) -> None:
        self._holds += 1
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        # A full buffer, a stall and a trickle may hold the same pipe; the last one
        # lets go.
        self._holds = max(0, self._holds - 1)
        if self._holds == 0 and self._transport is not None:
            self._transport.resume_reading()

    def pace(self, bytes_per_s: int | None) -> None:
        self._bytes_per_s = bytes_per_s

    def abort(self, *, reset: bool = False) -> None:
        if self._transport is None:
            return
        if reset:
            opened = self._transport.get_extra_info("socket")
            if opened is not None and opened.family == socket.AF_INET:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()

    def _pass_on(self, data: bytes | bytearray) -> None:
        if self.peer is not None and self.peer._transport is not None:  # noqa: SLF001 - the other end of the same pipe
            self.peer._transport.write(data)  # noqa: SLF001 - as above

    def _drip(self) -> None:
        if self._timer is not None:
            return
        if self._bytes_per_s is None:
            drop = len(self._late)
        else:
            drop = max(1, round(self._bytes_per_s * _DRIP_S))
        self._pass_on(bytes(self._late[:drop]))
        del self._late[:drop]
        if self._late:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_DRIP_S, self._drip_again)
        else:
            self.resume()

    def _drip_again(self) -> None:
        self._timer = None
        self._drip()
