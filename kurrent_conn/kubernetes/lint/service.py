"""Mistakes in Services that are to answer for nodes of another cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Final

from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.lint.document import (
    Document,
    Manifests,
    items,
    mapping,
    text,
    texts,
)
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake
from kurrent_conn.kubernetes.site import is_ip

_OF_A_SERVICE: Final = "kubernetes.io/service-name"
_NODE: Final = re.compile(r".*-[0-9]+(?:[.-].*)?")
_EXAMPLES: Final = ip_network("192.0.2.0/24")


def service_findings(manifests: Manifests) -> Iterator[Finding]:
    """Find mistakes in Services and EndpointSlices made by hand.

    Args:
        manifests: What is applied to one cluster.
    """
    for service in manifests.of("Service"):
        if service.at("spec", "type") == "ExternalName":
            yield from _external_name(manifests, service)
    for endpoints in manifests.of("EndpointSlice"):
        yield from _endpoints(manifests, endpoints)


def _external_name(manifests: Manifests, service: Document) -> Iterator[Finding]:
    host = text(service.at("spec", "externalName"))
    if is_ip(host):
        yield service.finding(
            Mistake.EXTERNAL_NAME_ADDRESS,
            "spec.externalName",
            str(Reason(Statement.EXTERNAL_NAMES_NEED_HOST_NAMES)),
            "write a host name that resolves to it, or use a headless Service with an "
            "EndpointSlice",
        )
        return
    for_a_node = bool(_NODE.fullmatch(service.name))
    reached_by = f"{service.name}.{service.namespace}.svc"
    if for_a_node and not any(reached_by in each for each in manifests.corefiles):
        yield service.finding(
            Mistake.EXTERNAL_NAME_CANNOT_ANSWER,
            "spec.type",
            f"no name that a node advertises leads to {reached_by}. "
            f"{Reason(Correction.EXTERNAL_NAMES_CANNOT_ANSWER_FOR_NODES)}",
            "use a headless Service with an EndpointSlice that has hostnames, or add a "
            f"CoreDNS rewrite of the node's name to {reached_by} and keep it in a "
            "file Corefile beside these",
        )


def _endpoints(manifests: Manifests, endpoints: Document) -> Iterator[Finding]:
    labels = mapping(endpoints.at("metadata", "labels"))
    name = text(labels.get(_OF_A_SERVICE))
    service = manifests.find("Service", name, endpoints.namespace)
    if service is not None and service.at("spec", "clusterIP") != "None":
        yield service.finding(
            Mistake.NOT_HEADLESS,
            "spec.clusterIP",
            "a Service with an address of its own answers for no single node",
            'write clusterIP: "None"',
        )
    listed = [mapping(each) for each in items(endpoints.tree.get("endpoints"))]
    for place, each in enumerate(listed):
        if not text(each.get("hostname")):
            yield endpoints.finding(
                Mistake.ENDPOINTS_WITHOUT_HOSTNAME,
                f"endpoints[{place}].hostname",
                "without it no name leads to this node alone",
                "write the node's pod name",
            )
        for address in texts(each.get("addresses")):
            if is_ip(address) and ip_address(address) in _EXAMPLES:
                yield endpoints.finding(
                    Mistake.PLACEHOLDER_ADDRESS,
                    f"endpoints[{place}].addresses",
                    f"{address} is an address for examples, which is nobody's",
                    "write the node's address in the peering",
                )
