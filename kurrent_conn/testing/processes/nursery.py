"""The parent's side of a cluster's processes: who forks them, and who they are.

See `process` for why there is one process that does nothing but fork.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import kurrent_conn
from kurrent_conn.testing.processes.link import Link, Replies, attach
from kurrent_conn.testing.processes.process_message import (
    BORN,
    NOTICE,
    Done,
    Failed,
    Ready,
)
from kurrent_conn.testing.processes.process_state import has_stopped

_START_TIMEOUT_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.001
_PACKAGE_ROOT: Final = Path(kurrent_conn.__file__).parent.parent


class Nursery(asyncio.Protocol):
    """The process that forks, and news of its forks."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._buffer = b""
        self._births: list[asyncio.Future[int]] = []
        self._exits: dict[int, asyncio.Event] = {}

    async def open(self) -> None:
        """Start the process that forks."""
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs.fileno())
        self._control.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: self, self._control)

    async def fork(self, end: socket.socket) -> tuple[int, asyncio.Event]:
        """Make a process.

        Args:
            end: The socket that it gets; ours is closed.

        Returns:
            Its id, and what is set once it is gone with all its sockets.

        Raises:
            RuntimeError: The process that forks is not there.
        """
        if self._control is None:
            raise RuntimeError("the process that forks the nodes is gone")
        born: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._births.append(born)
        with end:
            socket.send_fds(self._control, [b"f"], [end.fileno()])
        pid = await asyncio.wait_for(born, _START_TIMEOUT_S)
        return pid, self._exits[pid]

    async def close(self) -> None:
        """End the process that forks; its forks must be gone."""
        if self._transport is not None:
            self._transport.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        await asyncio.sleep(0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Note births and exits."""
        self._buffer += data
        whole = len(self._buffer) - len(self._buffer) % NOTICE.size
        for kind, pid in NOTICE.iter_unpack(self._buffer[:whole]):
            if kind == BORN:
                self._exits[pid] = asyncio.Event()
                born = self._births.pop(0)
                if not born.done():  # whoever asked may have been cancelled meanwhile
                    born.set_result(pid)
            else:
                self._exits.pop(pid).set()
        self._buffer = self._buffer[whole:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """Fail what waits: there will be no more forks."""
        self._control = None
        for born in self._births:
            if not born.done():
                born.set_exception(RuntimeError("the process that forks died"))
        self._births.clear()
        for gone in self._exits.values():
            gone.set()


class Child:
    """A process of this package and the socket to it; used once.

    Args:
        nursery: Who forks it.
        on_message: Gets what is no answer to an order.
        on_death: Called when it died without `kill`.
    """

    def __init__(
        self,
        nursery: Nursery,
        on_message: Callable[[Any], None],
        on_death: Callable[[], None],
    ) -> None:
        self._nursery = nursery
        self._on_message = on_message
        self._on_death = on_death
        self._link = Link(self._heard, self._lost)
        self._replies = Replies()
        self._ready: asyncio.Future[None] | None = None
        self._gone: asyncio.Event | None = None
        self._knows_itself = False
        self.pid: int | None = None

    async def start(self, order: object) -> None:
        """Fork, and wait until the process serves.

        Args:
            order: What it is to be.

        Raises:
            RuntimeError: It could not, or died.
            TimeoutError: It did not.
        """
        self._ready = asyncio.get_running_loop().create_future()
        mine, theirs = socket.socketpair()
        try:
            self.pid, self._gone = await self._nursery.fork(theirs)
            await attach(mine, self._link)
            self._link.send(order)
            self._knows_itself = True
            await asyncio.wait_for(self._ready, _START_TIMEOUT_S)
        except BaseException:
            self._link.close()
            mine.close()
            raise

    def send(self, message: object) -> None:
        """Send an order that needs no answer.

        Args:
            message: The order.
        """
        self._link.send(message)

    async def ask(self, order: Callable[[int], object]) -> float:
        """Send an order and wait until it is carried out, or the process is dead.

        One that does not know yet what it is to be gets no order before.

        Args:
            order: Makes the order from its number.

        Returns:
            The monotonic instant at which it was.
        """
        if self.pid is not None and self._knows_itself:
            number, done = self._replies.expect()
            self._link.send(order(number))
            with suppress(ConnectionResetError):
                at: float = await done
                return at
        return time.monotonic()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal.

        Args:
            number: Which.
        """
        if self.pid is not None:
            os.kill(self.pid, number)

    async def freeze(self) -> None:
        """Stop it; none of its threads runs when this returns."""
        self.signal(signal.SIGSTOP)
        while self.pid is not None and not has_stopped(self.pid):  # noqa: ASYNC110 - the system has no event for it
            await asyncio.sleep(_LOOK_EVERY_S)

    async def kill(self) -> None:
        """Kill it; it is gone with all its sockets when this returns."""
        pid, self.pid = self.pid, None
        if self._gone is None:
            return
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Whoever comes while another kills it waits as well: the loop may end after.
        await self._gone.wait()
        self._link.close()
        self._replies.abandon()
        await asyncio.sleep(0)

    def _heard(self, message: Any) -> None:
        match message:
            case Done(number, at):
                self._replies.settle(number, at)
            case Ready():
                self._settle_ready(None)
            case Failed(reason):
                self._settle_ready(RuntimeError(f"a node did not start: {reason}"))
            case _:
                self._on_message(message)

    def _lost(self) -> None:
        self._replies.abandon()
        self._settle_ready(RuntimeError("a process of the cluster died at its start"))
        if self.pid is not None:
            self._on_death()

    def _settle_ready(self, error: Exception | None) -> None:
        if self._ready is None or self._ready.done():
            return
        if error is None:
            self._ready.set_result(None)
        else:
            self._ready.set_exception(error)


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    # The child must find this very package, wherever the parent found it.
    paths = [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [
            sys.executable,
            "-m",
            "kurrent_conn.testing.processes.process",
            str(descriptor),
        ],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        env=environment,
    )
