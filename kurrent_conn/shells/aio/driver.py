"""Feeds one connection's core with events, and carries out its actions.

Events are taken one at a time, on the connection's loop; the actions follow in their
order. Nothing here decides: see `core.discovery`.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final, assert_never

from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

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
    GossipFailed,
    GossipRead,
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
from kurrent_conn.shells.aio.call_error import ended_error
from kurrent_conn.shells.aio.open_node import OpenNode, RouteChannel
from kurrent_conn.shells.aio.route_channels import RouteChannels
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.expiry_watch import ExpiryWatch
from kurrent_conn.shells.give_up import error_of
from kurrent_conn.shells.given import Given
from kurrent_conn.shells.header import Headers, authorization, call_headers
from kurrent_conn.shells.reload import POLL_S
from kurrent_conn.shells.resolver import ask_dns_async, of_system, system_failed
from kurrent_conn.shells.rpc import failure_of, gossip_failed, pong_of
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification
from kurrent_conn.shells.watch import IDLE_TICKS, LATE_S, TICK_S
from kurrent_conn.wire.gossip import READ_REQUEST, decode_cluster_info
from kurrent_conn.wire.malformed import MalformedMessage

Waiting = asyncio.Future[OpenNode | Topology | KurrentConnError]


class Driver:
    """The core of one connection, and its sockets.

    Args:
        given: What it is made of.
        expiry_warning_s: How long before its end a certificate is told of.
        tasks: Keep what runs beside the callers.
        on_open: Receives the node of a preference, or None, at every change.
        on_note: Receives every notice.
    """

    def __init__(
        self,
        given: Given,
        tasks: Tasks,
        *,
        expiry_warning_s: float,
        on_open: Callable[[NodePreference, OpenNode | None], object],
        on_note: Callable[[Notice], object],
    ) -> None:
        settings, plan, reload = given.settings, given.plan, given.reload
        self.topology = Topology()
        self.open: Final[dict[NodePreference, OpenNode]] = {}
        self._settings = settings
        self._plan = plan
        self._tasks = tasks
        self._on_open = on_open
        self._on_note = on_note
        self._authorization: Headers = (
            authorization(settings) if plan.may_send_credentials else ()
        )
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Event] = deque()
        self._is_draining = False
        self._state = core_state.start(plan, seed=secrets.randbits(64))
        self._verification = Verification(settings, reload.trust)
        self._channels = RouteChannels(
            settings, self._verification, tasks, self._is_open
        )
        self._reads: dict[int, asyncio.Task[None]] = {}
        self._waits: dict[int, tuple[NodePreference | None, Waiting]] = {}
        self._next_wait = 1
        self._reload: Final = reload
        self._next_poll: asyncio.TimerHandle | None = None
        if reload.is_needed:
            self._next_poll = self._loop.call_later(POLL_S, self._poll_files)
        self._expiry: Final = ExpiryWatch(self._verification, expiry_warning_s)
        self._next_check: asyncio.TimerHandle | None = None
        if self._expiry.is_needed:
            self._next_check = self._loop.call_later(FIRST_CHECK_S, self._check_dates)
        self._alarm: asyncio.TimerHandle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self.is_watching = False
        """Whether calls in flight are looked at now."""
        self._idle_ticks = 0

    @property
    def state(self) -> State:
        """What the core believes now."""
        return self._state

    def want(
        self, preference: NodePreference | None, deadline_at: float
    ) -> tuple[int, Waiting]:
        """Ask the core for a node, or for news; give the wait and its number.

        The wait ends with a result, be it an error: nobody need look at it.

        Args:
            preference: Whose node; None: news of the cluster only.
            deadline_at: When to give up, monotonic seconds.
        """
        number = self._next_wait
        self._next_wait += 1
        waiting: Waiting = self._loop.create_future()
        self._waits[number] = (preference, waiting)
        self.post(Wanted(number, preference, deadline_at))
        return number, waiting

    async def wait(
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
            result = await waiting
        except CancelledError:
            self._waits.pop(number, None)
            self.post(Abandoned(number))
            raise
        if isinstance(result, KurrentConnError):
            raise result
        return result

    def post(self, event: Event) -> None:
        """Tell the core what happened."""
        self._inbox.append(event)
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self._inbox:
                now = monotonic()
                self._state, actions = advance(self._state, self._inbox.popleft(), now)
                for action in actions:
                    self._do(action)
        finally:
            self._is_draining = False

    def watch(self) -> None:
        """Look at unanswered calls from now on, until there are none for a while."""
        if not self.is_watching:
            self.is_watching = True
            self._idle_ticks = 0
            self._next_look = self._loop.call_later(TICK_S, self._look)

    def _look(self) -> None:
        now, busy = monotonic(), False
        for channel in self._channels.all():
            began = channel.unanswered()
            busy = busy or bool(began)
            if began and channel.node is not None and now - min(began) >= LATE_S:
                self.post(CallsLate(channel.node, min(began)))
        self._idle_ticks = 0 if busy else self._idle_ticks + 1
        if self._idle_ticks <= IDLE_TICKS:
            self._next_look = self._loop.call_later(TICK_S, self._look)
        else:
            self.is_watching = False

    @property
    def trust(self) -> Trust | None:
        """The trust in force; None without TLS."""
        return self._verification.trust

    def _poll_files(self) -> None:
        """Look whether files changed; look again later."""
        self._tasks.start_endless(self._take_files())

    async def _take_files(self) -> None:
        # Reading a directory of certificates blocks for tens of milliseconds.
        changed = await asyncio.to_thread(self._reload.poll)
        if changed.overrides is not None:
            self.post(RulesChanged(changed.overrides))
        if changed.trust is not None:
            self._verification.take(changed.trust)
            self.post(TrustChanged())
        for notice in changed.notices:
            self._on_note(notice)
        if not self._state.closed:
            self._next_poll = self._loop.call_later(POLL_S, self._poll_files)

    def _check_dates(self) -> None:
        """Look whether a certificate ends soon; look again later."""
        self._tasks.start_endless(self._look_at_dates())
        self._next_check = self._loop.call_later(CHECK_EVERY_S, self._check_dates)

    async def _look_at_dates(self) -> None:
        nodes = [opened.node for opened in self.open.values()]
        for notice in await asyncio.to_thread(self._expiry.look, nodes):
            self._on_note(notice)

    @property
    def calls_in_flight(self) -> int:
        """How many calls run, streams included."""
        return sum(1 for channel in self._channels.all() for _ in channel.running())

    async def ping(self, timeout_s: float) -> tuple[Pong, ...]:
        """Ask every open node for gossip and measure the round trips.

        Args:
            timeout_s: For each, side by side.
        """
        pings = (
            self._ping_one(preference, opened, timeout_s)
            for preference, opened in tuple(self.open.items())
        )
        return tuple(await asyncio.gather(*pings))

    async def _ping_one(
        self, preference: NodePreference, opened: OpenNode, timeout_s: float
    ) -> Pong:
        began_at, error = monotonic(), None
        try:
            await self._ask(opened.route_channel, timeout_s, opened.metadata)
        except AioRpcError as failure:
            error = failure
        return pong_of(preference, opened.node, error, monotonic() - began_at)

    def abandon(self) -> None:
        """Forget everything without touching grpc: this is a forked child."""
        self._inbox.clear()
        self._is_draining = False
        self.open.clear()
        self._state, _ = advance(self._state, Closed(), monotonic())

    async def close(self, reason: str) -> None:
        """End every wait, read, channel and call.

        Args:
            reason: What the callers of calls under way are told.
        """
        self.post(Closed())
        for timer in (self._alarm, self._next_look, self._next_poll, self._next_check):
            if timer is not None:
                timer.cancel()
        for preference in tuple(self.open):
            self._shut(preference)
        await self._channels.end_all(reason)

    def _do(self, action: Action) -> None:  # noqa: C901, PLR0912 - one arm an action
        match action:
            case ReadGossip():
                self._reads[action.read] = self._tasks.start(self._read(action))
            case Connect():
                self._channels.get(action.route).connect_ahead()
            case Resolve():
                self._tasks.start_endless(self._look_up(action.host))
                if action.by_dns:
                    self._tasks.start_endless(self._look_up_by_dns(action.host))
            case Inspect():
                self._tasks.start_endless(self._inspect(action))
            case CancelRead():
                if (read := self._reads.pop(action.read, None)) is not None:
                    read.cancel()
            case WakeAt():
                self._wake_at(action.at)
            case Publish():
                self.topology = action.topology
                self._end_waits(None, action.topology)
            case Open():
                self._open_node(action)
            case Shut():
                self._shut(action.preference)
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

    async def _inspect(self, action: Inspect) -> None:
        # A look blocks: it must not hold up the loop.
        self.post(await asyncio.to_thread(self._verification.look, action))

    async def _look_up(self, host: str) -> None:
        try:
            found = await self._loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self.post(system_failed(host, error))
        else:
            self.post(of_system(host, found))

    async def _look_up_by_dns(self, host: str) -> None:
        answer = await ask_dns_async(host)
        if answer is not None:
            self.post(answer)

    async def _read(self, action: ReadGossip) -> None:
        try:
            event = await self._answer(action)
        finally:
            self._reads.pop(action.read, None)
        self.post(event)

    async def _answer(self, action: ReadGossip) -> GossipRead | GossipFailed:
        if self._verification.lacks_pin(action.route):
            failed = await asyncio.to_thread(
                self._verification.fetch_pin,
                action.read,
                action.endpoint,
                action.route,
                action.timeout_s,
            )
            if failed is not None:
                return failed
        channel = self._channels.get(action.route)
        began_at = monotonic()
        headers = self._authorization if action.with_credentials else ()
        try:
            answer = await self._ask(channel, action.timeout_s, Metadata(*headers))
            round_trip_s = monotonic() - began_at
            members = decode_cluster_info(answer)
        except AioRpcError as error:
            failure = failure_of(error)
        except MalformedMessage as malformed:
            failure = RpcFailure("UNKNOWN", str(malformed))
        else:
            return GossipRead(action.read, members, round_trip_s)
        return gossip_failed(action.read, failure, action.timeout_s)

    async def _ask(
        self, channel: RouteChannel, timeout_s: float, metadata: Metadata
    ) -> bytes:
        """Read gossip; where this side ends the channel, fail and do not vanish.

        Nothing here may hold the call when it is over, as its own callbacks would and a
        task in the frame of a `CancelledError`: a closed channel dials on until its
        last call is gone, and the collector takes its time.
        """
        call = channel.read_gossip()(READ_REQUEST, timeout=timeout_s, metadata=metadata)
        channel.reads.add(call)  # or the channel could be closed meanwhile
        try:
            answer: bytes = await call
        except CancelledError:
            if channel.ended is None or _is_cancelling():
                raise
            raise ended_error(StatusCode.UNAVAILABLE, channel.ended) from None
        finally:
            channel.reads.discard(call)
            self._channels.close_idle()
        return answer

    def _wake_at(self, at: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if at is not None:
            left_s = max(at - monotonic(), 0.0)
            self._alarm = self._loop.call_later(left_s, self._wake, at)

    def _wake(self, at: float) -> None:
        if monotonic() < at:  # a loop's clock is coarser than ours
            self._wake_at(at)
        else:
            self.post(Woke())

    def _open_node(self, action: Open) -> None:
        opened = self.open.get(action.preference)
        if opened is None or opened.node is not action.node:
            bare = call_headers(self._settings, action.preference)
            headers = (*bare, *self._authorization)
            opened = OpenNode(
                node=action.node,
                route_channel=self._channels.get(action.node.route),
                headers=headers,
                bare_headers=bare,
                metadata=Metadata(*headers),
            )
            opened.route_channel.node = action.node
            self.open[action.preference] = opened
            self._on_open(action.preference, opened)
            self._channels.close_idle()
        self._end_waits(action.preference, opened)

    def _shut(self, preference: NodePreference) -> None:
        if self.open.pop(preference, None) is not None:
            self._on_open(preference, None)
            self._channels.close_idle()

    def _is_open(self, channel: RouteChannel) -> bool:
        return any(node.route_channel is channel for node in self.open.values())

    def _give_up(self, action: GiveUp) -> None:
        for number in action.waiters:
            _, waiting = self._waits.pop(number, (None, None))
            if waiting is not None and not waiting.done():
                waiting.set_result(error_of(action, self._plan))

    def _end_waits(
        self, preference: NodePreference | None, result: OpenNode | Topology
    ) -> None:
        for number, (wanted, waiting) in tuple(self._waits.items()):
            if wanted is preference:
                del self._waits[number]
                if not waiting.done():
                    waiting.set_result(result)


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
