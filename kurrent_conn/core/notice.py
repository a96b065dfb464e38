"""What `on_event` receives: observations, free of secrets, never a decision."""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.attempt import Attempt
from kurrent_conn.core.cluster import NodePreference, NodeState, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.expiry import Expiring
from kurrent_conn.core.failover import Failover
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import Route


@dataclass(frozen=True, slots=True)
class TopologyChanged:
    """A new snapshot was published."""

    topology: Topology

    def __str__(self) -> str:
        """Write one line for people."""
        told = ", ".join(
            f"{member.advertised} {member.state_name}"
            f"{'' if member.is_alive else ' (dead)'}"
            for member in self.topology.members
        )
        topology = self.topology
        return f"generation {topology.generation}, leader {topology.leader}: {told}"


@dataclass(frozen=True, slots=True)
class NodeOpened:
    """Calls of a preference now go to this node.

    Args:
        preference: Whose calls.
        advertised: The node's identity.
        route: How it is reached.
        why: In a few words, such as `chosen from gossip` or `redirected`.
    """

    preference: NodePreference
    advertised: Endpoint
    route: Route
    why: str

    def __str__(self) -> str:
        """Write one line for people."""
        return (
            f"{self.preference}: {self.advertised}, dialled as {self.route}, {self.why}"
        )


@dataclass(frozen=True, slots=True)
class NodeLost:
    """A node failed; calls no longer go to it until it has answered again."""

    advertised: Endpoint
    verdict: Verdict

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.advertised} is lost: {self.verdict}"


@dataclass(frozen=True, slots=True)
class InsecureConnection:
    """Certificates are not verified (`tlsVerifyCert=false`): said once, at first."""

    def __str__(self) -> str:
        """Write one line for people."""
        return "tlsVerifyCert=false: whoever answers first is believed"


@dataclass(frozen=True, slots=True)
class CertificateExpiring:
    """A certificate in use ends soon: said once a certificate and endpoint.

    Args:
        endpoint: Who presents it, or depends on it as its CA; None for our own.
        expiring: Which certificate, and when it ends.
    """

    endpoint: Endpoint | None
    expiring: Expiring

    def __str__(self) -> str:
        """Write one line for people."""
        whose = "our own" if self.endpoint is None else str(self.endpoint)
        return f"{whose}: {self.expiring}"


@dataclass(frozen=True, slots=True)
class FileTaken:
    """A file changed, and what it says holds from now on.

    Args:
        what: `overrides` or `trust`.
    """

    what: str

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.what}: the changed files are in force"


@dataclass(frozen=True, slots=True)
class FileRefused:
    """A file changed and cannot be used; what it said before stays in force.

    Args:
        what: `overrides` or `trust`.
        why: The problem, with the file's name.
    """

    what: str
    why: str

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.what}: the changed files are not used: {self.why}"


@dataclass(frozen=True, slots=True)
class NodeSuspected:
    """A node with late calls is silent; other members are asked about it.

    Args:
        advertised: The node.
        silent_s: For how long it has not answered a probe.
    """

    advertised: Endpoint
    silent_s: float

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.advertised} is silent for {self.silent_s:.2f} s: a suspect"


@dataclass(frozen=True, slots=True)
class NodeCondemned:
    """A silent node was given up; its calls in flight end with an unknown outcome.

    Args:
        advertised: The node.
        why: In a few words.
    """

    advertised: Endpoint
    why: str

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.advertised} is given up: {self.why}"


@dataclass(frozen=True, slots=True)
class ChannelRenewed:
    """A node answers while its calls stay late, so it gets a fresh channel."""

    advertised: Endpoint

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.advertised} answers, but calls are late: a fresh channel"


@dataclass(frozen=True, slots=True)
class FailedOver:
    """A preference lost its node, and a call was answered by another, or by it again.

    Args:
        failover: From where to where, and how long it took.
    """

    failover: Failover

    def __str__(self) -> str:
        """Write one line for people."""
        return str(self.failover)


@dataclass(frozen=True, slots=True)
class FellBack:
    """No member of the preferred role was there, so another one serves.

    Args:
        preference: What was asked for.
        advertised: Who serves instead.
        state: That member's state.
    """

    preference: NodePreference
    advertised: Endpoint
    state: NodeState | int

    def __str__(self) -> str:
        """Write one line for people."""
        return f"no {self.preference} is there, so {self.advertised} serves"


@dataclass(frozen=True, slots=True)
class RedirectRefused:
    """A not-leader answer was not followed.

    Args:
        told_by: The node that answered.
        leader: Whom it named; None when it named nobody.
        why: In a few words, such as `it names itself`.
    """

    told_by: Endpoint
    leader: Endpoint | None
    why: str

    def __str__(self) -> str:
        """Write one line for people."""
        return f"{self.told_by} names {self.leader} as leader: not followed, {self.why}"


@dataclass(frozen=True, slots=True)
class EndpointFailed:
    """An endpoint gave no gossip; the search goes on."""

    attempt: Attempt

    def __str__(self) -> str:
        """Write one line for people."""
        return str(self.attempt)


@dataclass(frozen=True, slots=True)
class SearchFailed:
    """A search ended without a node; the next call starts a new one."""

    reason: str

    def __str__(self) -> str:
        """Write one line for people."""
        return f"no node was found: {self.reason}"


Notice = (
    TopologyChanged
    | NodeOpened
    | NodeLost
    | InsecureConnection
    | CertificateExpiring
    | FileTaken
    | FileRefused
    | NodeSuspected
    | NodeCondemned
    | ChannelRenewed
    | FailedOver
    | FellBack
    | RedirectRefused
    | EndpointFailed
    | SearchFailed
)
