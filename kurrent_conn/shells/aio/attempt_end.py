"""How an attempt with many requests really ended.

A node that refuses a call ends it while requests are still being sent. grpc.aio then
puts INTERNAL in the place of the node's status as soon as it notices that a request can
no longer be sent: before the status, or, more often, after it. The refusal is lost, and
with it the leader that it names. (Known to grpc as "Async write() on unimplemented
stream-stream RPC fails with INTERNAL"; seen in two of three refused calls with several
requests.) The status that came first is seen by a done callback, so it is kept here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import grpc
from grpc.aio import AioRpcError

_FAILED_WRITE: Final = "Internal error from Core"
_LOOKS: Final = 100
_LOOK_S: Final = 0.001
"""A status that follows a failed write is under way already: it takes no round trip."""


class AttemptEnd:
    """The status of one attempt, kept when it comes.

    Holds no call, so that one that nobody holds any more can go.
    """

    __slots__ = ("_status",)

    def __init__(self) -> None:
        self._status: AioRpcError | None = None

    def note(self, inner: Any) -> None:
        """Keep the status of an attempt that has just ended.

        A failed write replaces nothing: grpcio 1.80 calls back for it a second time.
        """
        if self._status is None or _is_failed_write(self._status):
            self._status = _status(inner)

    async def really(self, inner: Any, error: AioRpcError) -> AioRpcError:
        """Give the status that the node gave.

        Args:
            inner: The attempt.
            error: What grpc says of its end.

        Returns:
            The node's status, be it OK; `error` where it is no failed write, or where
            no other status comes.
        """
        if not _is_failed_write(error):
            return error
        status = self._status
        for _ in range(_LOOKS):
            if status is not None and not _is_failed_write(status):
                return status
            await asyncio.sleep(_LOOK_S)
            status = _status(inner)
        return error


def _is_failed_write(error: AioRpcError) -> bool:
    return error.code() is grpc.StatusCode.INTERNAL and error.details() == _FAILED_WRITE


def _status(inner: Any) -> AioRpcError:
    """Read the status of a call that is over; OK is one as well."""
    return AioRpcError(
        _at_once(inner.code()),
        _at_once(inner.initial_metadata()),
        _at_once(inner.trailing_metadata()),
        _at_once(inner.details()),
        _at_once(inner.debug_error_string()),
    )


def _at_once(answer: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to wait for, since its call is over."""
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value
    answer.close()
    raise RuntimeError("a call that is over does not know its status")
