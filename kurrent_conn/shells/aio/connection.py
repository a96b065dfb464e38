"""The asyncio connection: what users hold, and what its channels ask.

Knows facades and callers; `driver` knows the core and the sockets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Final, Self
from weakref import WeakSet

from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.events import CallAnswered, CallFailed
from kurrent_conn.core.failure import RpcFailure, verdict_of
from kurrent_conn.core.notice import InsecureConnection, Notice
from kurrent_conn.core.outage import is_awaited
from kurrent_conn.core.report import Diagnostics, Pong, diagnose
from kurrent_conn.core.retry import Decision, Effort, RetryPolicy, after_failure
from kurrent_conn.errors import ConnectionClosed
from kurrent_conn.shells import fork
from kurrent_conn.shells.aio.channel import Channel
from kurrent_conn.shells.aio.driver import Driver
from kurrent_conn.shells.aio.loop_bound import check_loop
from kurrent_conn.shells.aio.open_node import OpenNode
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.given import Given
from kurrent_conn.shells.verification import trust_in_words

_LOG: Final = logging.getLogger("kurrent_conn")
_ENDED: Final = "the connection was closed while the call was under way"

OnEvent = Callable[[Notice], object]


class Connection:
    """A connection to a cluster; made by `connect`, bound to its loop.

    Attributes:
        settings: What the connection string said, the connection's name filled in.
        loop: The loop that it was made on; it works on no other.
    """

    def __init__(
        self,
        given: Given,
        *,
        timeout: float,
        retry: RetryPolicy,
        on_event: OnEvent | None,
        expiry_warning_s: float,
    ) -> None:
        self.settings: Final = given.settings
        self.timeout: Final = timeout
        self.loop: Final = asyncio.get_running_loop()
        self.tasks: Final = Tasks(self.loop)
        self._plan: Final = given.plan
        self._retry: Final = retry
        self._on_event = on_event
        self._facades: Final[WeakSet[Channel]] = WeakSet()
        self._facade: Channel | None = None
        self._closed = asyncio.Event()
        self._driver: Final = Driver(
            given,
            self.tasks,
            expiry_warning_s=expiry_warning_s,
            on_open=self._tell_facades,
            on_note=self._note,
        )
        fork.register(self)
        if given.plan.asks_before_calls:
            self._note(InsecureConnection())

    # What users call.

    @property
    def topology(self) -> Topology:
        """The snapshot believed now; generation 0 and empty at first."""
        return self._driver.topology

    @property
    def channel(self) -> Channel:
        """A channel of the preference that the connection string names.

        It survives failover, and so do the stubs made from it.
        """
        if self._facade is None or self._facade.is_closed:
            self._facade = self._make_channel(self.settings.node_preference)
        return self._facade

    def channel_for(self, preference: NodePreference | str) -> Channel:
        """Make a channel of another preference over the same topology.

        Args:
            preference: `leader`, `follower`, `random` or `readonlyreplica`.

        Raises:
            ValueError: It is none of these.
        """
        return self._make_channel(NodePreference(preference))

    async def refresh(self, timeout: float | None = None) -> Topology:  # noqa: ASYNC109 - the core bounds the wait, and says what it tried
        """Ask the cluster now, and wait for its answer.

        Args:
            timeout: Seconds; None takes the connection's.

        Raises:
            DiscoveryError: Nobody answered in time.
            ConnectionClosed: The connection is closed.
        """
        await self._wait(None, monotonic() + self._bound(timeout))
        return self.topology

    async def wait_until_ready(
        self,
        preference: NodePreference | str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as in `refresh`
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
        await self.open_node(wanted, monotonic() + self._bound(timeout))

    async def ping(self, timeout: float | None = None) -> tuple[Pong, ...]:  # noqa: ASYNC109 - as in `refresh`
        """Ask every node that calls go to, side by side, and measure.

        Without an open node one of the connection string's preference is found first.

        Args:
            timeout: Seconds for all of it; None takes the connection's.

        Returns:
            One entry a preference in use; a node that did not answer says why.

        Raises:
            DiscoveryError: There is no node to ask.
            ConnectionClosed: The connection is closed.
        """
        ends_at = monotonic() + self._bound(timeout)
        if not self._driver.open:
            await self.open_node(self.settings.node_preference, ends_at)
        return await self._driver.ping(max(ends_at - monotonic(), 0.0))

    def diagnostics(self) -> Diagnostics:
        """Say what the connection believes and has under way; asks nobody."""
        return diagnose(
            self._driver.state,
            self.settings.redacted(),
            trust_in_words(self.settings, self._driver.trust),
            self._driver.calls_in_flight,
        )

    async def close(self) -> None:
        """Close the connection and every channel; calls in flight are cancelled."""
        check_loop(self.loop)
        if not self._closed.is_set():
            self._closed.set()
            await self._driver.close(_ENDED)
            for facade in tuple(self._facades):
                facade.set_current(None)
        await self.tasks.finish()

    async def __aenter__(self) -> Self:
        """Give the connection itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()

    def __repr__(self) -> str:
        """Say to what, trusting whom, in which state, without any secret."""
        state = "closed" if self._closed.is_set() else f"leader {self.topology.leader}"
        trust = trust_in_words(self.settings, self._driver.trust)
        whom = f"{self.settings.redacted()}, trust: {trust}"
        return f"<kurrent_conn.aio.Connection {whom}; {state}>"

    # What channels call.

    def abandon(self) -> None:
        """Refuse calls from now on, without touching grpc: this is a forked child."""
        self._closed.set()
        self._driver.abandon()
        for facade in tuple(self._facades):
            facade.current = None

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def current(self, preference: NodePreference) -> OpenNode | None:
        """Give the node that a preference's calls go to, if one is open."""
        return self._driver.open.get(preference)

    async def open_node(
        self, preference: NodePreference, deadline_at: float
    ) -> OpenNode:
        """Give the node of a preference, waiting for it if need be.

        Args:
            preference: Whose node.
            deadline_at: When to give up, monotonic seconds.

        Raises:
            KurrentConnError: No node could be had, or the connection is closed.
        """
        while (found := self._driver.open.get(preference)) is None:
            # What the wait gives may be closed again before its turn comes.
            await self._wait(preference, deadline_at)
        return found

    @property
    def is_watching(self) -> bool:
        """Whether calls in flight are looked at now."""
        return self._driver.is_watching

    def watch(self) -> None:
        """Look at the calls in flight from now on, until there are none for a while."""
        self._driver.watch()

    def look_for(self, preference: NodePreference) -> None:
        """Look for a node of a preference; nobody waits for it."""
        self._driver.want(preference, monotonic() + self.timeout)

    def failed(self, node: OpenNode, effort: Effort, failure: RpcFailure) -> Decision:
        """Say what to do with a failed call, and let the core know of it.

        Args:
            node: Where the call was sent.
            effort: What the call has behind it.
            failure: How it ended.
        """
        decision = after_failure(
            self._driver.state, node.node, effort, failure, self._retry, monotonic()
        )
        self._driver.post(CallFailed(node.node, verdict_of(failure), failure.leader))
        return decision

    def answered(self, node: OpenNode) -> None:
        """Let the core know of an answer, where that ends a failover."""
        if is_awaited(self._driver.state, node.node):
            self._driver.post(CallAnswered(node.node))

    @property
    def trusted_names(self) -> tuple[str, ...]:
        """The patterns that hosts named by others must match."""
        return self._plan.trusted_names or ()

    async def pause(self, seconds: float) -> None:
        """Wait before a call is repeated; ends at once when the connection closes."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._closed.wait()
            except TimeoutError:
                pass

    def forget(self, facade: Channel) -> None:
        """Bring a closed facade no more news."""
        self._facades.discard(facade)

    # Waits.

    def _bound(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    async def _wait(
        self, preference: NodePreference | None, deadline_at: float
    ) -> None:
        check_loop(self.loop)
        await self._driver.wait(preference, deadline_at)

    # Facades.

    def _make_channel(self, preference: NodePreference) -> Channel:
        check_loop(self.loop)
        if self._closed.is_set():
            raise ConnectionClosed
        facade = Channel(self, preference)
        self._facades.add(facade)
        facade.current = self.current(preference)
        return facade

    def _tell_facades(self, preference: NodePreference, node: OpenNode | None) -> None:
        for facade in tuple(self._facades):
            if facade.preference is preference and not facade.is_closed:
                facade.set_current(node)

    def _note(self, notice: Notice) -> None:
        _LOG.debug("%s", notice)
        if self._on_event is not None:
            self.loop.call_soon(self._tell_user, notice)

    def _tell_user(self, notice: Notice) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(notice)
        except Exception:  # noqa: BLE001 - a user's bug must not stop a failover
            _LOG.exception("on_event failed; it is not called again")
            self._on_event = None
