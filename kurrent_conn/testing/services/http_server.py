"""Plain HTTP/1.1 for one node, on a unix socket behind its front.

The front has ended TLS already and passes on only who speaks HTTP/1.1. Knows how
requests and answers are written; what is answered is decided in `http_answer`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from kurrent_conn.testing.services.http_answer import (
    HttpAnswer,
    HttpRequest,
    http_answer,
)
from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.service import never

_MOST_HEAD_BYTES: Final = 32 * 1024
"""Source: Kestrel's default (MaxRequestHeadersTotalSize)."""

_MOST_BODY_BYTES: Final = 1024 * 1024
_QUIET_S: Final = 0.1
_LONGEST_READ_OUT_S: Final = 2.0
_END: Final = b"\r\n\r\n"


class HttpServer:
    """A server that can be started once and stopped once.

    Args:
        node: Whose answers it gives.
    """

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self, path: str) -> None:
        """Listen.

        Args:
            path: Of the unix socket; one that a dead process left is replaced.
        """
        self._server = await asyncio.start_unix_server(
            self._serve, path, limit=_MOST_HEAD_BYTES
        )

    async def stop(self) -> None:
        """End every connection and stop listening."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in tuple(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio made one for this coroutine
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        try:
            with suppress(ConnectionError, EOFError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
                await _read_out(reader)
        finally:
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; give whether the connection goes on."""
        try:
            head = _read(await reader.readuntil(_END))
        except asyncio.LimitOverrunError:
            head = None
        conduct = self._node.conduct
        if conduct.delay_s:
            await asyncio.sleep(conduct.delay_s)
        if conduct.is_silent:
            await never()
        if head is None or head.body_bytes > _MOST_BODY_BYTES:
            writer.write(_written(HttpAnswer(HTTPStatus.BAD_REQUEST), goes_on=False))
            await writer.drain()
            return False
        await reader.readexactly(head.body_bytes)
        answer = http_answer(self._node, head.request)
        writer.write(_written(answer, goes_on=head.goes_on))
        if head.request.method != "HEAD":
            writer.write(answer.body)
        await writer.drain()
        return head.goes_on


async def _read_out(reader: asyncio.StreamReader) -> None:
    """Read on until the client ends, or is quiet for a moment.

    A close over bytes that nobody read is a reset, at which the client's system drops
    the answer. Source: RFC 9112, 9.6.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_READ_OUT_S):
            while await asyncio.wait_for(reader.read(_MOST_HEAD_BYTES), _QUIET_S):
                pass


@dataclass(frozen=True, slots=True)
class _Head:
    """A request without its body, which nothing here needs."""

    request: HttpRequest
    body_bytes: int
    goes_on: bool


def _read(head: bytes) -> _Head | None:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    words = first.split(" ")
    length = headers.get("content-length", "0")
    if (
        len(words) != 3  # noqa: PLR2004 - method, target, version
        or words[2] not in {"HTTP/1.1", "HTTP/1.0"}
        or not length.isdecimal()
        or "transfer-encoding" in headers
    ):
        return None
    method, target, version = words
    request = HttpRequest(method, target, headers.get("authorization"))
    wants_more = headers.get("connection", "").lower() != "close"
    return _Head(request, int(length), wants_more and version == "HTTP/1.1")


def _written(answer: HttpAnswer, *, goes_on: bool) -> bytes:
    """Write an answer up to its body."""
    known = {int(status): status.phrase for status in HTTPStatus}
    lines = [
        f"HTTP/1.1 {int(answer.status)} {known.get(answer.status, '')}",
        f"Date: {formatdate(usegmt=True)}",
    ]
    if answer.body:
        lines.append(f"Content-Type: {answer.content_type}")
    if answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(answer.body)}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if not goes_on:
        lines.append("Connection: close")
    return "\r\n".join((*lines, "", "")).encode("latin-1")
