"""One call on its way: where it goes, how it waits for that, when it must raise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

import grpc
from grpc.aio import AioRpcError

from kurrent_conn.core.retry import Raise, RaiseUntrusted, Repeat
from kurrent_conn.errors import ConnectionClosed, KurrentConnError, UntrustedName
from kurrent_conn.shells.aio.call_error import call_error
from kurrent_conn.shells.aio.open_node import OpenNode
from kurrent_conn.shells.course import Course
from kurrent_conn.shells.rpc import failure_of

if TYPE_CHECKING:
    from kurrent_conn.shells.aio.channel import Channel


class Repetition(Course):
    """What a call does when there is no node, or when a node failed it.

    Args:
        facade: The channel that it was made on.
        method: Its full path.
        began_at: When the caller began it, monotonic seconds.
        timeout_s: Its own deadline; None: it has none, and then the connection's
            timeout bounds how long it waits for a node.
    """

    __slots__ = ("_connection", "_facade")

    def __init__(
        self, facade: Channel, method: str, began_at: float, timeout_s: float | None
    ) -> None:
        self._facade = facade
        self._connection = facade.connection
        wait_s = facade.connection.timeout
        super().__init__(method, facade.preference, began_at, timeout_s, wait_s)

    async def node(self, after_s: float, cause: BaseException | None) -> OpenNode:
        """Give the node to send the call to, waiting for one if need be.

        Args:
            after_s: How long to wait first.
            cause: The failure before this, kept as the error's cause.

        Raises:
            AioRpcError: One of ours: no node could be had in time.
        """
        await self._connection.pause(after_s)
        if self._facade.is_closed:
            closed = ConnectionClosed("the channel is closed")
            raise call_error(closed, grpc.StatusCode.UNAVAILABLE) from cause
        effort = self.effort
        try:
            return await self._connection.open_node(
                effort.preference, effort.deadline_at
            )
        except KurrentConnError as error:
            raise call_error(error, self.status()) from cause

    def decide(
        self, node: OpenNode, error: AioRpcError, can_repeat: bool
    ) -> Repeat | AioRpcError:
        """Say how a failed call is repeated, or which error it ends with.

        Args:
            node: Where it failed.
            error: How.
            can_repeat: Whether the request is still at hand and nothing was answered.
        """
        effort = replace(self.effort, can_repeat=can_repeat)
        decision = self._connection.failed(node, effort, failure_of(error))
        match decision:
            case Repeat():
                self.go_on(decision)
                return decision
            case Raise():
                return error
            case RaiseUntrusted():
                patterns = self._connection.trusted_names
                untrusted = UntrustedName(decision.host, decision.told_by, patterns)
                ended = call_error(untrusted, self.status())
                ended.__cause__ = error
                return ended
            case _:
                assert_never(decision)
