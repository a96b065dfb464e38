"""Feeds one connection's core with events, and carries out its actions.

Events are taken one at a time, by whichever thread brings one; the actions follow in
their order. Nothing here decides: see `core.discovery`.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Final, assert_never

import grpc

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
    Abandoned,
    CallsLate,
    Closed,
    Event,
    GossipRead,
    Resolved,
    ResolveFailed,
    RulesChanged,
    TrustChanged,
    Wanted,
    Woke,
)
from kurrent_conn.core.expiry import CHECK_EVERY_S, FIRST_CHECK_S
from kurrent_conn.core.failure import RpcFailure
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.report import Pong
from kurrent_conn.core.state import State
from kurrent_conn.errors import KurrentConnError
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.route_channels import RouteChannels
from kurrent_conn.shells.blocking.timer import Timer
from kurrent_conn.shells.expiry_watch import ExpiryWatch
from kurrent_conn.shells.give_up import error_of
from kurrent_conn.shells.given import Given
from kurrent_conn.shells.header import Headers, authorization, call_headers
from kurrent_conn.shells.reload import POLL_S
from kurrent_conn.shells.resolver import ask_dns, ask_system
from kurrent_conn.shells.rpc import failure_of, gossip_failed, pong_of
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification
from kurrent_conn.shells.watch import IDLE_TICKS, LATE_S, TICK_S
from kurrent_conn.wire.gossip import READ_REQUEST, decode_cluster_info
from kurrent_conn.wire.malformed import MalformedMessage

Waiting = Future[OpenNode | Topology]


class Driver:
    """The core of one connection, and its sockets.

    Args:
        given: What it is made of.
        lazy: Whether nothing may be read for long.
        expiry_warning_s: How long before its end a certificate is told of.
        timer: Runs what comes later.
        on_open: Receives the node of a preference, or None, at every change.
        on_note: Receives every notice.
    """

    def __init__(
        self,
        given: Given,
        timer: Timer,
        *,
        lazy: bool,
        expiry_warning_s: float,
        on_open: Callable[[NodePreference, OpenNode | None], object],
        on_note: Callable[[Notice], object],
    ) -> None:
        settings, plan, reload = given.settings, given.plan, given.reload
        self.topology = Topology()
        self.open: Final[dict[NodePreference, OpenNode]] = {}
        self.is_watching = False
        self._idle_ticks = 0
        self._settings: Final = settings
        self._plan: Final = plan
        self._timer: Final = timer
        self._on_open: Final = on_open
        self._on_note: Final = on_note
        self._authorization: Final[Headers] = (
            authorization(settings) if plan.may_send_credentials else ()
        )
        self._lock = threading.Lock()
        self._inbox: Final[deque[Event]] = deque()
        self._is_draining = False
        self._state = core_state.start(plan, seed=secrets.randbits(64))
        self._verification: Final = Verification(settings, reload.trust)
        self._channels: Final = RouteChannels(settings, self._verification, timer)
        self._reads: Final[dict[int, grpc.Future[bytes]]] = {}
        self._waits: Final[dict[int, tuple[NodePreference | None, Waiting]]] = {}
        self._next_wait = 1
        self._reload: Final = reload
        # The first read is not to wait for the timer's thread; a lazy one is far off.
        if reload.is_needed:
            timer.at(monotonic() + POLL_S, self._poll_files, starts=lazy)
        self._expiry: Final = ExpiryWatch(self._verification, expiry_warning_s)
        if self._expiry.is_needed:
            timer.at(monotonic() + FIRST_CHECK_S, self._check_dates, starts=lazy)

    @property
    def state(self) -> State:
        """What the core believes now."""
        return self._state

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job on the connection's thread after a while."""
        self._timer.at(monotonic() + seconds, job)

    def watch(self) -> None:
        """Look at the calls in flight from now on, until there are none for a while."""
        if not self.is_watching:
            self.is_watching = True
            self._idle_ticks = 0
            self.later(TICK_S, self._tick)

    def _tick(self) -> None:
        now, busy = monotonic(), False
        for each in self._channels.all():
            began = list(each.calls.values())
            busy = busy or bool(began)
            if began and each.node is not None and now - min(began) >= LATE_S:
                self.post(CallsLate(each.node, min(began)))
        self._idle_ticks = 0 if busy else self._idle_ticks + 1
        if self._idle_ticks <= IDLE_TICKS:
            self.later(TICK_S, self._tick)
        else:
            self.is_watching = False
            if any(each.calls for each in self._channels.all()):
                self.watch()  # one began between the look and the rest

    def want(
        self, preference: NodePreference | None, deadline_at: float
    ) -> tuple[int, Waiting]:
        """Ask the core for a node, or for news; give the wait and its number.

        Args:
            preference: Whose node; None: news of the cluster only.
            deadline_at: When to give up, monotonic seconds.
        """
        waiting: Waiting = Future()
        with self._lock:
            number = self._next_wait
            self._next_wait += 1
            self._waits[number] = (preference, waiting)
        self.post(Wanted(number, preference, deadline_at))
        return number, waiting

    def wait(
        self, preference: NodePreference | None, deadline_at: float
    ) -> OpenNode | Topology:
        """Ask the core for a node, or for news, and wait.

        Args:
            preference: Whose node; None: news of the cluster only.
            deadline_at: When to give up, monotonic seconds.

        Raises:
            KurrentConnError: There is none.
        """
        number, waiting = self.want(preference, deadline_at)
        try:
            return waiting.result()
        except KurrentConnError:
            raise
        except BaseException:  # the caller was interrupted: nobody waits any more
            with self._lock:
                self._waits.pop(number, None)
            self.post(Abandoned(number))
            raise

    @property
    def trust(self) -> Trust | None:
        """The trust in force; None without TLS."""
        return self._verification.trust

    def _poll_files(self) -> None:
        """Take what changed files say; look again later."""
        changed = self._reload.poll()
        if changed.overrides is not None:
            self.post(RulesChanged(changed.overrides))
        if changed.trust is not None:
            self._verification.take(changed.trust)
            self.post(TrustChanged())
        for notice in changed.notices:
            self._on_note(notice)
        self.later(POLL_S, self._poll_files)

    def _check_dates(self) -> None:
        """Look whether a certificate ends soon; look again later."""
        if not self._state.closed:
            self._beside("looks at dates", self._look_at_dates)
            self.later(CHECK_EVERY_S, self._check_dates)

    def _look_at_dates(self) -> None:
        nodes = [opened.node for opened in tuple(self.open.values())]
        for notice in self._expiry.look(nodes):
            self._on_note(notice)

    @property
    def calls_in_flight(self) -> int:
        """How many calls are unanswered, and how many streams run.

        A stream without any answer yet is both.
        """
        return sum(len(c.calls) + len(c.streams) for c in self._channels.all())

    def ping(self, timeout_s: float) -> tuple[Pong, ...]:
        """Ask every open node for gossip and measure the round trips.

        Args:
            timeout_s: For each, side by side.
        """
        asked = [
            (preference, opened.node, *self._ask(opened, timeout_s))
            for preference, opened in tuple(self.open.items())
        ]
        return tuple(
            pong_of(preference, node, call.exception(), took_s.result())
            for preference, node, call, took_s in asked
        )

    def _ask(
        self, opened: OpenNode, timeout_s: float
    ) -> tuple[grpc.Future[bytes], Future[float]]:
        began_at, took_s = monotonic(), Future[float]()
        call = opened.route_channel.read_gossip().future(
            READ_REQUEST, timeout=timeout_s, metadata=opened.headers
        )
        call.add_done_callback(lambda _: took_s.set_result(monotonic() - began_at))
        return call, took_s

    def abandon(self) -> None:
        """Forget everything without touching grpc: this is a forked child."""
        self._lock = threading.Lock()
        self._inbox.clear()
        self._is_draining = False
        self.open.clear()
        self._timer.abandon()
        self._state, _ = advance(self._state, Closed(), monotonic())

    def close(self) -> None:
        """End every wait, and close every channel and call."""
        self.post(Closed())
        self._timer.soon(self._close_channels)

    def _close_channels(self) -> None:
        for preference in tuple(self.open):
            self.open.pop(preference, None)
            self._on_open(preference, None)
        self._channels.close_all()

    def post(self, event: Event) -> None:
        """Tell the core what happened."""
        with self._lock:
            self._inbox.append(event)
            if self._is_draining:
                return
            self._is_draining = True
        self._drain()

    def _drain(self) -> None:
        try:
            while self._take_next():
                pass
        except BaseException:
            # A caller may be interrupted right here; others must be heard all the same.
            with self._lock:
                self._is_draining = False
            raise

    def _take_next(self) -> bool:
        with self._lock:
            if not self._inbox:
                self._is_draining = False
                return False
            event = self._inbox.popleft()
            self._state, actions = advance(self._state, event, monotonic())
        for action in actions:
            self._do(action)
        return True

    def _do(self, action: Action) -> None:  # noqa: C901, PLR0912 - one arm an action
        match action:
            case ReadGossip():
                self._read_gossip(action)
            case Connect():
                self._channels.get(action.route).connect_ahead()
            case Resolve():
                self._resolve(action)
            case Inspect():
                self._beside(f"looks at {action.endpoint}", self._inspect, action)
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
                self.open.pop(action.preference, None)
                self._on_open(action.preference, None)
            case Retire():
                self._channels.retire(action.route)
            case RetireAll():
                self._channels.retire_all()
            case Condemn():
                self._channels.condemn(action.node, action.text)
            case GiveUp():
                self._give_up(action)
            case Note():
                self._on_note(action.notice)
            case _:
                assert_never(action)

    def _read_gossip(self, action: ReadGossip) -> None:
        if self._verification.lacks_pin(action.route):
            self._beside(f"pins {action.endpoint}", self._pin_and_read, action)
        else:
            self._start_read(action)

    def _beside(self, name: str, job: Callable[..., object], *given: object) -> None:
        threading.Thread(
            target=job, args=given, name=f"kurrent-conn {name}", daemon=True
        ).start()

    def _inspect(self, action: Inspect) -> None:
        self.post(self._verification.look(action))

    def _pin_and_read(self, action: ReadGossip) -> None:
        failed = self._verification.fetch_pin(
            action.read, action.endpoint, action.route, action.timeout_s
        )
        if failed is None:
            self._start_read(action)
        else:
            self.post(failed)

    def _start_read(self, action: ReadGossip) -> None:
        began_at = monotonic()
        channel = self._channels.get(action.route)
        call = channel.read_gossip().future(
            READ_REQUEST,
            timeout=action.timeout_s,
            metadata=self._authorization if action.with_credentials else None,
        )
        self._reads[action.read] = call
        channel.reads.add(call)
        call.add_done_callback(channel.reads.discard)
        call.add_done_callback(partial(self._gossip_ended, action, began_at))

    def _resolve(self, action: Resolve) -> None:
        """Look a name up on a thread of its own: the system gives no time limit."""
        lookups = [ask_system, ask_dns] if action.by_dns else [ask_system]
        for ask in lookups:
            self._beside(f"resolves {action.host}", self._look_up, ask, action.host)

    def _look_up(
        self, ask: Callable[[str], Resolved | ResolveFailed | None], host: str
    ) -> None:
        answer = ask(host)
        if answer is not None:
            self.post(answer)

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
                self.post(GossipRead(action.read, members, round_trip_s))
                return
        self.post(gossip_failed(action.read, failure, action.timeout_s))

    def _wake_at(self, at: float | None) -> None:
        if at is not None:
            self._timer.at(at, partial(self._woke, at))

    def _woke(self, at: float) -> None:
        if self._state.wake_at == at:
            self.post(Woke())

    def _open_node(self, action: Open) -> None:
        opened = self.open.get(action.preference)
        if opened is None or opened.node is not action.node:
            bare = call_headers(self._settings, action.preference)
            opened = OpenNode(
                node=action.node,
                route_channel=self._channels.get(action.node.route),
                headers=(*bare, *self._authorization),
                bare_headers=bare,
            )
            opened.route_channel.node = action.node
            self.open[action.preference] = opened
            self._on_open(action.preference, opened)
        self._end_waits(action.preference, opened)

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
