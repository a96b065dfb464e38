"""One loop a connection: a `grpc.aio` channel works only on the loop that made it."""

from __future__ import annotations

import asyncio


def check_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Make sure that the caller runs on a connection's own loop.

    Args:
        loop: The loop that the connection was made on.

    Raises:
        RuntimeError: The caller runs on another loop, in another thread, or outside
            of any.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is not loop:
        raise RuntimeError(
            "this connection belongs to another event loop; make one a loop, and use "
            "it only from coroutines and callbacks of that loop"
        )
