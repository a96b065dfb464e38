"""A port that takes connections and never says a word: a black hole on loopback.

The system completes handshakes for a listening socket by itself; nobody accepts, so
whoever connects waits for as long as it has patience.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from kurrent_conn.testing.stages.reserved_port import LOOPBACK


class SilentPort:
    """One port, a context manager."""

    def __init__(self) -> None:
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Give the port itself."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
