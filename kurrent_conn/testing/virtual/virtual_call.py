"""Calls in the simulator: sent, repeated, late and ended as the two shells do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, assert_never

from kurrent_conn.core.actions import Action, Condemn, Ending, GiveUp, Note
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallAnswered, CallFailed, CallsLate
from kurrent_conn.core.failure import Outcome, RpcFailure, outcome_of, verdict_of
from kurrent_conn.core.outage import is_awaited
from kurrent_conn.core.retry import Effort, Repeat, RetryPolicy, after_failure
from kurrent_conn.core.state import Node
from kurrent_conn.shells.watch import LATE_S, TICK_S
from kurrent_conn.testing.model.member_state import Request
from kurrent_conn.testing.scenarios.scenario import CallStep, Expected
from kurrent_conn.testing.scenarios.trace import CallEnd, Listener
from kurrent_conn.testing.stream_client import APPEND_METHOD
from kurrent_conn.testing.virtual.simulation import Simulation
from kurrent_conn.testing.virtual.virtual_answer import NoAnswer, Refuses, Served
from kurrent_conn.testing.virtual.virtual_cluster import VirtualCluster
from kurrent_conn.wire.stream_read import READ_METHOD

_HOP_S: Final = 0.0005
"""From a client to a node or back."""

_METHODS: Final = {"append": APPEND_METHOD, "read": READ_METHOD}
_REQUESTS: Final = {"append": Request.WRITE, "read": Request.READ}
_OUTCOMES: Final[Mapping[Outcome, Expected]] = {
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_EXECUTED: "not executed",
}
_NEVER_SENT: Final = RpcFailure("UNAVAILABLE", "failed to connect to all addresses")
_BROKEN: Final = RpcFailure("UNAVAILABLE", "Socket closed")
_LATE: Final = RpcFailure("DEADLINE_EXCEEDED", "Deadline Exceeded")


@dataclass(slots=True, eq=False)
class _Call:
    step: CallStep
    effort: Effort
    node: Node | None = None
    """Where it is in flight; None while it waits."""
    sent_at: float = 0.0
    sent_count: int = field(default=0)


class VirtualCalls:
    """The calls of one simulated connection.

    Args:
        simulation: The connection.
        cluster: The nodes.
        listener: Told how each call ends, and what the connection says.
        places: The index of every endpoint that is a node's.

    Attributes:
        on_end: Told the name of every call that ended.
    """

    def __init__(
        self,
        simulation: Simulation,
        cluster: VirtualCluster,
        listener: Listener,
        places: Mapping[Endpoint, int],
    ) -> None:
        self._simulation = simulation
        self._cluster = cluster
        self._listener = listener
        self._places = places
        self._waiting: dict[int, _Call] = {}
        self._in_flight: set[_Call] = set()
        self._is_watching = False
        self.on_end: Callable[[str], None] = lambda _: None
        simulation.on_end = self._wait_ended
        cluster.on_break = self._broken

    def begin(self, step: CallStep) -> None:
        """Begin a call now.

        Args:
            step: Which.
        """
        now = self._simulation.now
        self._simulation.write(f"** {step.name} begins, for the {step.preference}")
        effort = Effort(
            _METHODS[step.operation], step.preference, now, now + step.deadline_s
        )
        self._seek(_Call(step, effort))

    def heed(self, action: Action) -> None:
        """Take what the core asks of calls, and what it says.

        Args:
            action: Any action.
        """
        if isinstance(action, Note):
            self._listener.hear(action.notice)
        elif isinstance(action, Condemn):
            failure = RpcFailure("UNAVAILABLE", action.text)
            for call in self._sorted_in_flight():
                if call.node is not None and call.node.serial == action.node.serial:
                    self._soon(0.0, call, failure)

    def _seek(self, call: _Call) -> None:
        left_s = call.effort.deadline_at - self._simulation.now
        number = self._simulation.want(call.effort.preference, within=left_s)
        self._waiting[number] = call

    def _wait_ended(self, number: int) -> None:
        call = self._waiting.pop(number, None)
        if call is None:
            return
        result = self._simulation.ends[number].result
        if isinstance(result, Node):
            self._send(call, result)
        elif isinstance(result, GiveUp):
            is_late = result.ending is Ending.DEADLINE
            code = "DEADLINE_EXCEEDED" if is_late else "UNAVAILABLE"
            self._end(call, "not executed", code, result.reason)

    def _send(self, call: _Call, node: Node) -> None:
        now = self._simulation.now
        call.node, call.sent_at = node, now
        call.sent_count += 1
        self._in_flight.add(call)
        self._watch()
        self._simulation.at(now + _HOP_S, partial(self._arrive, call, node))
        self._soon(call.effort.deadline_at - now, call, _LATE)

    def _arrive(self, call: _Call, node: Node) -> None:
        if call.node is not node:
            return
        index = self._places.get(node.route.dial)
        if index is None or not self._cluster.model.seats[index].is_running:
            self._soon(0.0, call, _NEVER_SENT)
            return
        answer = self._cluster.call(
            index,
            _REQUESTS[call.step.operation],
            requires_leader=call.effort.preference is NodePreference.LEADER,
        )
        delay_s = _HOP_S + self._cluster.conducts[index].delay_s
        match answer:
            case Served():
                count = call.sent_count
                at = self._simulation.now + delay_s
                self._simulation.at(at, partial(self._served, call, count))
            case Refuses():
                self._soon(delay_s + answer.after_s, call, answer.failure)
            case NoAnswer():
                pass
            case _:
                assert_never(answer)

    def _served(self, call: _Call, count: int) -> None:
        if call in self._in_flight and call.sent_count == count:
            self._in_flight.discard(call)
            node = call.node
            if node is not None and is_awaited(self._simulation.state, node):
                self._simulation.take(CallAnswered(node))
            self._end(call, "served")

    def _soon(self, wait_s: float, call: _Call, failure: RpcFailure) -> None:
        """Let an attempt fail after a while, unless it ends before."""
        at = self._simulation.now + wait_s
        self._simulation.at(at, partial(self._fail, call, call.sent_count, failure))

    def _fail(self, call: _Call, count: int, failure: RpcFailure) -> None:
        if call not in self._in_flight or call.sent_count != count or not call.node:
            return
        self._in_flight.discard(call)
        node, call.node = call.node, None
        simulation = self._simulation
        decision = after_failure(
            simulation.state, node, call.effort, failure, RetryPolicy(), simulation.now
        )
        simulation.take(CallFailed(node, verdict_of(failure), failure.leader))
        if isinstance(decision, Repeat):
            call.effort = replace(
                call.effort,
                preference=decision.preference,
                attempt=call.effort.attempt + 1,
                redirects=call.effort.redirects + decision.redirected,
            )
            again_at = simulation.now + decision.after_s
            simulation.at(again_at, partial(self._seek, call))
            return
        outcome = _OUTCOMES[outcome_of(verdict_of(failure))]
        self._end(call, outcome, failure.code, failure.details)

    def _end(
        self, call: _Call, outcome: Expected, code: str = "", text: str = ""
    ) -> None:
        took_s = self._simulation.now - call.effort.began_at
        end = CallEnd(call.step.name, outcome, code, took_s, text)
        self._simulation.write(f"** {end}, after {took_s:.3f} s")
        self._listener.ended(end)
        self.on_end(end.name)

    def _broken(self, index: int) -> None:
        for call in self._sorted_in_flight():
            if call.node and self._places.get(call.node.route.dial) == index:
                self._soon(_HOP_S, call, _BROKEN)

    def wake(self, index: int) -> None:
        """Let a node that was frozen take the calls that were sent to it.

        Args:
            index: The node.
        """
        for call in self._sorted_in_flight():
            if call.node and self._places.get(call.node.route.dial) == index:
                self._arrive(call, call.node)

    def _watch(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self._simulation.at(self._simulation.now + TICK_S, self._tick)

    def _tick(self) -> None:
        self._is_watching = False
        oldest: dict[Node, float] = {}
        for call in self._sorted_in_flight():
            if call.node is not None:
                oldest.setdefault(call.node, call.sent_at)
        for node, since in oldest.items():
            if self._simulation.now - since >= LATE_S:
                self._simulation.take(CallsLate(node, since))
        if self._in_flight:
            self._watch()

    def _sorted_in_flight(self) -> list[_Call]:
        return sorted(self._in_flight, key=lambda call: call.sent_at)
