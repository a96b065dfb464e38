"""What the operator's networking guide says, and where later facts correct it.

Each statement has a name, the section it stands in and its claim in our words. Plans
give statements as reasons, and each has a test of its name.

Source: Kurrent Kubernetes Operator 1.4.3 and 1.5.0 documentation, "Advanced
Networking"; the corrections name theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

_STRATEGIES = "Traffic Strategy Options"
_CERTIFICATES = "Certificate Options"
_SECURITY = "What are your security requirements?"
_SERVERS = "Where will your KurrentDB servers run?"
_CLIENTS = "Where will your KurrentDB clients run?"
_HAIRPINS = "How bad are hairpin traffic patterns for your deployment?"
_ONE_CLUSTER = "Everything in One Kubernetes Cluster"
_ANYWHERE = "Servers Anywhere, Clients Anywhere"
_PEERING = "Multiple Kubernetes Clusters and a VPC Peering"
_PEERING_SERVICE = "ServiceName-based Variant"
_PEERING_FQDN = "FQDN-based Variant"


@dataclass(frozen=True, slots=True)
class Passage:
    """A claim, and where it can be read.

    Args:
        section: The heading, or the document, that it stands under.
        claim: What it says, in our words.
    """

    section: str
    claim: str


class Statement(Enum):
    """What the guide says."""

    SERVICE_NAME_IS_THE_INTERNODE_DEFAULT = Passage(
        _STRATEGIES, "servers dial each other by service name unless told otherwise"
    )
    INTERNODE_FQDN_DIALS_FQDNS = Passage(
        _STRATEGIES, "FQDN makes servers dial each other by FQDN"
    )
    SPLIT_DNS_ANSWERS_POD_ADDRESSES = Passage(
        _STRATEGIES,
        "SplitDNS advertises FQDNs, and a sidecar answers them with pod addresses "
        "for pods of the same cluster",
    )
    FQDN_IS_THE_CLIENT_DEFAULT = Passage(
        _STRATEGIES, "clients are sent to FQDNs unless told otherwise"
    )
    CLIENTS_HAVE_NO_SPLIT_DNS = Passage(
        _STRATEGIES,
        "SplitDNS is for servers only: the operator does not deploy client pods and "
        "cannot put its sidecar into them",
    )
    REWRITE_IS_SPLIT_DNS_FOR_CLIENTS = Passage(
        _STRATEGIES, "a CoreDNS rewrite rule gives clients what SplitDNS gives servers"
    )
    TLS_EXCEPT_FOR_TESTS = Passage(
        _CERTIFICATES,
        "only a test deployment goes without certificates: without them there is no "
        "authentication and no authorization either",
    )
    SELF_SIGNED_MAY_NAME_ANYTHING = Passage(
        _CERTIFICATES,
        "certificates of one's own CA may carry any name, service names included",
    )
    CERT_MANAGER_AND_TRUST_MANAGER = Passage(
        _CERTIFICATES,
        "cert-manager issues self-signed certificates and trust-manager hands the CA "
        "to clients",
    )
    PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS = Passage(
        _CERTIFICATES,
        "a public CA signs FQDNs only, so that every dialled name must be one: FQDN "
        "or SplitDNS between servers, FQDN for clients",
    )
    BOTH_BY_A_TERMINATING_INGRESS = Passage(
        _CERTIFICATES,
        "servers keep certificates of their own CA, and an Ingress with a public "
        "certificate ends clients' TLS; the operator does not create it",
    )
    CERTIFICATE_HOLDERS_MAY_IMPERSONATE = Passage(
        _SECURITY,
        "servers know each other by certificate: who can read one, or have a "
        "matching one issued, passes for a server and has the whole database",
    )
    SECRETS_ONLY_FOR_ADMINISTRATORS = Passage(
        _SECURITY,
        "only administrators of the database may read the Secrets with server "
        "certificates",
    )
    SHARED_DNS_MAY_FAVOUR_SELF_SIGNED_SERVICE_NAMES = Passage(
        _SECURITY,
        "where others share control of the domain's DNS, own certificates and "
        "service names between servers may be the tightest control",
    )
    CLIENTS_INSIDE_MAY_USE_SERVICE_NAMES = Passage(
        _SECURITY,
        "if all clients are inside the cluster, own certificates with service names "
        "everywhere are open to the strictest posture",
    )
    INGRESS_KEEPS_SERVICE_NAMES_BETWEEN_SERVERS = Passage(
        _SECURITY,
        "the other choice of that posture: own certificates and service names "
        "between servers, public certificates on Ingresses, FQDNs for clients",
    )
    SERVERS_ELSEWHERE_NEED_A_CHOICE = Passage(
        _SERVERS,
        "if a server runs in another Kubernetes cluster, such as a standalone "
        "read-only replica, connectivity between servers has to be chosen",
    )
    SERVERS_ELSEWHERE_MAY_USE_SPLIT_DNS = Passage(
        _SERVERS,
        "SplitDNS reaches other clusters by FQDN and pods of one's own directly; "
        "public certificates can be issued in each cluster apart",
    )
    SERVERS_ELSEWHERE_MAY_USE_SERVICE_NAMES = Passage(
        _SERVERS,
        "service names reach other clusters if each server's name is made to answer "
        "there by hand, and one CA signs all certificates",
    )
    CLIENTS_OUTSIDE_MUST_BE_SENT_TO_FQDNS = Passage(
        _CLIENTS, "if any client runs outside Kubernetes, clients must get FQDNs"
    )
    CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_FQDNS = Passage(
        _CLIENTS, "clients spread over Kubernetes clusters may be sent to FQDNs"
    )
    CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_SERVICE_NAMES = Passage(
        _CLIENTS,
        "clients spread over Kubernetes clusters may be sent to service names that "
        "are made to answer by hand in each of them",
    )
    FQDN_CLIENTS_INSIDE_HAIRPIN = Passage(
        _HAIRPINS,
        "a client inside that is sent to an FQDN leaves the cluster and comes back",
    )
    HAIRPINS_MAY_COST_MONEY = Passage(
        _HAIRPINS, "traffic through a public address may be dearer than internal"
    )
    HAIRPINS_MAY_BURDEN_AN_INGRESS = Passage(
        _HAIRPINS,
        "internal traffic through an Ingress may overload it, or be slower for it",
    )
    SPLIT_DNS_ALWAYS_AVOIDS_SERVER_HAIRPINS = Passage(
        _HAIRPINS, "between servers SplitDNS always avoids the hairpin"
    )
    SERVICE_NAMES_OR_A_REWRITE_AVOID_CLIENT_HAIRPINS = Passage(
        _HAIRPINS,
        "for clients, service names or a CoreDNS rewrite rule avoid the hairpin",
    )
    ONE_CLUSTER_USES_SERVICE_NAMES = Passage(
        _ONE_CLUSTER,
        "with all in one cluster, service names and own certificates are safest, "
        "have no hairpins and use Kubernetes' own tools",
    )
    ANYWHERE_USES_SPLIT_DNS_AND_FQDNS = Passage(
        _ANYWHERE,
        "if public certificates are acceptable, SplitDNS, FQDNs for clients and an "
        "ACME provider serve nearly every topology",
    )
    CLIENTS_ABROAD_NEED_LOAD_BALANCERS = Passage(
        _ANYWHERE,
        "if clients may be outside, or several clusters are in play, load balancers "
        "make the servers reachable",
    )
    PEERING_KEEPS_TRAFFIC_PRIVATE = Passage(
        _PEERING, "several clusters on private networks may be joined by a peering"
    )
    PEERING_GIVES_EACH_SERVER_AN_ADDRESS = Passage(
        _PEERING_SERVICE, "each server needs an address in the peering"
    )
    EXTERNAL_NAMES_NEED_HOST_NAMES = Passage(
        _PEERING_SERVICE,
        "an ExternalName Service leads to a host name, never to an IP address, so "
        "that each server's peering address may need a DNS name",
    )
    PEERING_BY_SERVICE_NAME_NEEDS_ONE_CA = Passage(
        _PEERING_SERVICE,
        "all clusters' certificates are self-signed by the same authority",
    )
    PEERING_FQDNS_RESOLVE_TO_PEERING_ADDRESSES = Passage(
        _PEERING_FQDN, "each server's FQDN must resolve to its peering address"
    )
    PEERING_MAY_REWRITE_IN_EACH_CLUSTER = Passage(
        _PEERING_FQDN,
        "if client hairpins inside a cluster matter, a rewrite rule goes into each",
    )
    PEERING_MAY_ISSUE_PER_CLUSTER = Passage(
        _PEERING_FQDN,
        "public certificates may be generated in each cluster independently: the "
        "trust is there already",
    )

    @property
    def section(self) -> str:
        """The heading that it stands under."""
        return self.value.section

    @property
    def claim(self) -> str:
        """What it says, in our words."""
        return self.value.claim


_SERVER_TLS = "server: certificate rules"
_OPERATOR = "operator: resource types"


class Correction(Enum):
    """What the server, the operator or others do, where the guide is short of it."""

    PUBLIC_CAS_DROPPED_CLIENT_AUTH = Passage(
        "Let's Encrypt: end of TLS client authentication, 2025-05-14",
        "public CAs no longer sign for client authentication, which nodes demand of "
        "each other unless DisableClientAuthEkuValidation is true (server 24.10.13, "
        "26.0.2, 26.1.0 and later)",
    )
    PORT_BEHIND_AN_INGRESS = Passage(
        _OPERATOR,
        "the operator leaves AdvertiseNodePortToClientAs alone: behind an Ingress it "
        "has to be set to 443, or gossip names a port that nobody serves",
    )
    LOAD_BALANCER_IS_ENABLED = Passage(
        _OPERATOR, "the field is loadBalancer.enabled; the guide writes enable"
    )
    WILDCARDS_ARE_ONE_LABEL = Passage(
        _SERVER_TLS,
        "a wildcard stands for one label: with the default template each kind of "
        "node needs its own",
    )
    EXTERNAL_NAMES_CANNOT_ANSWER_FOR_NODES = Passage(
        "CoreDNS: kubernetes plugin",
        "a node's service name has a label for the pod, which no Service name can "
        "hold and for which CoreDNS skips ExternalName Services",
    )
    RESERVED_NAME_IS_THE_COMMON_NAME = Passage(
        _SERVER_TLS,
        "nodes accept as a node whoever shows the reserved common name; a wildcard "
        "there accepts every host of its domain",
    )
    ONE_HOST_A_NODE = Passage(
        "server: gossip and not-leader answers",
        "clients are sent to one node by name: a host that is balanced over all of "
        "them leads to another node each time",
    )
    STREAMS_OUTLIVE_PROXY_TIMEOUTS = Passage(
        "ingress-nginx: annotations",
        "nginx ends a stream that is silent for 60 s; subscriptions often are",
    )
    INGRESS_CARRIES_NO_REPLICATION = Passage(
        "server: ReplicationPort",
        "replication between servers is TCP on a port of its own, which an Ingress "
        "does not carry",
    )
    INGRESS_SHOWS_NO_NODE_CERTIFICATE = Passage(
        _SERVER_TLS,
        "who shows a node's certificate is a node: an Ingress that holds one makes "
        "every client a node",
    )
    A_REWRITE_CHANGES_ONLY_THE_ADDRESS = Passage(
        "CoreDNS: rewrite plugin",
        "after a rewrite the certificate is still verified for the advertised name, "
        "and the port stays",
    )
    WILDCARDS_NEED_DNS01 = Passage(
        "cert-manager: ACME", "a wildcard is proven by a dns01 solver only"
    )
    TRUST_SOURCES_LIVE_WITH_TRUST_MANAGER = Passage(
        "trust-manager: sources",
        "a source of a bundle lives in trust-manager's own namespace, and is a copy "
        "of the root, so that a rotation does not drop the old one",
    )
    KINDS_OF_ISSUERS_ARE_TOLD_APART = Passage(
        "operator: examples",
        "issuerRef.kind has to be that of the issuer: an Issuer of its namespace or "
        "a ClusterIssuer",
    )

    @property
    def section(self) -> str:
        """The document that it comes from."""
        return self.value.section

    @property
    def claim(self) -> str:
        """What it says, in our words."""
        return self.value.claim


Basis: TypeAlias = Statement | Correction


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, and what that follows.

    Args:
        basis: The statement of the guide, or the correction, that it follows.
        text: What it means here; empty when the claim itself says it.
    """

    basis: Basis
    text: str = ""

    def __str__(self) -> str:
        """Write what it means, and the section."""
        text = self.text or self.basis.claim
        return f"{text[0].upper()}{text[1:]} [{self.basis.section}]"
