"""A way to run servers and clients, and all that makes it work, as one value.

Knows what is chosen and why; names of nodes come in with `site`, YAML with `manifest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kurrent_conn.kubernetes.guide import Reason
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    InternodeStrategy,
    Situation,
)


class LoadBalancer(StrEnum):
    """Whether each server gets a load balancer of its own, and who reaches it."""

    NONE = "none"
    INTERNAL = "internal"
    PUBLIC = "public"


class Location(StrEnum):
    """Where a client stands, seen from the quorum nodes."""

    SAME_CLUSTER = "same-cluster"
    OTHER_CLUSTER = "other-cluster"
    OUTSIDE = "outside"


class ObjectKind(StrEnum):
    """What has to be made by hand: the operator does not."""

    CERTIFICATES = "issuers and certificates"
    SECRET_ACCESS = "Role and RoleBinding for the certificate Secrets"  # noqa: S105 - a title
    TRUST = "trust-manager bundle"
    ENTRY = "Ingress or Gateway with a host a node"
    NODE_SERVICES = "Services that answer for nodes of another cluster"
    REWRITE = "CoreDNS rewrite rule, or our overrides"
    DNS_RECORDS = "DNS records of the FQDNs"
    SHARED_CA = "the same CA in each cluster"
    STANDALONE_REPLICA = "a second KurrentDB resource for the replica elsewhere"


@dataclass(frozen=True, slots=True)
class Combination:
    """A choice for each of the guide's three questions.

    Args:
        certificates: Where certificates come from.
        internode: How servers dial each other.
        client_traffic: What clients are sent to.
    """

    certificates: CertificateOption
    internode: InternodeStrategy
    client_traffic: TrafficStrategy

    def __str__(self) -> str:
        """Write the three choices."""
        return (
            f"certificates {self.certificates}, servers by {self.internode}, "
            f"clients by {self.client_traffic}"
        )


@dataclass(frozen=True, slots=True)
class ManualObject:
    """Something to make beside the KurrentDB resource.

    Args:
        kind: What it is.
        reason: Why it is needed.
    """

    kind: ObjectKind
    reason: Reason


@dataclass(frozen=True, slots=True)
class Drawback:
    """What speaks against a plan, without ruling it out.

    Args:
        weight: How much, compared with others.
        reason: What it is.
    """

    weight: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Rejection:
    """A combination that cannot work here.

    Args:
        combination: What was refused.
        reasons: One or more.
    """

    combination: Combination
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A way that works, with its reasons and its price.

    Args:
        situation: What it is for.
        combination: What it chooses.
        load_balancer: What the resource asks the operator for.
        objects: What has to be made by hand.
        locations: From where clients are promised to connect.
        reasons: Why these choices.
        drawbacks: What speaks against it, gravest first.
        impersonators: Who could pass for a server, one sentence each.
    """

    situation: Situation
    combination: Combination
    load_balancer: LoadBalancer
    objects: tuple[ManualObject, ...]
    locations: tuple[Location, ...]
    reasons: tuple[Reason, ...]
    drawbacks: tuple[Drawback, ...]
    impersonators: tuple[str, ...]

    @property
    def certificates(self) -> CertificateOption:
        """Where certificates come from."""
        return self.combination.certificates

    @property
    def internode(self) -> InternodeStrategy:
        """How servers dial each other."""
        return self.combination.internode

    @property
    def client_traffic(self) -> TrafficStrategy:
        """What clients are sent to."""
        return self.combination.client_traffic

    @property
    def tls(self) -> bool:
        """Whether servers have certificates."""
        return self.certificates is not CertificateOption.NONE

    @property
    def own_ca(self) -> bool:
        """Whether servers' certificates are signed by a CA of one's own."""
        return self.certificates in {
            CertificateOption.SELF_SIGNED,
            CertificateOption.INGRESS,
        }

    @property
    def behind_entry(self) -> bool:
        """Whether clients' TLS ends at an Ingress or a Gateway."""
        return self.certificates is CertificateOption.INGRESS

    @property
    def needs_route_inside(self) -> bool:
        """Whether clients inside find no node unless a rule sends them."""
        return (
            self.client_traffic is TrafficStrategy.FQDN
            and self.load_balancer is LoadBalancer.NONE
            and not self.behind_entry
        )

    @property
    def weight(self) -> int:
        """What all drawbacks weigh together; plans are ranked by it."""
        return sum(drawback.weight for drawback in self.drawbacks)
