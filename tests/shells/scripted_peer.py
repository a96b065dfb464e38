"""A peer that speaks just enough HTTP/2 to end a call in any way that is asked for.

A script is what happens on one connection, in order; `tls_server.port` serves it.
Nothing is decompressed: a request's headers are only counted.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.shells.tls_server import SETTINGS, Reply

PREFACE_BYTES: Final = 24
"""How long the client's greeting is. Source: RFC 9113, section 3.4."""

DATA, HEADERS, RST_STREAM, SETTINGS_FRAME, PING, GOAWAY = 0, 1, 3, 4, 6, 7
"""Types of frames. Source: RFC 9113, section 6."""

ACK = END_STREAM = 0x1
END_HEADERS: Final = 0x4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR = 0, 1, 2
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11
"""Error codes. Source: RFC 9113, section 7."""

Script = Callable[["Peer"], None]
"""What a peer does on one connection; when it returns, the peer hangs up."""


class Peer:
    """The server's end of one connection.

    Args:
        visitor: The connection.
    """

    def __init__(self, visitor: socket.socket) -> None:
        self._visitor = visitor
        self._greeted = False
        self.stream = 0
        """The stream of the last request; 0 before the first."""

    def await_request(self) -> None:
        """Greet, and read until a request has come in whole."""
        self._greet()
        while True:
            kind, flags, stream = self._read_frame()
            if kind == HEADERS:
                self.stream = stream
            if kind in {HEADERS, DATA} and flags & END_STREAM:
                return

    def listen(self, *, answering_pings: bool = True) -> None:
        """Read until the client hangs up, and say nothing of one's own."""
        self._greet()
        with suppress(OSError):
            while True:
                self._read_frame(answering_pings=answering_pings)

    def send(self, kind: int, payload: bytes, flags: int = 0, stream: int = 0) -> None:
        """Send one frame."""
        head = struct.pack(">I", len(payload))[1:] + bytes((kind, flags))
        self._visitor.sendall(head + struct.pack(">I", stream) + payload)

    def send_headers(self, *fields: tuple[str, str], end: bool = False) -> None:
        """Send headers, or trailers, in answer to the last request."""
        flags = END_HEADERS | (END_STREAM if end else 0)
        self.send(HEADERS, b"".join(map(_literal, fields)), flags, self.stream)

    def send_message(self, message: bytes) -> None:
        """Send one gRPC message in answer to the last request."""
        payload = b"\0" + struct.pack(">I", len(message)) + message
        self.send(DATA, payload, 0, self.stream)

    def reset_stream(self, error: int) -> None:
        """End the last request's stream with an error code."""
        self.send(RST_STREAM, struct.pack(">I", error), 0, self.stream)

    def go_away(self, last_stream: int, error: int = NO_ERROR, text: str = "") -> None:
        """Say that no stream above `last_stream` was, or will be, looked at."""
        self.send(GOAWAY, struct.pack(">II", last_stream, error) + text.encode())

    def reset_connection(self) -> None:
        """Hang up as the system does for a process that left bytes unread."""
        self._visitor.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._visitor.close()

    def say(self, raw: bytes) -> None:
        """Send what is no HTTP/2 at all, and wait for the client to hang up."""
        self._visitor.sendall(raw)
        self._wait_for_the_end()

    def say_no_more(self) -> None:
        """Hang up so that the client reads all that was sent before."""
        self._visitor.shutdown(socket.SHUT_WR)
        self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        while self._visitor.recv(4096):
            pass

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._read(PREFACE_BYTES)
            self._visitor.sendall(SETTINGS)

    def _read_frame(self, *, answering_pings: bool = True) -> tuple[int, int, int]:
        head = self._read(9)
        payload = self._read(int.from_bytes(head[:3]))
        kind, flags = head[3], head[4]
        if kind == SETTINGS_FRAME and not flags & ACK:
            self.send(SETTINGS_FRAME, b"", ACK)
        if kind == PING and not flags & ACK and answering_pings:
            self.send(PING, payload, ACK)
        return kind, flags, int.from_bytes(head[5:])

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._visitor.recv(count - len(data))
            if not more:
                raise ConnectionResetError("the client hung up")
            data += more
        return data


def _literal(field: tuple[str, str]) -> bytes:
    """Write a header field that no table knows. Source: RFC 7541, section 6.2.2."""
    written = b"\0"
    for text in field:
        raw = text.encode()
        assert len(raw) < 127, "longer ones need a length of several bytes"
        written += bytes((len(raw),)) + raw
    return written


def played(script: Script) -> Reply:
    """Serve a connection by a script.

    Args:
        script: What happens on it.
    """
    return lambda visitor: script(Peer(visitor))
