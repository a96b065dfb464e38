"""What happened: everything that `advance` can be told, in the past tense."""

from __future__ import annotations

from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import Member, NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import Router
from kurrent_conn.core.state import Node
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.core.value import value


@value
class Wanted:
    """A caller wants a node.

    Args:
        waiter: The caller's number, unique within the connection.
        preference: What it asks for; None asks for news of the cluster only
            (`refresh`), which any answer satisfies.
        deadline_at: When it gives up, monotonic seconds.
    """

    waiter: int
    preference: NodePreference | None
    deadline_at: float


@value
class Abandoned:
    """A caller stopped waiting; the others go on."""

    waiter: int


@value
class GossipRead:
    """A gossip read was answered.

    Args:
        read: The number of the `ReadGossip` action.
        members: What the node said; empty is possible.
        round_trip_s: From sending to the answer, in seconds.
    """

    read: int
    members: tuple[Member, ...]
    round_trip_s: float


@value
class GossipFailed:
    """A gossip read failed.

    Args:
        read: The number of the `ReadGossip` action.
        verdict: What the failure means.
        phase: How far the read came.
        cause: Why, in one sentence, without any secret.
        denied: The node refused the read for lack of (the right) credentials.
        answered: The node itself spoke, so it is up: it has no gossip to give.
        hung_up: The server took a TLS connection and ended it without a word: it may
            be dying, or TLS may be why.
    """

    read: int
    verdict: Verdict
    phase: Phase
    cause: str
    denied: bool = False
    answered: bool = False
    hung_up: bool = False


@value
class Inspected:
    """A server's certificates were looked at.

    Args:
        look: The number of the `Inspect` action.
        findings: What is wrong, the gravest first; empty when nothing was found, or
            nothing could be seen.
    """

    look: int
    findings: tuple[TlsFinding, ...]


@value
class Resolved:
    """A name was looked up.

    Args:
        host: The name of the `Resolve` action.
        addresses: All its addresses, at least one.
        ttl_s: For how long they are good, in seconds.
    """

    host: str
    addresses: tuple[str, ...]
    ttl_s: float


@value
class ResolveFailed:
    """A name has no address, or could not be looked up.

    Args:
        host: The name of the `Resolve` action.
        cause: Why, in one sentence.
    """

    host: str
    cause: str


@value
class CallFailed:
    """A call on a node failed in a way that says something about the node.

    Args:
        node: The node that it went to, as opened.
        verdict: What the failure means.
        leader: The leader that the node named, with `Verdict.NOT_LEADER`.
    """

    node: Node
    verdict: Verdict
    leader: Endpoint | None = None


@value
class CallAnswered:
    """A call was answered where that ends a failover: see `outage.is_awaited`.

    Args:
        node: The node that answered, as opened.
    """

    node: Node


@value
class CallsLate:
    """Calls on a node have been unanswered for a while; said again while they are.

    Args:
        node: The node, as opened.
        since: When the oldest of them began, monotonic seconds.
    """

    node: Node
    since: float


@value
class RulesChanged:
    """The overrides are others now.

    Args:
        router: The new ones.
    """

    router: Router


@value
class TrustChanged:
    """Channels made from now on verify against other roots, or show another key."""


@value
class Woke:
    """The instant of the last `WakeAt` came."""


@value
class Closed:
    """The connection was closed; nothing is wanted any more."""


Event = (
    Wanted
    | Abandoned
    | GossipRead
    | GossipFailed
    | Inspected
    | Resolved
    | ResolveFailed
    | CallFailed
    | CallAnswered
    | CallsLate
    | RulesChanged
    | TrustChanged
    | Woke
    | Closed
)
