"""A first connection from a fresh process to itself.

A forked process pays for its first handshake with page faults and lazy set-up, some
milliseconds that a server in service has long behind it; nobody should measure them.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Final

from kurrent_conn.core.endpoint import Endpoint

_HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""The HTTP/2 preface and an empty SETTINGS frame. Source: RFC 9113, 3.4."""

_TIMEOUT_S: Final = 1.0
_FRAME_HEADER_BYTES: Final = 9


async def warm_up(own: Endpoint | str, *, tls: bool) -> None:
    """Connect, greet, and wait for the greeting; what fails is left alone.

    Args:
        own: Where this process listens: an endpoint, or a unix socket.
        tls: Whether it serves TLS.
    """
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # It talks to itself, whatever certificate it was told to present.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
    with suppress(OSError, EOFError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await (
                asyncio.open_unix_connection(
                    own, ssl=context, server_hostname="localhost" if tls else None
                )
                if isinstance(own, str)
                else asyncio.open_connection(own.host, own.port, ssl=context)
            )
            writer.write(_HELLO)
            await reader.readexactly(_FRAME_HEADER_BYTES)
            writer.transport.abort()
