"""A port of 127.0.0.1 that stays ours while nobody listens on it.

A dead node refuses connections, and comes back on the same port. A socket that is
bound and does not listen does both: the system refuses connections to it and gives
the port to nobody else, while a server of ours may bind it beside.
"""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """One port.

    Args:
        port: Which; 0 lets the system choose.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]

    def listen(self) -> socket.socket:
        """Open a listening, non-blocking socket on the port."""
        listener = _bound(self.port)
        listener.setblocking(False)
        listener.listen(socket.SOMAXCONN)
        return listener

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def _bound(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((LOOPBACK, port))
    except OSError:
        opened.close()
        raise
    return opened
