"""What a shell is to do: everything that `advance` can ask for, in the imperative.

A shell carries the actions out in their order and decides nothing.
"""

from __future__ import annotations

from enum import StrEnum

from kurrent_conn.core.attempt import Attempt
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.core.value import value


@value
class ReadGossip:
    """Ask one endpoint for gossip; answer with `GossipRead` or `GossipFailed`.

    Args:
        read: The number that the answer carries.
        endpoint: Who is asked: a seed or an advertised endpoint.
        route: Where to connect, and which name to verify.
        timeout_s: The read's own deadline in seconds.
        with_credentials: Whether to send user name and password.
    """

    read: int
    endpoint: Endpoint
    route: Route
    timeout_s: float
    with_credentials: bool


@value
class Connect:
    """Begin to connect by a route that is likely to be used; answer nothing."""

    route: Route


@value
class Resolve:
    """Look a name up; answer with `Resolved` or `ResolveFailed`.

    Args:
        host: The name.
        by_dns: Ask DNS itself as well as the system's resolver, for every address and
            its time to live; a second `Resolved` may follow the first.
    """

    host: str
    by_dns: bool


@value
class Inspect:
    """Look at a server's certificates; answer with `Inspected`, always.

    Args:
        look: The number that the answer carries.
        endpoint: Whose handshake failed.
        route: By which route, and which name was verified.
        timeout_s: For all of it, in seconds.
    """

    look: int
    endpoint: Endpoint
    route: Route
    timeout_s: float


@value
class CancelRead:
    """Stop a read; its answer is no longer wanted."""

    read: int


@value
class WakeAt:
    """Say `Woke` at this instant (monotonic seconds); replaces the last `WakeAt`.

    None: there is nothing to wake for.
    """

    at: float | None


@value
class Publish:
    """Show this snapshot to users, and end every wait for news with it."""

    topology: Topology


@value
class Open:
    """Send the calls of a preference to this node; end every wait for it.

    Repeated for a node that is open already, it only ends the waits.
    """

    preference: NodePreference
    node: Node


@value
class Shut:
    """Let new calls of a preference wait for the next `Open`; its channel stays."""

    preference: NodePreference


@value
class Retire:
    """Make no new call on the channel of this route; running calls finish on it."""

    route: Route


@value
class RetireAll:
    """Retire every channel there is."""


@value
class Condemn:
    """End the calls in flight on a node at once, with UNAVAILABLE and this text.

    Args:
        node: The node, as opened; its channel has retired already.
        text: Why, beginning with `failure.CONDEMNED`.
    """

    node: Node
    text: str


class Ending(StrEnum):
    """Why a wait ended without a node."""

    DEADLINE = "deadline"
    ROUNDS = "rounds"
    FATAL = "fatal"
    UNTRUSTED = "untrusted"
    CLOSED = "closed"


@value
class GiveUp:
    """End these waits with an error.

    Args:
        waiters: Their numbers.
        ending: Why.
        reason: Why, in one sentence for people.
        attempts: What was tried, one entry an endpoint and route.
        untrusted: The host outside `trusted_names`, and who named it.
        findings: What was found wrong with the TLS of those tried.
    """

    waiters: tuple[int, ...]
    ending: Ending
    reason: str
    attempts: tuple[Attempt, ...]
    untrusted: tuple[str, str] | None = None
    findings: tuple[TlsFinding, ...] = ()


@value
class Note:
    """Tell the user's `on_event` and the log."""

    notice: Notice


Action = (
    ReadGossip
    | Connect
    | Resolve
    | Inspect
    | CancelRead
    | WakeAt
    | Publish
    | Open
    | Shut
    | Retire
    | RetireAll
    | Condemn
    | GiveUp
    | Note
)
