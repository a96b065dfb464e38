"""What stands between clients and servers: Gateway API, or Ingress-NGINX.

One host a node, always: clients are sent to a certain node by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.core.endpoint import DEFAULT_PORT
from kurrent_conn.kubernetes.certificate_names import entry_names, internode_hosts
from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.manifest.certificates import entry_secret
from kurrent_conn.kubernetes.manifest.document import Body, Manifest, Value
from kurrent_conn.kubernetes.manifest.trust import ca_config_map
from kurrent_conn.kubernetes.names import Node, Resource
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import ENTRY_PORT, Site

GATEWAY_API: Final = "gateway.networking.k8s.io/v1"

_SILENCE_S: Final = "86400"
"""How long a stream may be silent: a day."""


def backends(resource: Resource) -> tuple[Manifest, ...]:
    """Write a Service a node, for routes to lead to.

    The operator makes Services for pods too, but does not document their names.

    Args:
        resource: Whose nodes.
    """
    return tuple(
        Manifest(
            "v1",
            "Service",
            _backend(node),
            resource.namespace,
            {
                "spec": {
                    "selector": {"statefulset.kubernetes.io/pod-name": node.pod},
                    "ports": [
                        {"name": "http", "port": DEFAULT_PORT, "protocol": "TCP"}
                    ],
                }
            },
            f"Leads to {node.pod} alone: a host is a node.",
        )
        for node in resource.nodes()
    )


def gateway(plan: Plan, site: Site, resource: Resource) -> tuple[Manifest, ...]:
    """Write a Gateway that ends clients' TLS, and verifies the nodes' own.

    Args:
        plan: What is chosen.
        site: The values.
        resource: Whose nodes stand behind it.
    """
    return tuple(_gateway(plan, site, resource))


def _gateway(plan: Plan, site: Site, resource: Resource) -> Iterator[Manifest]:
    listeners: list[Value] = [
        {
            "name": f"tls-{place}",
            "protocol": "HTTPS",
            "port": ENTRY_PORT,
            "hostname": hostname,
            "tls": {
                "mode": "Terminate",
                "certificateRefs": [{"name": entry_secret(resource)}],
            },
        }
        for place, hostname in enumerate(entry_names(resource))
    ]
    yield Manifest(
        GATEWAY_API,
        "Gateway",
        f"{resource.name}-entry",
        resource.namespace,
        {"spec": {"gatewayClassName": site.gateway_class, "listeners": listeners}},
        "Ends clients' TLS with the public certificate.",
    )
    hosts = internode_hosts(plan, resource)
    for node, verified in zip(resource.nodes(), hosts, strict=True):
        yield _grpc_route(resource, node)
        yield _backend_tls(site, resource, node, verified)


def _grpc_route(resource: Resource, node: Node) -> Manifest:
    rule: Body = {"backendRefs": [{"name": _backend(node), "port": DEFAULT_PORT}]}
    return Manifest(
        GATEWAY_API,
        "GRPCRoute",
        node.pod,
        resource.namespace,
        {
            "spec": {
                "parentRefs": [{"name": f"{resource.name}-entry"}],
                "hostnames": [node.fqdn],
                "rules": [rule],
            }
        },
        str(Reason(Correction.ONE_HOST_A_NODE)),
    )


def _backend_tls(site: Site, resource: Resource, node: Node, verified: str) -> Manifest:
    return Manifest(
        GATEWAY_API,
        "BackendTLSPolicy",
        node.pod,
        resource.namespace,
        {
            "spec": {
                "targetRefs": [
                    {"group": "", "kind": "Service", "name": _backend(node)}
                ],
                "validation": {
                    "hostname": verified,
                    "caCertificateRefs": [
                        {"group": "", "kind": "ConfigMap", "name": ca_config_map(site)}
                    ],
                },
            }
        },
        "The way from the Gateway to the node is TLS too, verified for the name that "
        f"is on the node's certificate.\n{Reason(_NO_CERTIFICATE)}",
    )


def ingresses(plan: Plan, site: Site, resource: Resource) -> tuple[Manifest, ...]:
    """Write an Ingress a node, for Ingress-NGINX.

    Args:
        plan: What is chosen.
        site: The values.
        resource: Whose nodes stand behind it.
    """
    hosts = internode_hosts(plan, resource)
    return tuple(
        _ingress(site, resource, node, verified)
        for node, verified in zip(resource.nodes(), hosts, strict=True)
    )


def _ingress(site: Site, resource: Resource, node: Node, verified: str) -> Manifest:
    prefix = "nginx.ingress.kubernetes.io"
    annotations: Body = {
        f"{prefix}/backend-protocol": "GRPCS",
        f"{prefix}/ssl-redirect": "true",
        f"{prefix}/proxy-read-timeout": _SILENCE_S,
        f"{prefix}/proxy-send-timeout": _SILENCE_S,
        f"{prefix}/proxy-ssl-secret": f"{site.namespace}/{proxy_ca_secret(site)}",
        f"{prefix}/proxy-ssl-verify": "on",
        f"{prefix}/proxy-ssl-name": verified,
        f"{prefix}/proxy-ssl-server-name": "on",
    }
    backend: Body = {
        "service": {"name": _backend(node), "port": {"number": DEFAULT_PORT}}
    }
    path: Body = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec: dict[str, Value] = {
        "ingressClassName": site.ingress_class,
        "tls": [{"hosts": [node.fqdn], "secretName": entry_secret(resource)}],
        "rules": [{"host": node.fqdn, "http": {"paths": [path]}}],
    }
    return Manifest(
        "networking.k8s.io/v1",
        "Ingress",
        node.pod,
        resource.namespace,
        {"spec": spec},
        f"{Reason(Correction.ONE_HOST_A_NODE)}\n"
        f"{Reason(Correction.STREAMS_OUTLIVE_PROXY_TIMEOUTS)}\n"
        f"{Reason(_NO_CERTIFICATE)} So {proxy_ca_secret(site)} holds ca.crt alone.",
        annotations=annotations,
    )


def passthrough(site: Site, resource: Resource) -> tuple[Manifest, ...]:
    """Write a Gateway that hands clients' TLS through to the nodes, by SNI.

    Args:
        site: The values.
        resource: Whose nodes stand behind it.
    """
    listeners: list[Value] = [
        {
            "name": f"tls-{place}",
            "protocol": "TLS",
            "port": DEFAULT_PORT,
            "hostname": hostname,
            "tls": {"mode": "Passthrough"},
        }
        for place, hostname in enumerate(entry_names(resource))
    ]
    name = f"{resource.name}-passthrough"
    door = Manifest(
        GATEWAY_API,
        "Gateway",
        name,
        resource.namespace,
        {"spec": {"gatewayClassName": site.gateway_class, "listeners": listeners}},
        "One address for all nodes, in place of a load balancer a node: TLS is not "
        "ended here, its server name says which node is meant. Servers in another "
        "cluster still need load balancers: replication is not TLS by name.",
    )
    routes = (_tls_route(resource, node, name) for node in resource.nodes())
    return (door, *routes)


def _tls_route(resource: Resource, node: Node, parent: str) -> Manifest:
    return Manifest(
        GATEWAY_API,
        "TLSRoute",
        node.pod,
        resource.namespace,
        {
            "spec": {
                "parentRefs": [{"name": parent}],
                "hostnames": [node.fqdn],
                "rules": [
                    {"backendRefs": [{"name": _backend(node), "port": DEFAULT_PORT}]}
                ],
            }
        },
        str(Reason(Correction.ONE_HOST_A_NODE)),
    )


def proxy_ca_secret(site: Site) -> str:
    """Name the Secret that holds the CA certificate for nginx, and no key.

    Args:
        site: The values.
    """
    return f"{site.name}-proxy-ca"


_NO_CERTIFICATE: Final = Correction.INGRESS_SHOWS_NO_NODE_CERTIFICATE


def _backend(node: Node) -> str:
    return f"{node.pod}-entry"
