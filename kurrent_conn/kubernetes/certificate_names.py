"""Which names a certificate needs, so that it covers whatever is dialled.

A wildcard is one label deep, so each kind of node gets its own: `*.mydb.kurrent.test`
covers no `mydb-replica-0.mydb-replica.kurrent.test`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.identity import covers
from kurrent_conn.errors import InvalidResource, Problem
from kurrent_conn.kubernetes.names import Node, Resource, TrafficStrategy
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import CertificateOption, InternodeStrategy

OWN_COMMON_NAME: Final = "kurrentdb-node"
"""Source: operator 1.5 documentation, "Database Deployment", self-signed example."""

LONGEST_COMMON_NAME: Final = 64
"""Characters. Source: RFC 5280, appendix A (ub-common-name)."""

_LABELS_OF_A_WILDCARD: Final = 3
"""Source: server, wildcard rule of `CertificateExtensions.cs`: at least 3 labels."""


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """The names of one certificate.

    Args:
        common_name: What nodes know each other by.
        dns: The DNS names.
    """

    common_name: str
    dns: tuple[str, ...]


def internode_hosts(plan: Plan, resource: Resource) -> tuple[str, ...]:
    """Give the names that servers dial the nodes of a resource by.

    Args:
        plan: What is chosen.
        resource: Whose nodes.
    """
    by_service = plan.internode is InternodeStrategy.SERVICE_NAME
    return tuple(
        node.service_name if by_service else node.fqdn for node in resource.nodes()
    )


def client_hosts(resource: Resource) -> tuple[str, ...]:
    """Give the names that clients are sent to for the nodes of a resource.

    Args:
        resource: Whose nodes.
    """
    return tuple(node.advertised.host for node in resource.nodes())


def discover_name(plan: Plan, site: Site, resource: Resource) -> str:
    """Give the name behind which all nodes stand; empty when there is none.

    Args:
        plan: What is chosen.
        site: The values.
        resource: Whose nodes: quorum nodes have a name together.
    """
    if not resource.replicas or plan.behind_entry:
        return ""
    if plan.client_traffic is TrafficStrategy.SERVICE_NAME:
        parts = resource.name, resource.namespace, "svc", resource.cluster_domain
        return ".".join(parts)
    return site.discover


def server_names(plan: Plan, site: Site, resource: Resource) -> CertificateNames:
    """Give the names of the certificate that a resource's nodes present.

    Args:
        plan: What is chosen.
        site: The values.
        resource: Whose certificate.

    Raises:
        InvalidResource: The common name would be too long.
    """
    if plan.certificates is CertificateOption.PUBLIC:
        return _public_names(plan, site, resource)
    return CertificateNames(
        OWN_COMMON_NAME, tuple(dict.fromkeys(_wanted(plan, site, resource)))
    )


def entry_names(resource: Resource) -> tuple[str, ...]:
    """Give the DNS names of the certificate that clients see at the Ingress.

    Args:
        resource: Whose nodes stand behind it.
    """
    return tuple(dict.fromkeys(_pattern(node, node.fqdn) for node in resource.nodes()))


def _wanted(plan: Plan, site: Site, resource: Resource) -> Iterator[str]:
    clients = plan.client_traffic
    by_service = TrafficStrategy.SERVICE_NAME
    internode_service = plan.internode is InternodeStrategy.SERVICE_NAME
    if internode_service or clients is by_service:
        for node in resource.nodes():
            yield _pattern(node, node.service_name)
    seen_by_clients = clients is TrafficStrategy.FQDN and not plan.behind_entry
    if not internode_service or seen_by_clients:
        for node in resource.nodes():
            yield _pattern(node, node.fqdn)
    discover = discover_name(plan, site, resource)
    if discover:
        yield discover


def _pattern(node: Node, host: str) -> str:
    """Give a wildcard for all nodes of a kind, or the host where none can be."""
    first, _, parent = host.partition(".")
    if node.pod in first and parent.count(".") + 2 >= _LABELS_OF_A_WILDCARD:
        return f"*.{parent}"
    return host


def _public_names(plan: Plan, site: Site, resource: Resource) -> CertificateNames:
    """Choose a common name that a public CA signs and no stranger can have.

    A public CA wants it among the DNS names, and no DNS name that another covers. A
    wildcard as the name that nodes trust would let in everyone with a certificate for
    a host of the domain; so where a wildcard would cover the common name, the nodes
    are named one by one instead.
    """
    common_name = f"{site.name}.{site.domain}"
    if len(common_name) > LONGEST_COMMON_NAME:
        problem = Problem(
            "domain",
            f"the certificate's common name {common_name} would be longer than "
            f"{LONGEST_COMMON_NAME} characters",
            hint="shorten --name or --domain",
        )
        raise InvalidResource((problem,))
    names = (common_name, *_wanted(plan, site, resource))
    if any(name != common_name and covers(name, common_name) for name in names):
        hosts = (node.fqdn for node in resource.nodes())
        names = (common_name, *hosts, discover_name(plan, site, resource))
    slim = (name for name in names if name and not _is_redundant(name, names))
    return CertificateNames(common_name, tuple(dict.fromkeys(slim)))


def _is_redundant(name: str, names: Iterable[str]) -> bool:
    return any(other != name and covers(other, name) for other in names)
