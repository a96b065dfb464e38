"""Small real servers on 127.0.0.1: TLS with any chain, and ports that are not TLS."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.shells.authority import Issued

SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""An empty HTTP/2 SETTINGS frame: how a server greets."""

Reply = Callable[[socket.socket], None]


class Port:
    """A listening server, its port, and what each visitor said to it."""

    def __init__(self, reply: Reply, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._reply = reply
        self._visitors: list[socket.socket] = []
        self.number: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self._visitors.append(visitor)
            visitor.settimeout(10)
            with suppress(OSError):
                self._reply(visitor)
            with suppress(OSError):
                visitor.close()

    def close(self) -> None:
        """Stop listening, hang up on a visitor, and wait for the thread."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for visitor in self._visitors:
            with suppress(OSError):
                visitor.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()


@contextmanager
def port(reply: Reply, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve every visitor of a port of its own with `reply`, one after another."""
    server = Port(reply, host)
    try:
        yield server.number
    finally:
        server.close()


def server_context(
    leaf: Issued,
    *,
    chain: Sequence[Issued] | None = None,
    alpn: Sequence[str] = ("h2", "http/1.1"),
    client_ca: Issued | None = None,
    client_required: bool = True,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Make a server's context that presents exactly `chain` (default: a sound one)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.maximum_version = newest
    with tempfile.TemporaryDirectory() as directory:
        certificate, key = Path(directory, "c"), Path(directory, "k")
        certificate.write_bytes(b"".join(each.pem for each in chain or leaf.chain))
        key.write_bytes(leaf.key_pem)
        context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if client_ca is not None:
        required = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
        context.verify_mode = required
        context.load_verify_locations(cadata=client_ca.pem.decode())
    return context


def greeting(context: ssl.SSLContext, heard: list[bytes] | None = None) -> Reply:
    """Handshake, note the first bytes, greet as HTTP/2 does, hang up."""

    def reply(visitor: socket.socket) -> None:
        with context.wrap_socket(visitor, server_side=True) as tls:
            said = tls.recv(24)
            if heard is not None:
                heard.append(said)
            tls.sendall(SETTINGS)
            with suppress(OSError):
                tls.unwrap()

    return reply


def recording(heard: list[bytes], context: ssl.SSLContext | None = None) -> Reply:
    """Write down all bytes that come, below TLS and above it; greet as HTTP/2 does.

    Args:
        heard: Where the bytes go, a piece an entry.
        context: How to serve TLS; None serves none.
    """

    def listen(visitor: socket.socket | ssl.SSLSocket) -> None:
        heard.append(visitor.recv(65536))
        visitor.sendall(SETTINGS)
        while piece := visitor.recv(65536):
            heard.append(piece)

    def reply(visitor: socket.socket) -> None:
        if context is None:
            listen(visitor)
            return
        heard.append(visitor.recv(65536, socket.MSG_PEEK))
        with context.wrap_socket(visitor, server_side=True) as tls:
            listen(tls)

    return reply
