"""The names and values that turn a plan into files: whose cluster, called what.

For a server in another cluster a second resource is made, with a name of its own: two
resources of one name would both want the headless Service of that name, which has to
answer for the other cluster's nodes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from kurrent_conn.core.endpoint import DEFAULT_PORT
from kurrent_conn.core.overrides.host import host_problem
from kurrent_conn.errors import InvalidResource, Problem
from kurrent_conn.kubernetes.names import (
    DEFAULT_CLUSTER_DOMAIN,
    DEFAULT_TEMPLATE,
    Node,
    Resource,
)
from kurrent_conn.kubernetes.plan import Plan

EXAMPLE_DOMAIN: Final = "kurrent.test"
"""The domain of the operator's own examples; it is reserved and resolves nowhere."""

DEFAULT_IMAGE: Final = "docker.kurrent.io/kurrent-latest/kurrentdb:26.1.0"
"""The first release line in which every image knows DisableClientAuthEkuValidation.

Source: operator 1.5 documentation, "Database Deployment" (the registry); server tags.
"""

LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"

ENTRY_PORT: Final = 443

REPLICATION_PORT: Final = 1112
"""Source: operator 1.5 documentation, `network.replicationPort`."""


class Entry(StrEnum):
    """What ends clients' TLS before the servers."""

    GATEWAY = "gateway"
    INGRESS = "ingress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Values for the files of a plan.

    Args:
        name: The KurrentDB resource.
        namespace: Where it lives.
        domain: The domain of the FQDNs.
        replicas: Quorum nodes: 1, 3 or 5.
        read_only_replicas: Read-only replicas beside them.
        remote_replicas: Read-only replicas in the other cluster, where a plan has
            them: 1 or more.
        cluster_domain: The Kubernetes clusters' own domain.
        fqdn_template: `spec.network.fqdnTemplate`.
        image: The server's image.
        storage: The size of a node's volume.
        client_namespaces: The namespaces whose pods get the CA certificate.
        administrators: The group that may read the certificate Secrets.
        trust_namespace: Where trust-manager looks for its sources.
        ca_file: Where clients find the CA certificate.
        discover: A DNS name with the addresses of all nodes, for `+discover` with
            FQDNs; empty for none. Service names have one by nature.
        addresses: Pairs of a pod and the address or host name by which it is
            reached from the other cluster.
        acme_server: The ACME directory of the public CA.
        acme_email: Whom the CA writes to; empty for nobody.
        acme_zone: The hosted zone of the domain, for the dns01 solver.
        entry: What ends clients' TLS, where a plan has it.
        gateway_class: `gatewayClassName` of the Gateway.
        ingress_class: `ingressClassName` of the Ingresses.

    Raises:
        InvalidResource: With every value that cannot be.
    """

    name: str = "mydb"
    namespace: str = "kurrent"
    domain: str = EXAMPLE_DOMAIN
    replicas: int = 3
    read_only_replicas: int = 0
    remote_replicas: int = 1
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN
    fqdn_template: str = DEFAULT_TEMPLATE
    image: str = DEFAULT_IMAGE
    storage: str = "10Gi"
    client_namespaces: tuple[str, ...] = ("apps",)
    administrators: str = "kurrentdb-administrators"
    trust_namespace: str = "cert-manager"
    ca_file: str = "/etc/kurrentdb/ca.crt"
    discover: str = ""
    addresses: tuple[tuple[str, str], ...] = ()
    acme_server: str = LETS_ENCRYPT
    acme_email: str = ""
    acme_zone: str = ""
    entry: Entry = Entry.GATEWAY
    gateway_class: str = "eg"
    ingress_class: str = "nginx"

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        if self.replicas < 1:
            problems.append(Problem("replicas", "a plan has quorum nodes: 1, 3 or 5"))
        if self.remote_replicas < 1:
            problems.append(Problem("remote replicas", "are 1 or more"))
        for option, host in (("discover", self.discover), *self.addresses):
            reason = host and not is_ip(host) and host_problem(host)
            if reason:
                problems.append(Problem(option, f"{host!r} {reason}"))
        if problems:
            raise InvalidResource(tuple(problems))

    def address(self, node: Node) -> str:
        """Give the address of a node in the other cluster; empty when not known.

        Args:
            node: The node.
        """
        return dict(self.addresses).get(node.pod, "")


def is_ip(host: str) -> bool:
    """Say whether a host is an IP address.

    Args:
        host: An address or a host name.
    """
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def quorum(plan: Plan, site: Site) -> Resource:
    """Name the nodes of the quorum's resource.

    Args:
        plan: What is chosen.
        site: The values.

    Raises:
        InvalidResource: The operator would refuse a value.
    """
    return Resource(
        name=site.name,
        replicas=site.replicas,
        namespace=site.namespace,
        read_only_replicas=site.read_only_replicas,
        domain=site.domain,
        fqdn_template=site.fqdn_template,
        client_traffic=plan.client_traffic,
        port=advertised_port(plan),
        cluster_domain=site.cluster_domain,
        tls=plan.tls,
    )


def standalone(plan: Plan, site: Site) -> Resource | None:
    """Name the nodes in the other cluster; None when there are none.

    Args:
        plan: What is chosen.
        site: The values.

    Raises:
        InvalidResource: The operator would refuse a value.
    """
    if not plan.situation.servers_elsewhere:
        return None
    return Resource(
        name=f"{site.name}-remote",
        replicas=0,
        namespace=site.namespace,
        read_only_replicas=site.remote_replicas,
        domain=site.domain,
        fqdn_template=site.fqdn_template,
        client_traffic=plan.client_traffic,
        port=advertised_port(plan),
        cluster_domain=site.cluster_domain,
        tls=plan.tls,
    )


def advertised_port(plan: Plan) -> int:
    """Give the port that clients are sent to.

    Args:
        plan: What is chosen.
    """
    return ENTRY_PORT if plan.behind_entry else DEFAULT_PORT
