"""The blocking connection: what users and channels ask of it.

Knows facades and callers; `driver` knows the core and the sockets.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Self
from weakref import WeakSet

import grpc

from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.events import CallAnswered, CallFailed
from kurrent_conn.core.expiry import WITHIN_S
from kurrent_conn.core.failure import RpcFailure, verdict_of
from kurrent_conn.core.notice import InsecureConnection, Notice
from kurrent_conn.core.outage import is_awaited
from kurrent_conn.core.report import Diagnostics, Pong, diagnose
from kurrent_conn.core.retry import Decision, Effort, RetryPolicy, after_failure
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import ConnectionClosed
from kurrent_conn.shells import fork
from kurrent_conn.shells.blocking.channel import Channel
from kurrent_conn.shells.blocking.driver import Driver, Waiting
from kurrent_conn.shells.blocking.open_node import OpenNode
from kurrent_conn.shells.blocking.timer import Timer
from kurrent_conn.shells.given import Given, read_given
from kurrent_conn.shells.plan import OverridesLike
from kurrent_conn.shells.verification import trust_in_words

_LOG: Final = logging.getLogger("kurrent_conn")

OnEvent = Callable[[Notice], object]


class Connection:
    """A connection to a cluster; made by `connect`, thread-safe, a context manager.

    Attributes:
        settings: What the connection string said, the connection's name filled in.
        timeout: The seconds that a wait without a deadline of its own may take.
    """

    def __init__(
        self,
        given: Given,
        *,
        timeout: float,
        retry: RetryPolicy,
        lazy: bool,
        on_event: OnEvent | None,
        expiry_warning_s: float,
    ) -> None:
        self.settings: Final = given.settings
        self.timeout: Final = timeout
        self._plan: Final = given.plan
        self._retry: Final = retry
        self._on_event = on_event
        self._facades: Final[WeakSet[Channel]] = WeakSet()
        self._facade: Channel | None = None
        self._closed = threading.Event()
        self._timer: Final = Timer(f"kurrent-conn {self.settings.connection_name}")
        self._driver: Final = Driver(
            given,
            self._timer,
            lazy=lazy,
            expiry_warning_s=expiry_warning_s,
            on_open=self._tell_facades,
            on_note=self._note,
        )
        fork.register(self)
        if given.plan.asks_before_calls:
            self._note(InsecureConnection())

    @property
    def topology(self) -> Topology:
        """The snapshot believed now; generation 0 and empty at first."""
        return self._driver.topology

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
        self._driver.wait(None, monotonic() + self._bound(timeout))
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

    def ping(self, timeout: float | None = None) -> tuple[Pong, ...]:
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
            self.open_node(self.settings.node_preference, ends_at)
        return self._driver.ping(max(ends_at - monotonic(), 0.0))

    def diagnostics(self) -> Diagnostics:
        """Say what the connection believes and has under way; asks nobody."""
        return diagnose(
            self._driver.state,
            self.settings.redacted(),
            trust_in_words(self.settings, self._driver.trust),
            self._driver.calls_in_flight,
        )

    def close(self) -> None:
        """Close the connection and every channel; calls in flight are cancelled."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._driver.close()
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
        """Say to what, trusting whom, in which state, without any secret."""
        state = "closed" if self._closed.is_set() else f"leader {self.topology.leader}"
        trust = trust_in_words(self.settings, self._driver.trust)
        whom = f"{self.settings.redacted()}, trust: {trust}"
        return f"<kurrent_conn.Connection {whom}; {state}>"

    # What channels call.

    def abandon(self) -> None:
        """Refuse calls from now on, without touching grpc: this is a forked child."""
        self._closed = threading.Event()
        self._closed.set()
        self._driver.abandon()
        for facade in list(self._facades):
            facade.current = None

    def current(self, preference: NodePreference) -> OpenNode | None:
        """Give the node that a preference's calls go to, if one is open."""
        return self._driver.open.get(preference)

    def open_node(self, preference: NodePreference, deadline_at: float) -> OpenNode:
        """Give the node of a preference, waiting for it if need be.

        Args:
            preference: Whose node.
            deadline_at: When to give up, monotonic seconds.

        Raises:
            KurrentConnError: No node could be had, or the connection is closed.
        """
        found = self._driver.open.get(preference)
        if found is not None:
            return found
        waited = self._driver.wait(preference, deadline_at)
        if isinstance(waited, Topology):
            raise TypeError(f"a wait for a {preference} ended with news only")
        return waited

    def when_open(self, preference: NodePreference, deadline_at: float) -> Waiting:
        """Ask for the node of a preference without waiting for it."""
        return self._driver.want(preference, deadline_at)[1]

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

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def pause(self, seconds: float) -> None:
        """Wait before a call is repeated; ends at once when the connection closes."""
        if seconds > 0:
            self._closed.wait(seconds)

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        """Run a job on the connection's thread after a while; at once after its end."""
        if not self._timer.at(monotonic() + seconds, job):
            # Never here: this may be a thread of grpc's, which the job may wait for.
            threading.Thread(target=job, name="kurrent-conn ends", daemon=True).start()

    def forget(self, facade: Channel) -> None:
        """Bring a closed facade no more news."""
        self._facades.discard(facade)

    def watch(self) -> None:
        """Look at the calls in flight from now on, until there are none for a while."""
        self._driver.watch()

    # Waits.

    def _bound(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    def _note(self, notice: Notice) -> None:
        _LOG.debug("%s", notice)
        if self._on_event is not None:
            self._timer.soon(partial(self._tell_user, notice))

    def _tell_user(self, notice: Notice) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(notice)
        except Exception:  # noqa: BLE001 - a user's bug must not stop a failover
            _LOG.exception("on_event failed; it is not called again")
            self._on_event = None

    # Channels.

    def _make_channel(self, preference: NodePreference) -> Channel:
        if self._closed.is_set():
            raise ConnectionClosed
        facade = Channel(self, preference)
        self._facades.add(facade)
        # Again, should another thread tell the facades of a change meanwhile.
        while facade.current is not (now := self._driver.open.get(preference)):
            facade.current = now
        return facade

    def _tell_facades(self, preference: NodePreference, node: OpenNode | None) -> None:
        for facade in list(self._facades):
            if facade.preference is preference and not facade.is_closed:
                facade.set_current(node)


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
    expiry_warning_s: float = WITHIN_S,
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
            must match; None trusts every host that a member names. Seeds are trusted,
            and hosts that an override rule is about, for as long as it is there.
        allow_plaintext_credentials: Send user name and password under `tls=false`.
        retry: How to wait before a repeat, and when to stop.
        on_event: Receives every `Notice`, on the connection's own thread; it must not
            block. Its first exception is logged and ends it.
        expiry_warning_s: How long before its end a certificate, of a node or our own,
            is told of by a `CertificateExpiring`, in seconds; 0 looks at none.

    Returns:
        The connection, with a node found unless `lazy`.

    Raises:
        ConfigurationError: Something that was given is wrong; nothing was sent.
        DiscoveryError: No node could be had; it lists every endpoint tried.
        UntrustedName: A member names a host outside `trusted_names`.
    """
    fork.check()
    given = read_given(
        target,
        overrides,
        follow=follow,
        trusted_names=trusted_names,
        allow_plaintext_credentials=allow_plaintext_credentials,
    )
    connection = Connection(
        given,
        timeout=timeout,
        retry=retry or RetryPolicy(),
        lazy=lazy,
        on_event=on_event,
        expiry_warning_s=expiry_warning_s,
    )
    if not lazy:
        try:
            connection.wait_until_ready()
        except BaseException:
            connection.close()
            raise
    return connection
