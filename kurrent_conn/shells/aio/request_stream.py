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
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from kurrent_conn.shells.aio.signal import Signal
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.replay import Entry, Kept

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
        serialize: Gives an entry's bytes, as `entry_serializer` makes it.
        tasks: Keeps the task that pulls.
    """

    def __init__(
        self, source: Requests, serialize: Callable[[Entry], bytes], tasks: Tasks
    ) -> None:
        super().__init__()
        self.is_written = source is None
        self._source: Iterator[Any] | None = None
        self._async_source: AsyncIterator[Any] | None = None
        given: Any = source
        if hasattr(given, "__aiter__"):  # a fifth of what `isinstance` takes
            self._async_source = aiter(given)
        elif given is not None:
            self._source = iter(given)
        self._serialize = serialize
        self._tasks = tasks
        self._pump: asyncio.Task[Any] | None = None
        self._wanted: asyncio.Event | None = None
        self._arrived = Signal()
        self._moved = Signal()
        self._attempt = 0
        self._accepted = 0
        self._ended = False
        self.is_sent = False
        """Whether the newest attempt has sent all requests."""
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
        self.is_sent = False
        self._arrived.give()
        return _Attempt(self, self._attempt)

    def attempt_ended(self) -> None:
        """Let a writer look at what became of the attempt."""
        self._moved.give()

    def write(self, message: Any) -> int:
        """Add a request; give the number of the one after it."""
        self._append(message)
        self._arrived.give()
        return self.end

    def end_writing(self) -> None:
        """Add no request any more."""
        self._ended = True
        self._arrived.give()

    @property
    def is_ended(self) -> bool:
        """Whether the last request was added."""
        return self._ended

    def is_accepted(self, end: int) -> bool:
        """Tell whether grpc took the requests before this number."""
        return self._accepted >= end

    async def moved(self) -> None:
        """Wait until a request is accepted, or an attempt ends."""
        await self._moved.next()

    def close(self) -> None:
        """End every attempt and the task that pulls: the call is over."""
        if not self._closed:
            self._closed = True
            self._arrived.give()
            self._moved.give()
            if self._pump is not None:
                self._pump.cancel()
            # The call of grpc.aio holds this very object: both would be garbage that
            # only the collector can free.
            self._inner = None

    def at_hand(self, position: int, attempt: int) -> bytes | None:
        """Give the bytes of a request to an attempt; None: not there, or `is_sent`.

        Args:
            position: The request's number; grpc took those before it.
            attempt: Who asks.
        """
        self._check(attempt)
        self._accepted = position
        self._moved.give()
        if position >= self.end and not self._ended and self._source is not None:
            self._pull(self._source)
            self._check(attempt)
        if position < self.end:
            return self._bytes(position)
        self.is_sent = self._ended
        return None

    async def arrived(self) -> None:
        """Wait until there is news of further requests."""
        news = self._arrived.next()
        self._want()
        await news

    def _bytes(self, position: int) -> bytes:
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
        if self._wanted is None:
            self._wanted = asyncio.Event()
        self._wanted.set()
        if self._pump is None:
            self._pump = self._tasks.start_endless(
                self._pull_all(self._async_source, self._wanted)
            )

    async def _pull_all(
        self, source: AsyncIterator[Any], wanted: asyncio.Event
    ) -> None:
        try:
            while await wanted.wait():
                wanted.clear()
                self._append(await anext(source))
                self._arrived.give()
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
            self._arrived.give()


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
        requests = self._requests
        while (data := requests.at_hand(self._position, self._number)) is None:
            if requests.is_sent:
                await requests.half_close()
                raise StopAsyncIteration
            await requests.arrived()
        self._position += 1
        return data
