"""A TCP front: passes bytes on, until it is told to do worse.

What a process does by dying or by being stopped, the front does to the connections of
a node that is a thread: `cut` ends them as the system ends those of a dead process,
`stall` leaves them open and silent as those of a stopped one. New connections to a
stalled front are taken by the system and never looked at, as there. What networks do
beside that: `drop_connections`, by FIN or by RST, and `trickle`.

Where a connection goes is decided by its first bytes, which are looked at and left
where they are.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from kurrent_conn.testing.stages.doorway import Way
from kurrent_conn.testing.stages.opening import Opening, opening_of, wanted_bytes
from kurrent_conn.testing.stages.pipe import Pipe
from kurrent_conn.testing.stages.reserved_port import ReservedPort

_MOST_OPENING_BYTES: Final = 16 * 1024
"""A longer greeting is no greeting: a TLS record has no more."""


class Proxy:
    """The front of one port.

    Args:
        port: Where clients connect.
        choose: Says where a connection goes.
    """

    def __init__(self, port: ReservedPort, choose: Callable[[Opening], Way]) -> None:
        self._port = port
        self._choose = choose
        self._listener: socket.socket | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._bytes_per_s: int | None = None
        self._pipes: set[Pipe] = set()
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
        self._flows.set()

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
        if self._flows.is_set():
            self._unwatch()
        self._flows.clear()
        for pipe in self._pipes:
            pipe.pause()

    def resume(self) -> None:
        """Go on where `stall` stopped; nothing was lost."""
        if not self._flows.is_set():
            self._flows.set()
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
        opening = await _first_bytes(client)
        if not opening:
            raise ConnectionAbortedError
        await self._flows.wait()
        way = self._choose(opening_of(opening))
        front = Pipe(self._pipes)
        _, back = await way.dial(lambda: Pipe(self._pipes))
        assert isinstance(back, Pipe)  # noqa: S101 - the factory above made it
        front.peer, back.peer = back, front
        front.pace(self._bytes_per_s)
        back.pace(self._bytes_per_s)
        # Nothing is read before both ends know each other.
        back.pause()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: front, client, ssl=way.ends_tls
            )
        except BaseException:
            back.abort()
            raise
        if self._flows.is_set():
            back.resume()
        else:
            front.pause()


async def _first_bytes(client: socket.socket) -> bytes:
    """Look at what a client sent first; empty when it went away without a word."""
    wanted = 1
    while True:
        # The system wakes nobody before so many bytes are there, or no more will come.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
        await _until_readable(client)
        seen = client.recv(_MOST_OPENING_BYTES, socket.MSG_PEEK)
        is_all = len(seen) < wanted
        wanted = min(wanted_bytes(seen), _MOST_OPENING_BYTES)
        if is_all or len(seen) >= wanted:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            return seen


async def _until_readable(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(client, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(client)
