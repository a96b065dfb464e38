"""What becomes of connections in a forked process: a clear error, and no harm done.

grpc's threads do not survive a fork: in the child a channel that the parent made hangs,
and using it can break the parent's; so can closing it. A new channel hangs as well,
unless grpc was told to expect forks. So in the child every inherited connection refuses
its calls, touches nothing of the parent's, and a new one is refused with the way out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakSet

from kurrent_conn.errors import ConfigurationError

_SUPPORT: Final = "GRPC_ENABLE_FORK_SUPPORT"
"""Source: grpc, `doc/fork_support.md`; grpc reads it once, when it is imported."""


class Inherited(Protocol):
    """A connection, as seen after a fork."""

    def abandon(self) -> None:
        """Refuse calls from now on, without touching grpc."""
        ...


_connections: Final[WeakSet[Inherited]] = WeakSet()
_kept: Final[list[Inherited]] = []
"""What the child inherited: never freed, since freeing a channel closes it."""

_was_forked = False


def register(connection: Inherited) -> None:
    """Remember a connection of this process.

    Args:
        connection: It is abandoned in every child that is forked from now on.
    """
    _connections.add(connection)


def check() -> None:
    """Refuse to make a connection that would hang.

    Raises:
        ConfigurationError: This process was forked from one that used grpc, and grpc
            was not told to expect that.
    """
    expected = os.environ.get(_SUPPORT, "").lower() in {"1", "true", "yes", "on"}
    if _was_forked and not expected:
        raise ConfigurationError(
            "this process was forked from one that had a connection, where grpc hangs; "
            "start processes by 'spawn' or 'forkserver', connect "
            f"only in the child, or set {_SUPPORT}=1 before grpc is imported"
        )


def _in_child() -> None:
    global _was_forked  # noqa: PLW0603 - a fact of the process
    if not _connections:
        return
    _was_forked = True
    _kept.extend(_connections)
    for connection in _kept:
        connection.abandon()


_register: Callable[..., None] | None = getattr(os, "register_at_fork", None)
if _register is not None:
    _register(after_in_child=_in_child)
