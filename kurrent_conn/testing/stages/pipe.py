"""One half of a connection that is passed on: what comes in here goes out there.

May be told to wait, to pass bytes on slowly, and to end as rudely as networks do.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

_DRIP_S: Final = 0.01
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Pipe(asyncio.Protocol):
    """One end of a linked pair.

    Args:
        pipes: All that are open; this one adds and removes itself.
    """

    def __init__(self, pipes: set[Pipe]) -> None:
        self.peer: Pipe | None = None
        self._pipes = pipes
        self._transport: asyncio.Transport | None = None
        self._holds = 0
        self._bytes_per_s: int | None = None
        self._late = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream
        self._transport = transport
        self._pipes.add(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, at once or in time."""
        if self._bytes_per_s is None and not self._late:
            self._pass_on(data)
            return
        if not self._late:
            self.pause()
        self._late += data
        self._drip()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """End the other end too."""
        self._pipes.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self.peer is not None:
            self.peer.abort()

    def pause_writing(self) -> None:
        """Read no more there while the buffer here is full."""
        if self.peer is not None:
            self.peer.pause()

    def resume_writing(self) -> None:
        """Read on there."""
        if self.peer is not None:
            self.peer.resume()

    def pause(self) -> None:
        """Read nothing until `resume` was called as often."""
        self._holds += 1
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Undo one `pause`."""
        # A full buffer, a stall and a trickle may hold the same pipe; the last one
        # lets go.
        self._holds = max(0, self._holds - 1)
        if self._holds == 0 and self._transport is not None:
            self._transport.resume_reading()

    def pace(self, bytes_per_s: int | None) -> None:
        """Pass bytes on slowly.

        Args:
            bytes_per_s: How many a second; None ends it.
        """
        self._bytes_per_s = bytes_per_s

    def abort(self, *, reset: bool = False) -> None:
        """Close at once.

        Args:
            reset: Whether by RST; else by FIN, as a close has it.
        """
        if self._transport is None:
            return
        if reset:
            opened = self._transport.get_extra_info("socket")
            if opened is not None and opened.family == socket.AF_INET:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()

    def _pass_on(self, data: bytes | bytearray) -> None:
        if self.peer is not None and self.peer._transport is not None:  # noqa: SLF001 - the other end of the same pipe
            self.peer._transport.write(data)  # noqa: SLF001 - as above

    def _drip(self) -> None:
        if self._timer is not None:
            return
        if self._bytes_per_s is None:
            drop = len(self._late)
        else:
            drop = max(1, round(self._bytes_per_s * _DRIP_S))
        self._pass_on(bytes(self._late[:drop]))
        del self._late[:drop]
        if self._late:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_DRIP_S, self._drip_again)
        else:
            self.resume()

    def _drip_again(self) -> None:
        self._timer = None
        self._drip()
