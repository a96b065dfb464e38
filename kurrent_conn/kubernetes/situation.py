"""What the operator's guide asks its reader to weigh, as one value.

Knows the questions and which answers contradict each other; `decision` answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kurrent_conn.errors import ImpossiblePlan, Problem
from kurrent_conn.kubernetes.names import TrafficStrategy


class ServerPlace(StrEnum):
    """Where servers run; quorum nodes of one resource always share a cluster."""

    ONE_CLUSTER = "one-cluster"
    REPLICA_ELSEWHERE = "replica-elsewhere"


class ClientPlace(StrEnum):
    """Where clients run, seen from the quorum nodes."""

    SAME_CLUSTER = "same-cluster"
    SEVERAL_CLUSTERS = "several-clusters"
    OUTSIDE = "outside"
    ANYWHERE = "anywhere"


class DnsControl(StrEnum):
    """Who can set records in the DNS domain of the FQDNs."""

    OWN = "own"
    SHARED = "shared"
    NONE = "none"


class Hairpin(StrEnum):
    """Whether traffic may leave a cluster to come back to it."""

    FINE = "fine"
    AVOID = "avoid"


class Deployment(StrEnum):
    """Whether the data matters."""

    PRODUCTION = "production"
    TEST = "test"


class CertificateOption(StrEnum):
    """Where certificates come from."""

    SELF_SIGNED = "self-signed"
    PUBLIC = "public"
    INGRESS = "ingress"
    NONE = "none"


class InternodeStrategy(StrEnum):
    """How servers dial each other; the values are those of the resource."""

    SERVICE_NAME = "ServiceName"
    FQDN = "FQDN"
    SPLIT_DNS = "SplitDNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A reader of the guide: what is given, and what is wished.

    Args:
        servers: Whether a standalone read-only replica runs in a second cluster.
        clients: Where clients run.
        clusters: How many Kubernetes clusters are in play; None: as few as servers
            and clients need.
        peering: Whether the clusters' private networks are joined.
        dns: Who controls the domain of the FQDNs.
        hairpin: Whether hairpins are tolerated.
        deployment: Whether it may go without TLS.
        ingress: Whether an Ingress or Gateway controller can be used.
        certificates: The wish for a source of certificates; None leaves it open.
        internode: The wish for how servers dial each other; None leaves it open.
        client_traffic: The wish for what clients are sent to; None leaves it open.

    Raises:
        ImpossiblePlan: Answers contradict each other.
    """

    servers: ServerPlace = ServerPlace.ONE_CLUSTER
    clients: ClientPlace = ClientPlace.SAME_CLUSTER
    clusters: int | None = None
    peering: bool = False
    dns: DnsControl = DnsControl.OWN
    hairpin: Hairpin = Hairpin.AVOID
    deployment: Deployment = Deployment.PRODUCTION
    ingress: bool = True
    certificates: CertificateOption | None = None
    internode: InternodeStrategy | None = None
    client_traffic: TrafficStrategy | None = None

    def __post_init__(self) -> None:
        problems = tuple(_contradictions(self))
        if problems:
            raise ImpossiblePlan(problems)

    @property
    def servers_elsewhere(self) -> bool:
        """Whether a server runs in another cluster than the quorum."""
        return self.servers is ServerPlace.REPLICA_ELSEWHERE

    @property
    def cluster_count(self) -> int:
        """How many Kubernetes clusters are in play."""
        return self.clusters if self.clusters is not None else _fewest(self)

    @property
    def several_clusters(self) -> bool:
        """Whether more than one Kubernetes cluster is in play."""
        return self.cluster_count > 1

    @property
    def clients_inside(self) -> bool:
        """Whether clients run in the quorum's cluster."""
        return self.clients is not ClientPlace.OUTSIDE

    @property
    def clients_elsewhere(self) -> bool:
        """Whether clients run in another Kubernetes cluster."""
        anywhere = self.clients is ClientPlace.ANYWHERE and self.several_clusters
        return anywhere or self.clients is ClientPlace.SEVERAL_CLUSTERS

    @property
    def clients_outside(self) -> bool:
        """Whether clients run outside Kubernetes."""
        return self.clients in {ClientPlace.OUTSIDE, ClientPlace.ANYWHERE}


def _fewest(situation: Situation) -> int:
    spread = (
        situation.servers_elsewhere
        or situation.peering
        or situation.clients is ClientPlace.SEVERAL_CLUSTERS
    )
    return 2 if spread else 1


def _contradictions(situation: Situation) -> Iterator[Problem]:
    count = situation.cluster_count
    if count < 1:
        yield Problem("clusters", f"{count} is fewer than the one servers run in")
        return
    if count > 1:
        return
    if situation.servers_elsewhere:
        yield Problem(
            "servers", "a replica elsewhere runs in a second cluster, of which is none"
        )
    if situation.clients is ClientPlace.SEVERAL_CLUSTERS:
        yield Problem("clients", "several clusters are more than the one there is")
    if situation.peering:
        yield Problem("peering", "joins two clusters or more, and there is one")
