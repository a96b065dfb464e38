"""Mistakes in what ends clients' TLS before the servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.lint.coverage import coverage_findings, is_covered
from kurrent_conn.kubernetes.lint.database import Database, certificate_of
from kurrent_conn.kubernetes.lint.document import (
    Document,
    Manifests,
    items,
    mapping,
    text,
)
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake
from kurrent_conn.kubernetes.lint.route import (
    HostRoute,
    gateways_of,
    host_routes,
    routes_to,
)

_POD: Final = "statefulset.kubernetes.io/pod-name"
_NGINX: Final = "nginx.ingress.kubernetes.io"
_NGINX_PATIENCE_S: Final = 60
"""Seconds of silence after which nginx ends a stream by default."""


def entry_findings(manifests: Manifests, database: Database) -> Iterator[Finding]:
    """Find mistakes in Ingresses and routes that lead to a database.

    Args:
        manifests: What is applied to one cluster.
        database: Which one.
    """
    mine = tuple(_routes_of(manifests, database))
    if not mine or not database.clients_by_fqdn:
        return
    yield from _shared(database, mine)
    yield from _unserved(manifests, database, mine)
    yield from _port(manifests, database)
    yield from _backends(manifests, database)
    for document in dict.fromkeys(route.document for route in mine):
        yield from _nginx(database, document)
    yield from _policies(manifests, database, mine)
    yield from _entry_certificates(manifests, database)


def _routes_of(manifests: Manifests, database: Database) -> Iterator[HostRoute]:
    """Find the routes that serve a node, or lead to a Service of the database."""
    own = _services_of_all(database) | _services_of_one(manifests, database).keys()
    hosts = [node.fqdn for node in database.nodes]
    for route in host_routes(manifests):
        leads = own.intersection(route.services)
        serves = any(routes_to(Manifests((route.document,)), host) for host in hosts)
        if leads or serves:
            yield route


def _services_of_all(database: Database) -> set[str]:
    return {f"{database.resource.name}{node.kind}" for node in database.nodes}


def _services_of_one(manifests: Manifests, database: Database) -> dict[str, str]:
    """Map Services that lead to one pod of the database to that pod."""
    pods = {node.pod for node in database.nodes}
    return {
        service.name: pod
        for service in manifests.of("Service")
        if service.namespace == database.document.namespace
        and (pod := text(mapping(service.at("spec", "selector")).get(_POD))) in pods
    }


def _shared(database: Database, routes: tuple[HostRoute, ...]) -> Iterator[Finding]:
    several = len(database.nodes) > 1
    for route in routes:
        to_all = _services_of_all(database).intersection(route.services)
        if several and (to_all or len(route.services) > 1 or "*" in route.host):
            yield route.document.finding(
                Mistake.SHARED_HOST,
                route.field,
                f"{route.host or 'every host'} leads to {', '.join(route.services)}. "
                f"{Reason(Correction.ONE_HOST_A_NODE)}",
                "write one host a node, each with a Service of that pod alone",
            )


def _unserved(
    manifests: Manifests, database: Database, routes: tuple[HostRoute, ...]
) -> Iterator[Finding]:
    served = [node for node in database.nodes if routes_to(manifests, node.fqdn)]
    if not served:
        return  # a shared host says it
    for node in database.nodes:
        if node not in served:
            yield routes[0].document.finding(
                Mistake.NODE_WITHOUT_HOST,
                routes[0].field,
                f"clients are sent to {node.fqdn}, which no host serves",
                f"add a host {node.fqdn} that leads to {node.pod}",
            )


def _port(manifests: Manifests, database: Database) -> Iterator[Finding]:
    ports = {
        route.port
        for node in database.nodes
        for route in routes_to(manifests, node.fqdn)
    }
    if ports and database.resource.port not in ports:
        wanted = min(ports)
        yield database.document.finding(
            Mistake.ENTRY_PORT,
            "spec.configuration.AdvertiseNodePortToClientAs",
            f"clients are sent to port {database.resource.port}. "
            f"{Reason(Correction.PORT_BEHIND_AN_INGRESS)}",
            f"write AdvertiseNodePortToClientAs: {wanted}",
        )


def _backends(manifests: Manifests, database: Database) -> Iterator[Finding]:
    pods = _services_of_one(manifests, database)
    for node in database.nodes:
        for route in routes_to(manifests, node.fqdn):
            wrong = [
                service
                for service in route.services
                if service in pods and pods[service] != node.pod
            ]
            if wrong and "*" not in route.host and len(route.services) == 1:
                yield route.document.finding(
                    Mistake.WRONG_BACKEND,
                    route.field,
                    f"{route.host} leads to {pods[wrong[0]]} by {wrong[0]}",
                    f"lead it to a Service of {node.pod}",
                )


def _nginx(database: Database, document: Document) -> Iterator[Finding]:
    annotations = mapping(document.at("metadata", "annotations"))
    by_nginx = text(document.at("spec", "ingressClassName")) == "nginx" or any(
        str(key).startswith(_NGINX) for key in annotations
    )
    if document.kind != "Ingress" or not by_nginx:
        return

    def value(name: str) -> str:
        return str(annotations.get(f"{_NGINX}/{name}", ""))

    def field(name: str) -> str:
        return f"metadata.annotations.{_NGINX}/{name}"

    wanted = "GRPCS" if database.secret else "GRPC"
    if value("backend-protocol").upper() != wanted:
        yield document.finding(
            Mistake.BACKEND_PROTOCOL,
            field("backend-protocol"),
            f"nodes speak gRPC {'with' if database.secret else 'without'} TLS",
            f"write {wanted}",
        )
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        if not value(name).isdigit() or int(value(name)) <= _NGINX_PATIENCE_S:
            yield document.finding(
                Mistake.PROXY_TIMEOUT,
                field(name),
                str(Reason(Correction.STREAMS_OUTLIVE_PROXY_TIMEOUTS)),
                'write the longest silence in seconds, such as "86400"',
            )
    if value("proxy-ssl-secret").rpartition("/")[2] in {database.secret} - {""}:
        yield document.finding(
            Mistake.NODE_CERTIFICATE_AT_ENTRY,
            field("proxy-ssl-secret"),
            str(Reason(Correction.INGRESS_SHOWS_NO_NODE_CERTIFICATE)),
            "name a Secret that holds ca.crt alone",
        )
    certificate = database.certificate
    verified = value("proxy-ssl-name")
    if certificate and verified and not is_covered(certificate, verified):
        yield document.finding(
            Mistake.UPSTREAM_NAME,
            field("proxy-ssl-name"),
            f"the nodes' certificate does not carry {verified}",
            "write the name that servers dial this node by",
        )


def _policies(
    manifests: Manifests, database: Database, routes: tuple[HostRoute, ...]
) -> Iterator[Finding]:
    services = {service for route in routes for service in route.services}
    certificate = database.certificate
    for policy in manifests.of("BackendTLSPolicy"):
        targets = {
            text(mapping(each).get("name"))
            for each in items(policy.at("spec", "targetRefs"))
        }
        verified = text(policy.at("spec", "validation", "hostname"))
        if certificate is None or not targets & services:
            continue
        if not is_covered(certificate, verified):
            yield policy.finding(
                Mistake.UPSTREAM_NAME,
                "spec.validation.hostname",
                f"the nodes' certificate does not carry {verified}",
                "write the name that servers dial this node by",
            )


def _entry_certificates(manifests: Manifests, database: Database) -> Iterator[Finding]:
    hosts: dict[Document, list[str]] = {}
    for node in database.nodes:
        for route in routes_to(manifests, node.fqdn):
            for secret in _secrets(manifests, route.document):
                found = certificate_of(manifests, route.document.namespace, secret)
                if found is not None:
                    hosts.setdefault(found, []).append(node.fqdn)
    for certificate, names in hosts.items():
        yield from coverage_findings(certificate, {"clients": names})


def _secrets(manifests: Manifests, document: Document) -> Iterator[str]:
    for entry in map(mapping, items(document.at("spec", "tls"))):
        yield text(entry.get("secretName"))
    for gateway in gateways_of(manifests, document):
        for listener in map(mapping, items(gateway.at("spec", "listeners"))):
            tls = mapping(listener.get("tls"))
            for reference in map(mapping, items(tls.get("certificateRefs"))):
                yield text(reference.get("name"))
