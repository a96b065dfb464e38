"""The child's side: `python -m kurrent_conn.testing.processes.process FD`.

The first process imports everything and then only forks: imports are what starting
Python costs, and paying them once makes three nodes and a log, and every restart,
cheap. It never starts gRPC, which does not survive a fork. A fork reads on its own
socket what it is to be, a node or the log, and is that until the socket closes.

On the first process's socket: one byte with a descriptor asks for a fork; five bytes
answer `b` and the process id, or say later `x` and the id of a fork that ended.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import select
import signal
import socket
import sys
from typing import Any, Final

from kurrent_conn.testing.processes.link import Link, attach
from kurrent_conn.testing.processes.log_process import LogKeeper
from kurrent_conn.testing.processes.node_process import NodeKeeper
from kurrent_conn.testing.processes.process_message import (
    BORN,
    EXITED,
    NOTICE,
    Failed,
    Ready,
    ServeLog,
)

_PR_SET_PDEATHSIG: Final = 1


def main(descriptor: int) -> None:
    """Fork as told; a fork is what its own socket says.

    Args:
        descriptor: The inherited socket.
    """
    _die_with_parent()
    # What is imported stays; no fork need ever look through it for garbage.
    gc.freeze()
    asyncio.run(_be(_fork_as_told(socket.socket(fileno=descriptor))))


def _fork_as_told(control: socket.socket) -> socket.socket:
    """Fork whenever asked; return in a fork, with its socket."""
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _report_exits(control)
        if control in ready:
            asked, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not asked:
                # The cluster is gone; every fork sees that on its own socket.
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (control, woken, wakes):
                    end.close()
                _die_with_parent()
                return socket.socket(fileno=descriptors[0])
            os.close(descriptors[0])
            control.sendall(NOTICE.pack(BORN, pid))


def _report_exits(control: socket.socket) -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        control.sendall(NOTICE.pack(EXITED, pid))


async def _be(end: socket.socket) -> None:
    orders: asyncio.Queue[Any] = asyncio.Queue()
    # A socket that closes means that the cluster is gone: nothing is worth a goodbye.
    link = Link(orders.put_nowait, lambda: os._exit(0))
    await attach(end, link)
    try:
        keeper = await _serve(link, await orders.get())
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must know
        link.send(Failed(f"{type(error).__name__}: {error}"))
        return
    link.send(Ready())
    while True:
        keeper.obey(await orders.get())


async def _serve(link: Link, order: Any) -> NodeKeeper | LogKeeper:
    if isinstance(order, ServeLog):
        log = LogKeeper(link)
        await log.serve(order)
        return log
    node = NodeKeeper(link)
    await node.serve(order)
    return node


def _die_with_parent() -> None:
    """Ask for SIGKILL when the parent dies: a frozen process sees no closed socket."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
