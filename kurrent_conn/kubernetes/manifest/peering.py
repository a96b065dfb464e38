"""Services that answer for nodes of another cluster, by the names nodes advertise.

the node is reached by     object                        why
an IP address              headless Service and          it can answer for a name
EndpointSlice with hostname   with a label for the pod
a host name                ExternalName Service and a    ExternalName takes host
CoreDNS rewrite to it         names, but not that label
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, ip_address
from typing import Final

from kurrent_conn.core.endpoint import DEFAULT_PORT
from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.manifest.document import Manifest, Value
from kurrent_conn.kubernetes.names import Node, Resource
from kurrent_conn.kubernetes.site import REPLICATION_PORT, Site, is_ip

_PLACEHOLDER: Final = IPv4Address("192.0.2.10")
"""Source: RFC 5737; an address that is nobody's."""


def node_services(site: Site, resource: Resource) -> tuple[Manifest, ...]:
    """Write what answers for a resource's nodes in a cluster that is not theirs.

    Args:
        site: The values, with the nodes' addresses where known.
        resource: Whose nodes.
    """
    addressed = [
        (node, site.address(node) or str(_PLACEHOLDER + place))
        for place, node in enumerate(resource.nodes())
    ]
    by_ip = [(node, address) for node, address in addressed if is_ip(address)]
    by_name = [each for each in addressed if each not in by_ip]
    return (
        *_headless(site, resource, by_ip),
        *(_external_name(resource, node, host) for node, host in by_name),
    )


def missing_addresses(site: Site, resource: Resource) -> tuple[str, ...]:
    """List the pods that stand in the files with a placeholder for their address.

    Args:
        site: The values.
        resource: Whose nodes.
    """
    return tuple(node.pod for node in resource.nodes() if not site.address(node))


Addressed = Sequence[tuple[Node, str]]


def _headless(site: Site, resource: Resource, nodes: Addressed) -> Iterator[Manifest]:
    for kind in dict.fromkeys(node.kind for node, _ in nodes):
        service = f"{resource.name}{kind}"
        yield Manifest(
            "v1",
            "Service",
            service,
            resource.namespace,
            {"spec": {"clusterIP": "None", "ports": _ports()}},
            f"{Reason(Correction.EXTERNAL_NAMES_CANNOT_ANSWER_FOR_NODES)}\n"
            "A headless Service without a selector, with the EndpointSlices below, "
            "answers for exactly the names that the nodes advertise.",
        )
        of_kind = [each for each in nodes if each[0].kind is kind]
        for version in (4, 6):
            listed = [
                each for each in of_kind if ip_address(each[1]).version == version
            ]
            if listed:
                yield _slice(site, resource, service, listed, version)


def _slice(
    site: Site, resource: Resource, service: str, nodes: Addressed, version: int
) -> Manifest:
    endpoints: list[Value] = [
        {
            "addresses": [address],
            "hostname": node.pod,
            "conditions": {"ready": True},
        }
        for node, address in nodes
    ]
    invented = [node.pod for node, _ in nodes if not site.address(node)]
    why = str(Reason(Statement.PEERING_GIVES_EACH_SERVER_AN_ADDRESS))
    if invented:
        why += (
            f"\nREPLACE the addresses of {', '.join(invented)}: they are placeholders. "
            "--address POD=ADDRESS fills them in."
        )
    return Manifest(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{service}-ipv{version}",
        resource.namespace,
        {"addressType": f"IPv{version}", "endpoints": endpoints, "ports": _ports()},
        why,
        labels={"kubernetes.io/service-name": service},
    )


def _external_name(resource: Resource, node: Node, host: str) -> Manifest:
    return Manifest(
        "v1",
        "Service",
        node.pod,
        resource.namespace,
        {"spec": {"type": "ExternalName", "externalName": host}},
        f"{Reason(Correction.EXTERNAL_NAMES_CANNOT_ANSWER_FOR_NODES)}\n"
        f"So this one answers only because the Corefile's rewrite sends "
        f"{node.service_name} to it; without that rule it is of no use.",
    )


def _ports() -> list[Value]:
    return [
        {"name": "http", "port": DEFAULT_PORT, "protocol": "TCP"},
        {"name": "replication", "port": REPLICATION_PORT, "protocol": "TCP"},
    ]
