"""Seeds that are there and never answer, in the two ways that need no root.

A packet filter that drops everything is seen by a client as a SYN that nobody answers.
Linux drops SYNs too when a listener's backlog is full, so such a listener will do.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Literal

Kind = Literal["drops", "accepts"]
"""`drops`: no connection comes about. `accepts`: it does, and nothing follows."""

_FILLING = 4
"""More than a backlog of 0 takes."""


@contextmanager
def black_holes(count: int, kind: Kind) -> Iterator[list[str]]:
    """Open seeds that never answer.

    Args:
        count: How many.
        kind: In which way.

    Yields:
        Their addresses, `host:port`.
    """
    with ExitStack() as stack:
        yield [_open(stack, kind) for _ in range(count)]


def _open(stack: ExitStack, kind: Kind) -> str:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    host, port = listener.getsockname()
    if kind == "drops":
        listener.listen(0)
        for _ in range(_FILLING):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            with suppress(BlockingIOError):
                filling.connect((host, port))
    return f"{host}:{port}"
