"""The requests of one call, kept so that another attempt can send them again.

grpc.aio reads a call's requests in a task of the call, and throws `CancelledError` into
whatever that task waits for when the call ends: the caller's generator would die with
the first attempt. So attempts read from one shared list by a cursor of their own, and
one task of ours pulls from the caller's generator; it ends with the whole call.
A plain iterable cannot be interrupted: an attempt pulls from it where it stands.

After the last request grpc.aio tells the node that no more follow. Where the call has
just ended on the wire, and its status is not there yet, that fails, and grpc.aio then
cancels the call: its caller would get `CancelledError`, which nobody asked for, in the
place of the status. So we tell the node ourselves, and leave such a failure to the
status that is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress
from typing import Any

from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.replay import Kept, Serializer, entry_serializer

Requests = AsyncIterable[Any] | Iterable[Any] | None


class _Superseded(Exception):
    """Nothing more is sent by this attempt.

    Raised and not returned: the end of the requests would tell the node that the
    stream is complete.
    """


class RequestStream(Kept):
    """The requests of one call, shared by its attempts.

    Args:
        source: The caller's iterable, async or not; None when they are written.
        serializer: The caller's; runs once a message, however often it is sent.
        tasks: Keeps the task that pulls.
    """

    def __init__(self, source: Requests, serializer: Serializer, tasks: Tasks) -> None:
        super().__init__()
        self.is_written = source is None
        self._async_source = (
            aiter(source) if isinstance(source, AsyncIterable) else None
        )
        self._source = (
            None
            if source is None or isinstance(source, AsyncIterable)
            else iter(source)
        )
        self._serialize = entry_serializer(serializer)
        self._tasks = tasks
        self._pump: asyncio.Task[Any] | None = None
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()
        self._moved = asyncio.Event()
        self._attempt = 0
        self._accepted = 0
        self._ended = False
        self._closed = False
        self._inner: Any = None
        self.failure: Exception | None = None
        """What the caller's iterable or serialiser raised."""

    def sent_by(self, inner: Any) -> None:
        """Note the call of grpc.aio that the newest attempt is."""
        self._inner = inner

    def attempt(self) -> AsyncIterator[bytes]:
        """Begin an attempt: read from the first request; earlier attempts end."""
        self._attempt += 1
        self._accepted = 0
        self._arrived.set()
        return _Attempt(self, self._attempt)

    def attempt_ended(self, *_: object) -> None:
        """Let a writer look at what became of the attempt."""
        self._moved.set()

    def write(self, message: Any) -> int:
        """Add a request; give the number of the one after it."""
        self._append(message)
        self._arrived.set()
        return self.end

    def end_writing(self) -> None:
        """Add no request any more."""
        self._ended = True
        self._arrived.set()

    @property
    def is_ended(self) -> bool:
        """Whether the last request was added."""
        return self._ended

    def is_accepted(self, end: int) -> bool:
        """Tell whether grpc took the requests before this number."""
        return self._accepted >= end

    async def moved(self) -> None:
        """Wait until a request is accepted, or an attempt ends."""
        self._moved.clear()
        await self._moved.wait()

    def close(self) -> None:
        """End every attempt and the task that pulls: the call is over."""
        if not self._closed:
            self._closed = True
            self._arrived.set()
            self._moved.set()
            if self._pump is not None:
                self._pump.cancel()

    async def read(self, position: int, attempt: int) -> bytes | None:
        """Give the bytes of a request to an attempt; None at the end.

        Args:
            position: The request's number; grpc took those before it.
            attempt: Who asks.
        """
        self._check(attempt)
        self._accepted = position
        self._moved.set()
        while position >= self.end and not self._ended:
            if self._source is not None:
                self._pull(self._source)
            else:
                self._arrived.clear()
                self._want()
                await self._arrived.wait()
            self._check(attempt)
        if position >= self.end:
            return None
        try:
            return self._serialize(self._take(position))
        except Exception as failure:
            self.failure = failure
            raise

    async def half_close(self) -> None:
        """Tell the node that no more requests follow, before grpc.aio does."""
        tell = getattr(self._inner, "_done_writing", None)
        if tell is not None:
            with suppress(Exception):
                await tell()

    def _check(self, attempt: int) -> None:
        if self._closed or attempt != self._attempt:
            raise _Superseded
        if self.failure is not None:
            raise self.failure

    def _pull(self, source: Any) -> None:
        try:
            self._append(next(source))
        except StopIteration:
            self._ended = True
        except Exception as failure:  # noqa: BLE001 - whatever the caller's code raises ends its call
            self.failure = failure

    def _want(self) -> None:
        if self._async_source is None:
            return
        self._wanted.set()
        if self._pump is None:
            self._pump = self._tasks.start_endless(self._pull_all(self._async_source))

    async def _pull_all(self, source: AsyncIterator[Any]) -> None:
        try:
            while await self._wanted.wait():
                self._wanted.clear()
                self._append(await anext(source))
                self._arrived.set()
        except StopAsyncIteration:
            self._ended = True
        except asyncio.CancelledError:
            if self._closed:
                raise
            # The caller's own: it gave up its generator, so the call cannot go on.
            self.failure = RuntimeError("the request iterator was cancelled")
        except Exception as failure:  # noqa: BLE001 - whatever the caller's code raises ends its call
            self.failure = failure
        finally:
            self._arrived.set()


class _Attempt(AsyncIterator[bytes]):
    """What one attempt reads.

    No generator: grpc leaves one suspended when a call ends, and the loop would start
    a task to close it.
    """

    def __init__(self, requests: RequestStream, number: int) -> None:
        self._requests = requests
        self._number = number
        self._position = 0

    async def __anext__(self) -> bytes:
        data = await self._requests.read(self._position, self._number)
        if data is None:
            await self._requests.half_close()
            raise StopAsyncIteration
        self._position += 1
        return data
