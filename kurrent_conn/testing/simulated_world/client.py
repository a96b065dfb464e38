"""A client in the simulated world: a shell on virtual time, with calls in flight.

It rhymes with `shells.blocking.connection`: events one at a time, actions in their
order, a look at late calls every `TICK_S`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol, assert_never

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import (
    Action,
    CancelRead,
    Condemn,
    Connect,
    GiveUp,
    Inspect,
    Note,
    Open,
    Publish,
    ReadGossip,
    Resolve,
    Retire,
    RetireAll,
    Shut,
    WakeAt,
)
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.events import (
    CallAnswered,
    CallFailed,
    CallsLate,
    Event,
    GossipRead,
    Inspected,
    Resolved,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import RpcFailure, verdict_of
from kurrent_conn.core.outage import is_awaited
from kurrent_conn.core.retry import Decision, Effort, RetryPolicy, after_failure
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node, Plan, State
from kurrent_conn.shells.rpc import gossip_failed
from kurrent_conn.shells.watch import LATE_S, TICK_S
from kurrent_conn.testing.simulated_world.call import Call
from kurrent_conn.testing.simulated_world.clock import Clock
from kurrent_conn.testing.simulated_world.exchange import (
    LATE,
    Exchange,
    GossipRequest,
    Result,
)
from kurrent_conn.testing.simulated_world.network import Network
from kurrent_conn.testing.simulated_world.open_node import OpenNode, RouteChannel
from kurrent_conn.testing.simulated_world.process import Process
from kurrent_conn.testing.virtual.simulation import RESOLVED_S, address_of

Waiting = Callable[[OpenNode | Topology | GiveUp], None]

POLICY = RetryPolicy()


class Promises(Protocol):
    """What is looked at while a client runs; see `promise`."""

    def took(
        self,
        client: Client,
        before: State,
        event: Event,
        actions: tuple[Action, ...],
    ) -> None:
        """Look at one step of the state machine, its actions carried out."""
        ...

    def sends(self, state: State, node: Node, now: float) -> None:
        """Look at where a call is sent."""
        ...


class Client(Process):
    """One connection and its calls.

    Args:
        clock: Virtual time.
        network: Where its requests go.
        plan: What the connection is to do.
        seed: Decides every shuffle and jitter of the core.
        promises: What looks at each step.
    """

    def __init__(
        self,
        clock: Clock,
        network: Network,
        plan: Plan,
        seed: int,
        promises: Promises,
    ) -> None:
        super().__init__(clock)
        self.network = network
        self.promises = promises
        self.state = core_state.start(plan, seed)
        self.opened: dict[NodePreference, OpenNode] = {}
        self.waits: dict[int, tuple[NodePreference | None, Waiting]] = {}
        self.routes: dict[Route, RouteChannel] = {}
        self.retired: list[RouteChannel] = []
        self.calls: list[Call] = []
        self.armed_for: float | None = None
        self.when_ended: Callable[[Call], None] | None = None
        self._next_wait = 1
        self.reading: set[int] = set()
        self._is_watching = False
        self._next: deque[Callable[[], None]] = deque()

    # What callers do.

    def call(
        self,
        number: int,
        preference: NodePreference,
        *,
        writes: bool,
        timeout_s: float | None,
        wait_s: float = 30.0,
    ) -> Call:
        """Begin a call."""
        made = Call(
            self,
            number,
            preference,
            writes=writes,
            timeout_s=timeout_s,
            wait_s=wait_s,
        )
        self.calls.append(made)
        made.begin()
        return made

    def want(
        self, preference: NodePreference | None, deadline_at: float, then: Waiting
    ) -> int:
        """Wait for a node, or for news with None."""
        number = self._next_wait
        self._next_wait += 1
        self.waits[number] = (preference, then)
        self.take(Wanted(number, preference, deadline_at))
        return number

    def current(self, preference: NodePreference) -> OpenNode | None:
        """Give the node that is open for a preference."""
        return self.opened.get(preference)

    def failed(self, node: OpenNode, effort: Effort, failure: RpcFailure) -> Decision:
        """Say what to do with a failed call, and let the core know of it."""
        now = self.clock.now
        decision = after_failure(self.state, node.node, effort, failure, POLICY, now)
        self.take(CallFailed(node.node, verdict_of(failure), failure.leader))
        return decision

    def answered(self, node: OpenNode) -> None:
        """Let the core know of an answer, where that ends a failover."""
        if is_awaited(self.state, node.node):
            self.take(CallAnswered(node.node))

    def ended(self, call: Call) -> None:
        """Tell whoever made a call that it is over."""
        if self.when_ended is not None:
            self.when_ended(call)

    # The watch over late calls.

    def watch(self) -> None:
        """Look at the calls in flight while there are any."""
        if not self._is_watching:
            self._is_watching = True
            self.at(self.clock.now + TICK_S, self._tick)

    def _tick(self) -> None:
        now, is_busy = self.clock.now, False
        for channel in (*self.routes.values(), *self.retired):
            if channel.calls:
                is_busy = True
                since = min(channel.calls.values())
                if channel.node is not None and now - since >= LATE_S:
                    self.take(CallsLate(channel.node, since))
        self.retired = [channel for channel in self.retired if channel.calls]
        if is_busy:
            self.at(now + TICK_S, self._tick)
        else:
            self._is_watching = False

    # The core.

    def take(self, event: Event) -> None:
        """Tell the core what happened, and carry out what it asks for."""
        before = self.state
        self.state, actions = advance(before, event, self.clock.now)
        for action in actions:
            self._do(action)
        self.promises.took(self, before, event, actions)
        while self._next:
            self._next.popleft()()

    def _do(self, action: Action) -> None:  # noqa: C901, PLR0912 - one arm an action
        match action:
            case ReadGossip():
                self._read(action)
            case Resolve():
                found = Resolved(action.host, address_of(action.host), RESOLVED_S)
                self.at(self.clock.now, partial(self.take, found))
            case Inspect():
                self.at(self.clock.now, partial(self.take, Inspected(action.look, ())))
            case Connect():
                pass  # a connection is made in no time here
            case CancelRead():
                self.reading.discard(action.read)
            case WakeAt():
                self.armed_for = action.at
                if action.at is not None:
                    self.at(action.at, partial(self._wake, action.at))
            case Publish():
                self._end_waits(None, action.topology)
            case Open():
                self._open(action)
            case Shut():
                self.opened.pop(action.preference, None)
            case Retire():
                channel = self.routes.pop(action.route, None)
                if channel is not None:
                    self.retired.append(channel)
            case RetireAll():
                self.retired += self.routes.values()
                self.routes.clear()
            case Condemn():
                self._condemn(action)
            case GiveUp():
                for number in action.waiters:
                    _, then = self.waits.pop(number, (None, None))
                    if then is not None:
                        self._next.append(partial(then, action))
            case Note():
                pass
            case _:
                assert_never(action)

    def _wake(self, at: float) -> None:
        if self.armed_for == at:
            self.armed_for = None
        if self.state.wake_at == at:
            self.take(Woke())

    def _open(self, action: Open) -> None:
        opened = self.opened.get(action.preference)
        if opened is None or opened.node is not action.node:
            opened = OpenNode(action.node, self._channel(action.node.route))
            opened.channel.node = action.node
            self.opened[action.preference] = opened
        self._end_waits(action.preference, opened)

    def _channel(self, route: Route) -> RouteChannel:
        channel = self.routes.get(route)
        if channel is None:
            channel = self.routes[route] = RouteChannel(route)
        return channel

    def _end_waits(
        self, preference: NodePreference | None, result: OpenNode | Topology
    ) -> None:
        if not self.waits:
            return
        ended = [n for n, (wanted, _) in self.waits.items() if wanted is preference]
        for number in ended:
            _, then = self.waits.pop(number)
            self._next.append(partial(then, result))

    def _condemn(self, action: Condemn) -> None:
        for channel in (*self.routes.values(), *self.retired):
            node = channel.node
            if node is not None and node.serial == action.node.serial:
                for call in list(channel.calls):
                    self.at(self.clock.now, partial(call.condemned, action.text))

    # Gossip.

    def _read(self, action: ReadGossip) -> None:
        number, began_at = action.read, self.clock.now
        self.reading.add(number)
        exchange = Exchange(GossipRequest(action.with_credentials), lambda _: None)
        exchange.finish = self.guarded(partial(self._answered, action, began_at))
        self.at(began_at + action.timeout_s, partial(self._timed_out, action))
        self.network.send(action.route.dial, exchange)

    def _answered(self, action: ReadGossip, began_at: float, result: Result) -> None:
        """Tell the core; with luck also what comes twice, or after its cancelling.

        A shell drops most of those, but an answer may race with its cancelling.
        """
        if action.read not in self.reading and not self.network.duplicates:
            return
        self.reading.discard(action.read)
        if isinstance(result, RpcFailure):
            self.take(gossip_failed(action.read, result, action.timeout_s))
        else:
            round_trip_s = self.clock.now - began_at
            self.take(GossipRead(action.read, result or (), round_trip_s))

    def _timed_out(self, action: ReadGossip) -> None:
        if action.read in self.reading:
            self.reading.discard(action.read)
            self.take(gossip_failed(action.read, LATE, action.timeout_s))
