"""A port of an address of this machine that stays ours while nobody listens on it.

A dead node refuses connections, and comes back on the same port. A socket that is
bound and does not listen does both: the system refuses connections to it and gives
the port to nobody else, while a server of ours may bind it beside.
"""

from __future__ import annotations

import socket

from kurrent_conn.core.endpoint import Endpoint

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """One port.

    Args:
        port: Which; 0 lets the system choose.
        host: The address, IPv4.

    Raises:
        OSError: The machine has no such address, or the port is somebody else's.
    """

    def __init__(self, port: int = 0, host: str = LOOPBACK) -> None:
        self.host = host
        self._socket = self._bound(port)
        self.port: int = self._socket.getsockname()[1]

    @property
    def endpoint(self) -> Endpoint:
        """Where clients connect."""
        return Endpoint(self.host, self.port)

    def listen(self) -> socket.socket:
        """Open a listening, non-blocking socket on the port."""
        listener = self._bound(self.port)
        listener.setblocking(False)
        listener.listen(socket.SOMAXCONN)
        return listener

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def opened(self) -> socket.socket:
        """Open a TCP socket; a network namespace of its own is chosen here."""
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def _bound(self, port: int) -> socket.socket:
        opened = self.opened()
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((self.host, port))
        except OSError as error:
            opened.close()
            # The system's own message does not say which address.
            error.add_note(f"while a node was to listen on {self.host}:{port}")
            raise
        return opened
