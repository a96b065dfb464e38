"""Which host leads where, by Ingresses and by routes of the Gateway API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kurrent_conn.core.identity import covers
from kurrent_conn.kubernetes.lint.database import Database
from kurrent_conn.kubernetes.lint.document import (
    Document,
    Manifests,
    items,
    mapping,
    text,
    texts,
)
from kurrent_conn.kubernetes.site import ENTRY_PORT

ROUTES = ("GRPCRoute", "HTTPRoute")


@dataclass(frozen=True, slots=True)
class HostRoute:
    """One host of an Ingress or a route that ends TLS.

    Args:
        document: The object.
        field: Where in it.
        host: The host; may be a wildcard.
        services: The Services that it leads to.
        port: The port that clients use.
    """

    document: Document
    field: str
    host: str
    services: tuple[str, ...]
    port: int


def host_routes(manifests: Manifests) -> tuple[HostRoute, ...]:
    """Find all hosts whose TLS ends before the servers.

    Args:
        manifests: What is applied to one cluster.
    """
    return (
        *(each for found in manifests.of("Ingress") for each in _ingress(found)),
        *(each for found in manifests.of(*ROUTES) for each in _route(manifests, found)),
    )


def routes_to(manifests: Manifests, host: str) -> tuple[HostRoute, ...]:
    """Find what serves a host.

    Args:
        manifests: What is applied to one cluster.
        host: A node's name.
    """
    return tuple(each for each in host_routes(manifests) if covers(each.host, host))


def is_behind_entry(manifests: Manifests, database: Database) -> bool:
    """Say whether clients see another certificate than the nodes' own.

    Args:
        manifests: What is applied to one cluster.
        database: Which one.
    """
    return database.clients_by_fqdn and any(
        routes_to(manifests, node.fqdn) for node in database.nodes
    )


def gateways_of(manifests: Manifests, route: Document) -> Iterator[Document]:
    """Find the Gateways that a route hangs on.

    Args:
        manifests: What is applied to one cluster.
        route: The route.
    """
    for reference in map(mapping, items(route.at("spec", "parentRefs"))):
        namespace = text(reference.get("namespace")) or route.namespace
        found = manifests.find("Gateway", text(reference.get("name")), namespace)
        if found is not None:
            yield found


def _ingress(document: Document) -> Iterator[HostRoute]:
    for place, rule in enumerate(map(mapping, items(document.at("spec", "rules")))):
        paths = map(mapping, items(mapping(rule.get("http")).get("paths")))
        services = [
            text(mapping(mapping(path.get("backend")).get("service")).get("name"))
            for path in paths
        ]
        yield HostRoute(
            document,
            f"spec.rules[{place}].host",
            text(rule.get("host")),
            tuple(dict.fromkeys(filter(None, services))),
            ENTRY_PORT,
        )


def _route(manifests: Manifests, document: Document) -> Iterator[HostRoute]:
    services = [
        text(mapping(backend).get("name"))
        for rule in map(mapping, items(document.at("spec", "rules")))
        for backend in items(rule.get("backendRefs"))
    ]
    ports = [
        port
        for gateway in gateways_of(manifests, document)
        for listener in map(mapping, items(gateway.at("spec", "listeners")))
        if isinstance(port := listener.get("port"), int)
        and listener.get("protocol") == "HTTPS"
    ]
    for place, host in enumerate(texts(document.at("spec", "hostnames"))):
        yield HostRoute(
            document,
            f"spec.hostnames[{place}]",
            host,
            tuple(dict.fromkeys(filter(None, services))),
            ports[0] if ports else ENTRY_PORT,
        )
