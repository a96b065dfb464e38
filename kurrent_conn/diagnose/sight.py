"""What probes saw, as values: of names, of connections, of answers.

Nothing is judged here. A `Contact` is one route tried to its end: how far it came is
its `reach`, and what stopped it is in the first part that failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import RpcFailure, Verdict, verdict_of
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import TlsFinding


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a name resolved to, by the system and by DNS itself.

    Args:
        host: The name.
        system: The addresses that the system gives; what is dialled.
        failure: Why the system gave none; empty when it did.
        dns: The addresses that DNS gives when asked directly; None when it gave
            nothing.
    """

    host: str
    system: tuple[str, ...] = ()
    failure: str = ""
    dns: tuple[str, ...] | None = None

    @property
    def is_known(self) -> bool:
        """Whether the name has an address for this machine."""
        return bool(self.system)

    @property
    def differs(self) -> bool:
        """Whether the system and DNS have no address in common."""
        return bool(self.system and self.dns) and not set(self.system) & set(
            self.dns or ()
        )


class NoConnection(StrEnum):
    """Why TCP did not connect."""

    REFUSED = "refused"
    TIMED_OUT = "timed out"
    NO_ROUTE = "no route"
    FAILED = "failed"


class TlsEnd(StrEnum):
    """How a handshake ended that no certificate was seen in, or one that was."""

    DONE = "done"
    SILENT = "silent"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TlsSight:
    """What a server showed in its handshake.

    Args:
        end: How the handshake ended.
        findings: What is wrong with it, the gravest first.
        certificates: What was presented, the leaf first.
        protocol: The application protocol agreed on; None for none.
    """

    end: TlsEnd
    findings: tuple[TlsFinding, ...] = ()
    certificates: tuple[CertificateFacts, ...] = ()
    protocol: str | None = None

    @property
    def leaf(self) -> CertificateFacts | None:
        """The server's own certificate; None when none was seen."""
        return self.certificates[0] if self.certificates else None

    @property
    def is_sound(self) -> bool:
        """Whether gRPC would accept the server."""
        return self.end is TlsEnd.DONE and not self.findings


@dataclass(frozen=True, slots=True)
class CallSight:
    """How one call went.

    Args:
        took_s: Seconds from asking to the end.
        failure: How it ended; None when it was answered.
        text: What the answer was about, such as the server's version.
    """

    took_s: float
    failure: RpcFailure | None = None
    text: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """What the failure means; None when the call was answered."""
        return None if self.failure is None else verdict_of(self.failure)


@dataclass(frozen=True, slots=True)
class GossipSight:
    """What a node said about all of them.

    Args:
        call: How the read went.
        members: What it listed; empty when it failed.
        is_denied: Whether it was refused for want of rights.
        with_credentials: Whether it was read with them: without them it was denied.
    """

    call: CallSight
    members: tuple[Member, ...] = ()
    is_denied: bool = False
    with_credentials: bool = False


class Credentials(StrEnum):
    """What a node says to our user name and password."""

    NONE = "none given"
    WITHHELD = "not sent without TLS"
    UNTRIED = "not tried"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Role(StrEnum):
    """What a node makes of a read that only a leader answers."""

    LEADS = "leads"
    REDIRECTS = "redirects"
    NOT_READY = "not ready"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RoleSight:
    """The answer to a read that only a leader answers; nothing is written by it.

    Args:
        role: What the answer means.
        leader: Whom a redirect names, as advertised; None for nobody.
    """

    role: Role = Role.UNKNOWN
    leader: Endpoint | None = None


class Reach(IntEnum):
    """How far a contact came."""

    NOTHING = 0
    CONNECTED = 1
    VERIFIED = 2
    ANSWERED = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """One route to one endpoint, tried to its end.

    Args:
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it was dialled, with the address.
        connected_s: Seconds until TCP connected; None when it did not.
        no_connection: Why it did not.
        cause: The system's words for that.
        tls: What the handshake showed; None without TLS, or without a connection.
        speaks_tls: Whether TLS is spoken where none was asked for.
        features: How the first call went, which needs no rights; None when it was
            not made.
        gossip: What was said of the others.
        credentials: What became of ours.
        role: Whether it answers for the leader.
    """

    endpoint: Endpoint
    route: Route
    connected_s: float | None = None
    no_connection: NoConnection | None = None
    cause: str = ""
    tls: TlsSight | None = None
    speaks_tls: bool = False
    features: CallSight | None = None
    gossip: GossipSight | None = None
    credentials: Credentials = Credentials.UNTRIED
    role: RoleSight = RoleSight()

    @property
    def reach(self) -> Reach:
        """How far it came."""
        if self.connected_s is None:
            return Reach.NOTHING
        if self.tls is not None and not self.tls.is_sound:
            return Reach.CONNECTED
        return Reach.ANSWERED if self.is_answered else Reach.VERIFIED

    @property
    def is_answered(self) -> bool:
        """Whether a node spoke gRPC: a refusal by a server is an answer, too."""
        if self.features is None:
            return False
        return self.features.verdict in {
            None,
            Verdict.ANSWERED,
            Verdict.NOT_READY,
            Verdict.TOO_BUSY,
        }

    @property
    def members(self) -> tuple[Member, ...]:
        """What it listed; empty when it listed nothing."""
        return self.gossip.members if self.gossip is not None else ()
