"""Nodes as processes of their own: killed by SIGKILL, frozen by SIGSTOP.

The log is one more process, so that what a node acknowledged survives it, and a
frozen node holds nobody up. Every process hangs on a socket of this one, and dies
with it.
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
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.gossip_view import NodeView
from kurrent_conn.testing.link import Link, Replies, attach
from kurrent_conn.testing.node_context import Errand
from kurrent_conn.testing.process_message import (
    Asked,
    Done,
    Failed,
    Present,
    Ready,
    ServeLog,
    ServeNode,
    SetGate,
    Tell,
)
from kurrent_conn.testing.stage import Gate, NodeDriver, NodePlan

_START_TIMEOUT_S: Final = 20.0
_PACKAGE_ROOT: Final = Path(kurrent_conn.__file__).parent.parent


class ProcessStage:
    """The log's process, and a place to make nodes.

    Args:
        directory: Where the log's unix socket goes; a short path.
    """

    def __init__(self, directory: Path) -> None:
        self._path = str(directory / "log.sock")
        self._log = Child(lambda _: None, lambda: None)
        self._nodes: list[ProcessNode] = []

    async def open(self) -> None:
        """Start the log, and all processes with it: most of it is imports."""
        for node in self._nodes:
            node.spawn()
        await self._log.start(ServeLog(self._path))

    def node(self, plan: NodePlan, request: Callable[[Errand], None]) -> NodeDriver:
        """Make a node.

        Args:
            plan: What does not change about it.
            request: Where its errands go.
        """
        node = ProcessNode(plan, self._path, request)
        self._nodes.append(node)
        return node

    async def set_gate(self, gate: Gate) -> None:
        """Say from whom the log takes commands; it does so when this returns.

        Args:
            gate: The current election and whether its leader is there.
        """
        await self._log.ask(lambda number: SetGate(number, gate))

    async def close(self) -> None:
        """Kill every process."""
        await asyncio.gather(*(node.kill() for node in self._nodes), self._log.kill())


class ProcessNode:
    """One node.

    Args:
        plan: What does not change about it.
        log_path: Where the log listens.
        request: Where its errands go.
    """

    def __init__(
        self, plan: NodePlan, log_path: str, request: Callable[[Errand], None]
    ) -> None:
        self._plan = plan
        self._log_path = log_path
        self._request = request
        self._child = self._new_child()

    @property
    def pid(self) -> int | None:
        """The process id; None when it is dead."""
        return self._child.pid

    def spawn(self) -> None:
        """Start a process that does not know yet what it is to be."""
        self._child.spawn()

    async def start(
        self, view: NodeView, conduct: Conduct, certificate: KeyPair | None
    ) -> None:
        """Wait until a process, started now or before, answers as this node.

        Args:
            view: What the node knows at first.
            conduct: How it misbehaves.
            certificate: What it presents; None is plaintext.
        """
        if self._child.is_spent:
            self._child = self._new_child()
        order = ServeNode(self._plan, view, conduct, certificate, self._log_path)
        await self._child.start(order)

    async def tell(self, view: NodeView, conduct: Conduct) -> float:
        """Change what the node knows.

        Args:
            view: The new view.
            conduct: The new conduct.
        """
        return await self._child.ask(lambda number: Tell(number, view, conduct))

    async def present(self, certificate: KeyPair) -> None:
        """Present another certificate.

        Args:
            certificate: The new one.
        """
        self._child.send(Present(certificate))

    async def kill(self) -> None:
        """Kill the process; it is gone when this returns."""
        await self._child.kill()

    async def freeze(self) -> None:
        """Stop the process."""
        self._child.signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        """Let the process go on."""
        self._child.signal(signal.SIGCONT)

    def _new_child(self) -> Child:
        def heard(message: Any) -> None:
            if isinstance(message, Asked):
                self._request(message.errand)

        # A process that somebody else killed is a node that was killed.
        return Child(heard, lambda: self._request(Errand.SHUT_DOWN))


class Child:
    """A process of this package and the socket to it.

    Args:
        on_message: Gets what is no answer to an order.
        on_death: Called when it died without `kill`.
    """

    def __init__(
        self, on_message: Callable[[Any], None], on_death: Callable[[], None]
    ) -> None:
        self._on_message = on_message
        self._on_death = on_death
        self._process: subprocess.Popen[bytes] | None = None
        self._link = Link(self._heard, self._lost)
        self._replies = Replies()
        self._ready: asyncio.Future[None] | None = None
        self._end: socket.socket | None = None
        self.is_spent = False

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return None if self._process is None else self._process.pid

    def spawn(self) -> None:
        """Start the process; it waits for its order."""
        self._end, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs.fileno())

    async def start(self, order: object) -> None:
        """Give the process its order, and wait until it serves.

        Args:
            order: What it is to be.

        Raises:
            RuntimeError: It could not, or died.
            TimeoutError: It did not.
        """
        self._ready = asyncio.get_running_loop().create_future()
        if self._end is None:
            self.spawn()
        assert self._end is not None  # noqa: S101 - spawn made it
        await attach(self._end, self._link)
        self._end = None
        self._link.send(order)
        await asyncio.wait_for(self._ready, _START_TIMEOUT_S)

    def send(self, message: object) -> None:
        """Send an order that needs no answer.

        Args:
            message: The order.
        """
        self._link.send(message)

    async def ask(self, order: Callable[[int], object]) -> float:
        """Send an order and wait until it is carried out, or the process is dead.

        Args:
            order: Makes the order from its number.

        Returns:
            The monotonic instant at which it was.
        """
        if self._process is None:
            return time.monotonic()
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
        if self._process is not None:
            os.kill(self._process.pid, number)

    async def kill(self) -> None:
        """Kill it and collect it."""
        process, self._process = self._process, None
        self.is_spent = True
        if process is None:
            return
        if self._end is not None:
            self._end.close()
            self._end = None
        process.kill()
        # SIGKILL needs a moment, in which the loop has nothing better to do.
        process.wait()
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
        if self._process is not None:
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
        [sys.executable, "-m", "kurrent_conn.testing.process", str(descriptor)],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        env=environment,
    )
