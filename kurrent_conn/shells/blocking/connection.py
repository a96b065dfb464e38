"""The blocking connection: carries out the core's actions with threads and `grpc`.

Events are taken one at a time, by whichever thread brings one; the actions follow in
their order. Nothing here decides: see `core.discovery` and `core.retry`.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Self, assert_never
from weakref import WeakSet

import grpc

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import (
    Action,
    CancelRead,
    Condemn,
    GiveUp,
    Note,
    Open,
    Publish,
    ReadGossip,
    Resolve,
    Retire,
    Shut,
    WakeAt,
)
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    CallsLate,
    Closed,
    Event,
    GossipRead,
    Resolved,
    ResolveFailed,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import RpcFailure, verdict_of
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.retry import Decision, Effort, RetryPolicy, after_failure
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Plan
from kurrent_conn.errors import ConnectionClosed, KurrentConnError
from kurrent_conn.shells.blocking.channel import Channel
from kurrent_conn.shells.blocking.open_node import OpenNode, RouteChannel
from kurrent_conn.shells.blocking.timer import Timer
from kurrent_conn.shells.findings import find
from kurrent_conn.shells.give_up import error_of, failed_tls, with_findings
from kurrent_conn.shells.header import Headers, authorization, call_headers
from kurrent_conn.shells.plan import (
    OverridesLike,
    make_plan,
    read_overrides,
    read_settings,
)
from kurrent_conn.shells.resolver import ask_dns, ask_system
from kurrent_conn.shells.rpc import failure_of, gossip_failed
from kurrent_conn.shells.trust import Trust, read_trust
from kurrent_conn.shells.watch import IDLE_TICKS, LATE_S, TICK_S
from kurrent_conn.wire.gossip import READ_REQUEST, decode_cluster_info
from kurrent_conn.wire.malformed import MalformedMessage

_LOG: Final = logging.getLogger("kurrent_conn")

OnEvent = Callable[[Notice], object]
Waiting = Future[OpenNode | Topology]


class Connection:
    """A connection to a cluster; made by `connect`, thread-safe, a context manager.

    Attributes:
        settings: What the connection string said, the connection's name filled in.
        topology: The snapshot believed now; generation 0 and empty at first.
    """

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        trust: Trust | None,
        *,
        timeout: float,
        retry: RetryPolicy,
        on_event: OnEvent | None,
    ) -> None:
        self.settings: Final = settings
        self.topology = Topology()
        self.timeout: Final = timeout
        self._plan: Final = plan
        self._trust: Final = trust
        self._credentials: Final = trust.channel_credentials() if trust else None
        self._authorization: Final[Headers] = (
            authorization(settings) if plan.may_send_credentials else ()
        )
        self._retry: Final = retry
        self._on_event = on_event
        self._lock: Final = threading.Lock()
        self._inbox: Final[deque[Event]] = deque()
        self._is_draining = False
        self._state = core_state.start(plan, seed=secrets.randbits(64))
        self._open: Final[dict[NodePreference, OpenNode]] = {}
        self._routes: Final[dict[Route, RouteChannel]] = {}
        self._retired: Final[list[RouteChannel]] = []
        self._reads: Final[dict[int, grpc.Future[bytes]]] = {}
        self._waits: Final[dict[int, tuple[NodePreference | None, Waiting]]] = {}
        self._next_wait = 1
        self._facades: Final[WeakSet[Channel]] = WeakSet()
        self._facade: Channel | None = None
        self._timer: Final = Timer(f"kurrent-conn {settings.connection_name}")
        self._closed = threading.Event()
        self.is_watching = False
        self._idle_ticks = 0

    # What users call.

    @property
    def channel(self) -> grpc.Channel:
        """A channel of the preference that the connection string names.

        It survives failover, and so do the stubs made from it.
        """
        if self._facade is None or self._facade.is_closed:
            self._facade = self._make_channel(self.settings.node_preference)
        return self._facade

    def channel_for(self, preference: NodePreference | str) -> grpc.Channel:
        """Make a channel of another preference over the same topology.

        Args:
            preference: `leader`, `follower`, `random` or `readonlyreplica`.

        Raises:
            ValueError: It is none of these.
        """
        return self._make_channel(NodePreference(preference))

    def refresh(self, timeout: float | None = None) -> Topology:
        """Ask the cluster now, and wait for its answer.

        Args:
            timeout: Seconds; None takes the connection's.

        Raises:
            DiscoveryError: Nobody answered in time.
            ConnectionClosed: The connection is closed.
        """
        self._wait(None, monotonic() + self._bound(timeout))
        return self.topology

    def wait_until_ready(
        self,
        preference: NodePreference | str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Wait until a node of a preference is found.

        Args:
            preference: None takes the connection string's.
            timeout: Seconds; None takes the connection's.

        Raises:
            DiscoveryError: No node could be had in time.
            ConnectionClosed: The connection is closed.
        """
        wanted = NodePreference(preference or self.settings.node_preference)
        self.open_node(wanted, monotonic() + self._bound(timeout))

    def close(self) -> None:
        """Close the connection and every channel; calls in flight are cancelled."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._post(Closed())
        self._timer.soon(self._close_channels)
        self._timer.close()

    def __enter__(self) -> Self:
        """Give the connection itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def __repr__(self) -> str:
        """Say to what, in which state, without any secret."""
        state = "closed" if self._closed.is_set() else f"leader {self.topology.leader}"
        return f"<kurrent_conn.Connection {self.settings.redacted()} {state}>"

    # What channels call.

    def current(self, preference: NodePreference) -> OpenNode | None:
        """Give the node that a preference's calls go to, if one is open."""
        return self._open.get(preference)

    def open_node(self, preference: NodePreference, deadline_at: float) -> OpenNode:
        """Give the node of a preference, waiting for it if need be.

        Args:
            preference: Whose node.
            deadline_at: When to give up, monotonic seconds.

        Raises:
            KurrentConnError: No node could be had, or the connection is closed.
        """
        found = self._open.get(preference)
        if found is not None:
            return found
        waited = self._wait(preference, deadline_at)
        if isinstance(waited, Topology):
            raise TypeError(f"a wait for a {preference} ended with news only")
        return waited

    def when_open(self, preference: NodePreference, deadline_at: float) -> Waiting:
        """Ask for the node of a preference without waiting for it."""
        return self._want(preference, deadline_at)[1]

    def look_for(self, preference: NodePreference) -> None:
        """Look for a node of a preference; nobody waits for it."""
        self._want(preference, monotonic() + self.timeout)

    def failed(self, node: OpenNode, effort: Effort, failure: RpcFailure) -> Decision:
        """Say what to do with a failed call, and let the core know of it.

        Args:
            node: Where the call was sent.
            effort: What the call has behind it.
            failure: How it ended.
        """
        decision = after_failure(
            self._state, node.node, effort, failure, self._retry, monotonic()
        )
        self._post(CallFailed(node.node, verdict_of(failure), failure.leader))
        return decision

    @property
    def trusted_names(self) -> tuple[str, ...]:
        """The patterns that hosts named by others must match."""
        return self._plan.trusted_names or ()

    def pause(self, seconds: float) -> None:
        """Wait before a call is repeated; ends at once when the connection closes."""
        if seconds > 0:
            self._closed.wait(seconds)

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job on the connection's thread after a while."""
        self._timer.at(monotonic() + seconds, job)

    def forget(self, facade: Channel) -> None:
        """Bring a closed facade no more news."""
        self._facades.discard(facade)

    # The watch over late calls.

    def watch(self) -> None:
        """Look at the calls in flight from now on, until there are none for a while."""
        if not self.is_watching:
            self.is_watching = True
            self._idle_ticks = 0
            self.later(TICK_S, self._tick)

    def _tick(self) -> None:
        now, busy = monotonic(), False
        for each in (*self._routes.values(), *self._retired):
            began = list(each.calls.values())
            busy = busy or bool(began)
            if began and each.node is not None and now - min(began) >= LATE_S:
                self._post(CallsLate(each.node, min(began)))
        self._idle_ticks = 0 if busy else self._idle_ticks + 1
        if self._idle_ticks <= IDLE_TICKS:
            self.later(TICK_S, self._tick)
        else:
            self.is_watching = False
            if any(each.calls for each in self._routes.values()):
                self.watch()  # one began between the look and the rest

    # Waits.

    def _bound(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    def _want(
        self, preference: NodePreference | None, deadline_at: float
    ) -> tuple[int, Waiting]:
        waiting: Waiting = Future()
        with self._lock:
            number = self._next_wait
            self._next_wait += 1
            self._waits[number] = (preference, waiting)
        self._post(Wanted(number, preference, deadline_at))
        return number, waiting

    def _wait(
        self, preference: NodePreference | None, deadline_at: float
    ) -> OpenNode | Topology:
        number, waiting = self._want(preference, deadline_at)
        try:
            return waiting.result()
        except KurrentConnError as error:
            raise self._explained(error, deadline_at) from None
        except BaseException:  # the caller was interrupted: nobody waits any more
            with self._lock:
                self._waits.pop(number, None)
            self._post(Abandoned(number))
            raise

    def _explained(
        self, error: KurrentConnError, deadline_at: float
    ) -> KurrentConnError:
        """Look at the certificates that failed, within the same deadline."""
        if self._trust is None or not failed_tls(error):
            return error
        return with_findings(error, find(error, self._trust, deadline_at - monotonic()))

    # The core.

    def _post(self, event: Event) -> None:
        with self._lock:
            self._inbox.append(event)
            if self._is_draining:
                return
            self._is_draining = True
        self._drain()

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._inbox:
                    self._is_draining = False
                    return
                event = self._inbox.popleft()
                self._state, actions = advance(self._state, event, monotonic())
            for action in actions:
                self._do(action)

    def _do(self, action: Action) -> None:  # noqa: C901, PLR0912 - one arm an action
        match action:
            case ReadGossip():
                self._read_gossip(action)
            case Resolve():
                self._resolve(action)
            case CancelRead():
                if (call := self._reads.pop(action.read, None)) is not None:
                    call.cancel()
            case WakeAt():
                self._wake_at(action.at)
            case Publish():
                self.topology = action.topology
                self._end_waits(None, action.topology)
            case Open():
                self._open_node(action)
            case Shut():
                self._open.pop(action.preference, None)
                self._tell_facades(action.preference, None)
            case Retire():
                self._retire(action.route)
            case Condemn():
                self._condemn(action)
            case GiveUp():
                self._give_up(action)
            case Note():
                self._note(action.notice)
            case _:
                assert_never(action)

    def _read_gossip(self, action: ReadGossip) -> None:
        began_at = monotonic()
        call = (
            self._route_channel(action.route)
            .read_gossip()
            .future(
                READ_REQUEST,
                timeout=action.timeout_s,
                metadata=self._authorization if action.with_credentials else None,
            )
        )
        self._reads[action.read] = call
        call.add_done_callback(
            partial(self._gossip_ended, action, began_at),
        )

    def _resolve(self, action: Resolve) -> None:
        """Look a name up on a thread of its own: the system gives no time limit."""
        lookups = [ask_system, ask_dns] if action.by_dns else [ask_system]
        for ask in lookups:
            threading.Thread(
                target=self._look_up,
                args=(ask, action.host),
                name=f"kurrent-conn resolves {action.host}",
                daemon=True,
            ).start()

    def _look_up(
        self, ask: Callable[[str], Resolved | ResolveFailed | None], host: str
    ) -> None:
        answer = ask(host)
        if answer is not None:
            self._post(answer)

    def _gossip_ended(
        self, action: ReadGossip, began_at: float, call: grpc.Future[bytes]
    ) -> None:
        self._reads.pop(action.read, None)
        if call.cancelled():
            return
        error = call.exception()
        if error is not None:
            failure = failure_of(error)
        else:
            round_trip_s = monotonic() - began_at
            try:
                members = decode_cluster_info(call.result())
            except MalformedMessage as malformed:
                failure = RpcFailure("UNKNOWN", str(malformed))
            else:
                self._post(GossipRead(action.read, members, round_trip_s))
                return
        self._post(gossip_failed(action.read, failure, action.timeout_s))

    def _wake_at(self, at: float | None) -> None:
        if at is not None:
            self._timer.at(at, partial(self._woke, at))

    def _woke(self, at: float) -> None:
        if self._state.wake_at == at:
            self._post(Woke())

    def _open_node(self, action: Open) -> None:
        opened = self._open.get(action.preference)
        if opened is None or opened.node is not action.node:
            bare = call_headers(self.settings, action.preference)
            opened = OpenNode(
                node=action.node,
                route_channel=self._route_channel(action.node.route),
                headers=(*bare, *self._authorization),
                bare_headers=bare,
            )
            opened.route_channel.node = action.node
            self._open[action.preference] = opened
            self._tell_facades(action.preference, opened)
        self._end_waits(action.preference, opened)

    def _retire(self, route: Route) -> None:
        retired = self._routes.pop(route, None)
        if retired is None:
            return
        self._retired.append(retired)
        self._timer.soon(self._let_go)

    def _condemn(self, action: Condemn) -> None:
        for each in (*self._routes.values(), *self._retired):
            if each.node is not None and each.node.serial == action.node.serial:
                # Not here: a channel must not be closed inside a grpc callback.
                self._timer.soon(partial(each.condemn, action.text))

    def _give_up(self, action: GiveUp) -> None:
        for number in action.waiters:
            with self._lock:
                _, waiting = self._waits.pop(number, (None, None))
            if waiting is not None:
                waiting.set_exception(error_of(action, self._plan))

    def _end_waits(
        self, preference: NodePreference | None, result: OpenNode | Topology
    ) -> None:
        with self._lock:
            ended = [n for n, (p, _) in self._waits.items() if p is preference]
            waits = [self._waits.pop(number)[1] for number in ended]
        for waiting in waits:
            waiting.set_result(result)

    def _note(self, notice: Notice) -> None:
        _LOG.debug("%s", notice)
        if self._on_event is not None:
            self._timer.soon(partial(self._tell_user, self._on_event, notice))

    def _tell_user(self, on_event: OnEvent, notice: Notice) -> None:
        try:
            on_event(notice)
        except Exception:  # noqa: BLE001 - a user's bug must not stop a failover
            if self._on_event is not None:
                _LOG.exception("on_event failed; it is not called again")
            self._on_event = None

    # Channels.

    def _make_channel(self, preference: NodePreference) -> Channel:
        if self._closed.is_set():
            raise ConnectionClosed
        facade = Channel(self, preference)
        self._facades.add(facade)
        facade.current = self._open.get(preference)
        return facade

    def _tell_facades(self, preference: NodePreference, node: OpenNode | None) -> None:
        for facade in list(self._facades):
            if facade.preference is preference and not facade.is_closed:
                facade.set_current(node)

    def _route_channel(self, route: Route) -> RouteChannel:
        found = self._routes.get(route)
        if found is None:
            found = RouteChannel(route, self.settings, self._credentials)
            self._routes[route] = found
        return found

    def _let_go(self) -> None:
        """Forget retired channels on which no stream runs any more.

        grpc ends a channel that nobody holds when its last call is over; so unary
        calls need no counting here.
        """
        self._retired[:] = [each for each in self._retired if each.is_busy]
        if self._retired:
            self._timer.at(monotonic() + 1.0, self._let_go)

    def _close_channels(self) -> None:
        for facade in list(self._facades):
            facade.set_current(None)
        for each in (*self._routes.values(), *self._retired):
            each.close()
        self._routes.clear()
        self._retired.clear()
        self._open.clear()


def connect(
    target: str | Settings,
    *,
    overrides: OverridesLike = None,
    timeout: float = 30.0,
    lazy: bool = False,
    follow: bool = True,
    trusted_names: Sequence[str] | None = None,
    allow_plaintext_credentials: bool = False,
    retry: RetryPolicy | None = None,
    on_event: OnEvent | None = None,
) -> Connection:
    """Connect to a cluster, or to one node.

    Args:
        target: A connection string or `Settings`.
        overrides: How advertised endpoints are reached from here: `Overrides`, the
            path of a file, or a mapping of advertised host to target.
        timeout: Seconds to wait for a node; also bounds every later wait of a call
            that has no deadline of its own.
        lazy: Return at once; the first call connects.
        follow: False: never leave the given hosts (a port-forward, a tunnel).
        trusted_names: Patterns (`*` is one label) that an advertised or redirect host
            must match; None trusts every host that a member names.
        allow_plaintext_credentials: Send user name and password under `tls=false`.
        retry: How to wait before a repeat, and when to stop.
        on_event: Receives every `Notice`, on the connection's own thread; it must not
            block. Its first exception is logged and ends it.

    Returns:
        The connection, with a node found unless `lazy`.

    Raises:
        ConfigurationError: Something that was given is wrong; nothing was sent.
        DiscoveryError: No node could be had; it lists every endpoint tried.
        UntrustedName: A member names a host outside `trusted_names`.
    """
    settings = read_settings(target)
    rules = read_overrides(overrides)
    trust = read_trust(settings) if settings.tls else None
    plan = make_plan(
        settings,
        rules,
        follow=follow,
        trusted_names=trusted_names,
        allow_plaintext_credentials=allow_plaintext_credentials,
    )
    connection = Connection(
        settings,
        plan,
        trust,
        timeout=timeout,
        retry=retry or RetryPolicy(),
        on_event=on_event,
    )
    if not lazy:
        try:
            connection.wait_until_ready()
        except BaseException:
            connection.close()
            raise
    return connection
