"""One call on its way: how often it was tried, how long it may go on, where it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, assert_never

import grpc

from kurrent_conn.core.retry import (
    Raise,
    RaiseUntrusted,
    Repeat,
)
from kurrent_conn.errors import ConnectionClosed, KurrentConnError, UntrustedName
from kurrent_conn.shells.blocking.call_error import call_error
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.course import Course
from kurrent_conn.shells.rpc import failure_of

if TYPE_CHECKING:
    from kurrent_conn.shells.blocking.channel import Channel


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

    def node(self, cause: BaseException | None = None) -> OpenNode:
        """Give the node to send the call to, waiting for one if need be.

        Args:
            cause: The failure before this, kept as the error's cause.

        Raises:
            grpc.RpcError: One of ours: no node could be had in time.
        """
        self.check_open()
        effort = self.effort
        try:
            return self._connection.open_node(effort.preference, effort.deadline_at)
        except KurrentConnError as error:
            raise self.as_call_error(error) from cause

    def check_open(self) -> None:
        """Raise where the facade was closed."""
        if self._facade.is_closed:
            closed = ConnectionClosed("the channel is closed")
            raise call_error(closed, grpc.StatusCode.UNAVAILABLE)

    def next_node(
        self, node: OpenNode, error: BaseException, can_repeat: bool
    ) -> OpenNode:
        """Give the node to repeat a failed call on, after the wait that is due.

        Args:
            node: Where it failed.
            error: How.
            can_repeat: Whether the request is still at hand and nothing was answered.

        Raises:
            grpc.RpcError: The call's own error, when it is not to be repeated.
        """
        repeat = self.decide(node, error, can_repeat)
        self._connection.pause(repeat.after_s)
        return self.node(error)

    def decide(self, node: OpenNode, error: BaseException, can_repeat: bool) -> Repeat:
        """Say how a failed call is repeated, without waiting; see `next_node`."""
        effort = replace(self.effort, can_repeat=can_repeat)
        decision = self._connection.failed(node, effort, failure_of(error))
        if not isinstance(decision, Repeat):
            self._raise(decision, error)
        self.go_on(decision)
        return decision

    def as_call_error(self, error: KurrentConnError) -> grpc.RpcError:
        """Make the error that the call raises of one of ours."""
        return call_error(error, self.status())

    def _raise(
        self, decision: Raise | RaiseUntrusted, error: BaseException
    ) -> NoReturn:
        match decision:
            case Raise():
                raise error
            case RaiseUntrusted():
                patterns = self._connection.trusted_names
                untrusted = UntrustedName(decision.host, decision.told_by, patterns)
                raise self.as_call_error(untrusted) from error
            case _:
                assert_never(decision)
