"""One call of a client: sent, repeated or raised as the shells do it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from kurrent_conn.core.actions import GiveUp
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.failure import Outcome, RpcFailure, outcome_of, verdict_of
from kurrent_conn.core.retry import Effort, Repeat
from kurrent_conn.testing.simulated_world.exchange import (
    LATE,
    CallRequest,
    Exchange,
    Result,
)

if TYPE_CHECKING:
    from kurrent_conn.testing.simulated_world.client import Client
    from kurrent_conn.testing.simulated_world.open_node import OpenNode

APPEND: Final = "/event_store.client.streams.Streams/Append"
READ: Final = "/event_store.client.streams.Streams/Read"


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended, as its caller sees it.

    Args:
        at: When, in seconds of virtual time.
        failure: What was raised, in words; empty for success.
        outcome: Whether a failed call may have been executed; None for success.
    """

    at: float
    failure: str = ""
    outcome: Outcome | None = None


class Call:
    """A call on its way.

    Args:
        client: Whose call.
        number: Its number in the ledger.
        preference: On whose channel.
        writes: Whether it is an append.
        timeout_s: Its own deadline; None: it has none, and waits for a node as long
            as the connection's timeout says.
        wait_s: That timeout.
    """

    __slots__ = (
        "_client",
        "_exchange",
        "_node",
        "effort",
        "end",
        "has_deadline",
        "number",
        "writes",
    )

    def __init__(
        self,
        client: Client,
        number: int,
        preference: NodePreference,
        *,
        writes: bool,
        timeout_s: float | None,
        wait_s: float,
    ) -> None:
        now = client.clock.now
        bound_s = wait_s if timeout_s is None else timeout_s
        self._client = client
        self._exchange: Exchange | None = None
        self._node: OpenNode | None = None
        self.number = number
        self.writes = writes
        self.has_deadline = timeout_s is not None
        method = APPEND if writes else READ
        self.effort = Effort(method, preference, now, now + bound_s)
        self.end: CallEnd | None = None

    def begin(self) -> None:
        """Send it, or wait for a node."""
        if self.has_deadline:
            self._client.at(self.effort.deadline_at, self._late)
        self._go()

    def node_came(self, result: OpenNode | Topology | GiveUp) -> None:
        """Go on: its wait has ended."""
        if isinstance(result, GiveUp):
            self._raise(f"gave up: {result.reason}", Outcome.NOT_EXECUTED)
        elif not isinstance(result, Topology):
            self._send(result)

    def condemned(self, text: str) -> None:
        """End the attempt under way: its node was given up."""
        if self._exchange is not None:
            self._failed(RpcFailure("UNAVAILABLE", text))

    # The course of it.

    def _go(self) -> None:
        if self.end is not None:
            return
        node = self._client.current(self.effort.preference)
        if node is not None:
            self._send(node)
        else:
            preference, deadline_at = self.effort.preference, self.effort.deadline_at
            self._client.want(preference, deadline_at, self.node_came)

    def _send(self, node: OpenNode) -> None:
        client = self._client
        client.promises.sends(client.state, node.node, client.clock.now)
        request = CallRequest(
            self.number, self.writes, self.effort.preference is NodePreference.LEADER
        )
        exchange = Exchange(request, lambda _: None)
        exchange.finish = client.guarded(partial(self._finished, exchange))
        self._exchange, self._node = exchange, node
        node.channel.calls[self] = client.clock.now
        client.watch()
        if self.has_deadline and client.clock.now >= self.effort.deadline_at:
            self._late()
        else:
            client.network.send(node.node.route.dial, exchange)

    def _finished(self, exchange: Exchange, result: Result) -> None:
        if self._exchange is not exchange:
            return  # it has ended otherwise; this came late
        if isinstance(result, RpcFailure):
            self._failed(result)
        else:
            self._client.answered(self._leave())
            self.end = CallEnd(self._client.clock.now)
            self._client.ended(self)

    def _late(self) -> None:
        if self._exchange is not None:
            self._failed(LATE)

    def _failed(self, failure: RpcFailure) -> None:
        node = self._leave()
        decision = self._client.failed(node, self.effort, failure)
        if not isinstance(decision, Repeat):
            verdict = verdict_of(failure)
            self._raise(f"{failure.code}: {failure.details}", outcome_of(verdict))
            return
        self.effort = replace(
            self.effort,
            preference=decision.preference,
            attempt=self.effort.attempt + 1,
            redirects=self.effort.redirects + decision.redirected,
        )
        if decision.after_s > 0:
            self._client.at(self._client.clock.now + decision.after_s, self._go)
        else:
            self._go()

    def _leave(self) -> OpenNode:
        node, self._node = self._node, None
        if node is None:
            raise RuntimeError(f"call {self.number} ended without having been sent")
        self._exchange = None
        del node.channel.calls[self]
        return node

    def _raise(self, failure: str, outcome: Outcome) -> None:
        self.end = CallEnd(self._client.clock.now, failure, outcome)
        self._client.ended(self)
