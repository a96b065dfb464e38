"""A KurrentDB resource as the checks see it: its nodes, and how they are dialled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kurrent_conn.errors import InvalidResource
from kurrent_conn.kubernetes.lint.document import Document, Manifests, mapping, text
from kurrent_conn.kubernetes.lint.document import texts as texts_of
from kurrent_conn.kubernetes.names import (
    DEFAULT_CLUSTER_DOMAIN,
    Node,
    Resource,
    TrafficStrategy,
)
from kurrent_conn.kubernetes.resource_file import KIND, resource_values
from kurrent_conn.kubernetes.situation import InternodeStrategy


@dataclass(frozen=True, slots=True)
class Database:
    """A KurrentDB resource that the operator would take.

    Args:
        document: The object.
        resource: What decides its nodes' names.
        certificate: The Certificate that its nodes present; None when not found.
        authority: The Secret that its CA comes from; empty when it has none.
    """

    document: Document
    resource: Resource
    certificate: Document | None
    authority: str

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its nodes."""
        return self.resource.nodes()

    @property
    def clients_by_fqdn(self) -> bool:
        """Whether clients are sent to FQDNs."""
        return self.resource.client_traffic is TrafficStrategy.FQDN

    @property
    def internode_by_service(self) -> bool:
        """Whether servers dial each other by service name."""
        strategy = text(self.document.at("spec", "network", "internodeTrafficStrategy"))
        return strategy in {"", InternodeStrategy.SERVICE_NAME}

    @property
    def secret(self) -> str:
        """The Secret with its certificate; empty without TLS."""
        return text(self.document.at("spec", "security", "certificateSecret", "name"))

    def internode_host(self, node: Node) -> str:
        """Give the name that servers dial a node by.

        Args:
            node: One of its nodes.
        """
        return node.service_name if self.internode_by_service else node.fqdn

    def configured(self, option: str) -> object:
        """Give a server option of its configuration; None when not set.

        Args:
            option: The option; the server reads its options in any case.
        """
        for key, value in mapping(self.document.at("spec", "configuration")).items():
            if text(key).lower() == option.lower():
                return value
        return None


def databases(manifests: Manifests) -> tuple[Database, ...]:
    """Find the KurrentDB resources that the operator would take.

    Args:
        manifests: What is applied to one cluster.
    """
    return tuple(_databases(manifests))


def _databases(manifests: Manifests) -> Iterator[Database]:
    domain = _cluster_domain(manifests)
    for document in manifests.of(KIND):
        try:
            values = resource_values(document.tree)
            values["cluster_domain"] = domain
            resource = Resource(**values)
        except InvalidResource:
            continue  # `resource` reports it
        secret = document.at("spec", "security", "certificateSecret", "name")
        authority = document.at(
            "spec", "security", "certificateAuthoritySecret", "name"
        )
        certificate = certificate_of(manifests, document.namespace, text(secret))
        yield Database(document, resource, certificate, text(authority))


def certificate_of(
    manifests: Manifests, namespace: str, secret: str
) -> Document | None:
    """Find the Certificate whose result a Secret is; None when it is not among these.

    Args:
        manifests: What is applied to one cluster.
        namespace: The Secret's namespace.
        secret: The Secret's name.
    """
    for document in manifests.of("Certificate"):
        name = text(document.at("spec", "secretName"))
        if name == secret and document.namespace == namespace:
            return document
    return None


def dns_names(certificate: Document) -> tuple[str, ...]:
    """Give the DNS names of a Certificate.

    Args:
        certificate: The object.
    """
    return texts_of(certificate.at("spec", "dnsNames"))


def _cluster_domain(manifests: Manifests) -> str:
    """Take the cluster's domain from a certificate: the resource does not say it."""
    for certificate in manifests.of("Certificate"):
        for name in dns_names(certificate):
            found = re.search(r"\.svc\.([A-Za-z0-9.-]+)$", name)
            if found:
                return found[1]
    return DEFAULT_CLUSTER_DOMAIN
