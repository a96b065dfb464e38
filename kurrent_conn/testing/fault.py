"""What can go wrong, as values: they can be listed, named, compared and replayed.

`SimulatedCluster.apply(fault, after_s=...)` carries one out, now or at its time. A node
is given by its index, or as `"leader"`: whoever leads when the fault happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kurrent_conn.core.cluster import Member
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import CallName

Which = int | Literal["leader"]


@dataclass(frozen=True, slots=True)
class AtCall:
    """When a fault happens: at a call, which waits until it has happened.

    A node that is killed at an append that `is_served` has written it, and nobody gets
    the answer; without, it has not, and the client cannot tell the difference.

    Args:
        call: What kind of call: `append`, `delete`, `read` or `gossip`.
        node: Where, by who leads when this is ordered.
        number: Which of them, from 1, counted from now on.
        is_served: Whether it has its effect first.
    """

    call: CallName
    node: Which = "leader"
    number: int = 1
    is_served: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """End a node as SIGKILL does.

    Args:
        node: Which.
        noticed_after_s: How long the others still list it as alive, in seconds.
    """

    node: Which
    noticed_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop a node as SIGSTOP does."""

    node: Which


@dataclass(frozen=True, slots=True)
class Thaw:
    """Let a frozen node go on."""

    node: Which


@dataclass(frozen=True, slots=True)
class Restart:
    """Start a node again, killing it first where it lives.

    Args:
        node: Which.
        silent_s: How long it takes calls without answering them, in seconds.
    """

    node: Which
    silent_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RollingRestart:
    """Restart one node after another; whoever leads hands over first.

    Args:
        pause_s: How long a node is down, in seconds.
    """

    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Resign:
    """Make the leader a ResigningLeader."""

    node: Which = "leader"


@dataclass(frozen=True, slots=True)
class Elect:
    """Hold an election.

    Args:
        node: Who wins.
        after_s: How long nobody leads, in seconds.
    """

    node: int
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Partition:
    """Cut the nodes into sides that no longer hear each other.

    Args:
        sides: The indices of each; who is in none stays with the first.
    """

    sides: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Deafen:
    """Let some nodes hear only each other, while the others hear them.

    Args:
        nodes: Their indices.
    """

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LoseQuorum:
    """Let a node notice that it hears too few others."""

    node: Which


@dataclass(frozen=True, slots=True)
class Heal:
    """End every partition and deafness."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Let every call wait before it is looked at.

    Args:
        node: Where.
        delay_s: How long, in seconds.
    """

    node: Which
    delay_s: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Take calls and never answer them, while the connection lives."""

    node: Which


@dataclass(frozen=True, slots=True)
class TooBusy:
    """Answer reads and writes with "Server Is Too Busy"."""

    node: Which


@dataclass(frozen=True, slots=True)
class Lie:
    """List something else in gossip.

    Args:
        node: Who lies.
        members: What it lists.
    """

    node: Which
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class StaleRedirect:
    """Send clients to a node that no longer leads, or is dead.

    Args:
        node: Who sends.
        to: The index of the node that they are sent to.
    """

    node: Which
    to: int


@dataclass(frozen=True, slots=True)
class SelfRedirect:
    """Send clients back to where they are, as a node does that knows no leader."""

    node: Which


@dataclass(frozen=True, slots=True)
class NoAlpn:
    """Offer no ALPN to new connections, as behind a balancer that ends TLS.

    gRPC clients of this kind refuse such a server; what is open stays open.
    """

    node: Which


@dataclass(frozen=True, slots=True)
class PlaintextPort:
    """Serve new connections without TLS, though clients expect it."""

    node: Which


@dataclass(frozen=True, slots=True)
class DemandCertificate:
    """Refuse new connections without a client certificate of the cluster's CA."""

    node: Which


@dataclass(frozen=True, slots=True)
class SwapCertificate:
    """Present another certificate from the next handshake on.

    Args:
        node: Where.
        certificate: Which.
    """

    node: Which
    certificate: KeyPair


@dataclass(frozen=True, slots=True)
class Recover:
    """End slowness, silence, overload, lies, false redirects and false greetings."""

    node: Which


@dataclass(frozen=True, slots=True)
class CutConnections:
    """Close every connection of a node; new ones are taken.

    Args:
        node: Where.
        reset: Whether by RST instead of FIN.
    """

    node: Which
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Pass no more bytes on, in both directions; connections stay open."""

    node: Which


@dataclass(frozen=True, slots=True)
class Trickle:
    """Pass bytes on slowly, in both directions.

    Args:
        node: Where.
        bytes_per_s: How many a second, for each direction of a connection.
    """

    node: Which
    bytes_per_s: int


@dataclass(frozen=True, slots=True)
class Flow:
    """End a stall or a trickle."""

    node: Which


GreetingFault = NoAlpn | PlaintextPort | DemandCertificate
Misconduct = Slow | Drop | TooBusy | Lie | StaleRedirect | SelfRedirect
Behaviour = Misconduct | GreetingFault | Recover
WireFault = CutConnections | Stall | Trickle | Flow
NodeFault = Kill | Freeze | Thaw | Restart | Resign | LoseQuorum | SwapCertificate
ClusterFault = RollingRestart | Elect | Partition | Deafen | Heal
Fault = NodeFault | ClusterFault | Behaviour | WireFault


def takes_time(fault: Fault) -> bool:
    """Whether it has not happened yet when it was begun.

    Args:
        fault: Any.
    """
    is_lasting = isinstance(fault, Elect) and fault.after_s > 0
    return is_lasting or isinstance(fault, RollingRestart)
