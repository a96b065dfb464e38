"""The child's side of a process: `python -m kurrent_conn.testing.process FD`.

Reads on the inherited socket what it is to be, a node or the log, and is that until
the socket closes. Started by `process_stage` alone.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from typing import Any, Final

from kurrent_conn.testing.link import Link, attach
from kurrent_conn.testing.log_process import LogKeeper
from kurrent_conn.testing.node_process import NodeKeeper
from kurrent_conn.testing.process_message import Failed, Ready, ServeLog

_PR_SET_PDEATHSIG: Final = 1


def main(descriptor: int) -> None:
    """Be what the other end of a socket says.

    Args:
        descriptor: The inherited socket.
    """
    _die_with_parent()
    asyncio.run(_run(socket.socket(fileno=descriptor)))


async def _run(control: socket.socket) -> None:
    orders: asyncio.Queue[Any] = asyncio.Queue()
    # A socket that closes means that the cluster is gone: nothing is worth a goodbye.
    link = Link(orders.put_nowait, lambda: os._exit(0))
    await attach(control, link)
    first = await orders.get()
    try:
        keeper = await _serve(link, first)
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
