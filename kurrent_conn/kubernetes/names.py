"""What the Kubernetes operator calls the nodes of a KurrentDB resource.

Pure: a resource's values in, names out. Reading YAML is `resource_file`'s.

For resource `N` in namespace `NS`, node `i`:

    kind               pod            service name
    quorum             N-i            N-i.N.NS.svc.CLUSTER_DOMAIN
    read-only replica  N-replica-i    N-replica-i.N-replica.NS.svc.CLUSTER_DOMAIN
    archiver           N-archiver-0   N-archiver-0.N-archiver.NS.svc.CLUSTER_DOMAIN

The FQDN is what the resource's template makes of name, namespace, domain, kind and pod.

Source: KurrentDB operator 1.5 documentation, CRD reference (`network`) and the
certificate names of its examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Required, TypedDict

from kurrent_conn.core.endpoint import DEFAULT_PORT, MAX_PORT, Endpoint
from kurrent_conn.errors import InvalidResource, Problem

DEFAULT_TEMPLATE: Final = "{podName}.{name}{nodeTypeSuffix}.{domain}"
"""Source: operator 1.5 documentation, `network.fqdnTemplate`."""

DEFAULT_CLUSTER_DOMAIN: Final = "cluster.local"

QUORUM_SIZES: Final = (0, 1, 3, 5)
"""Source: operator 1.5 documentation, `replicas`; 0 is for standalone replicas."""

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_VARIABLES: Final = frozenset(
    {"name", "namespace", "domain", "nodeTypeSuffix", "podName"}
)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


class TrafficStrategy(StrEnum):
    """Which name a node advertises; the values are those of the resource."""

    FQDN = "FQDN"
    SERVICE_NAME = "ServiceName"


class NodeKind(StrEnum):
    """What a node is for; the value is its suffix in names."""

    QUORUM = ""
    READ_ONLY_REPLICA = "-replica"
    ARCHIVER = "-archiver"


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a resource.

    Args:
        kind: What it is for.
        pod: Its pod.
        service_name: Its name in the cluster's DNS.
        fqdn: Its name by the template; empty when the template has none to make.
        advertised: What it tells clients to use.
    """

    kind: NodeKind
    pod: str
    service_name: str
    fqdn: str
    advertised: Endpoint


class ResourceValues(TypedDict, total=False):
    """Values for a `Resource`, not yet checked; absent means default."""

    name: Required[str]
    replicas: int
    namespace: str
    read_only_replicas: int
    archiver: bool
    domain: str | None
    fqdn_template: str
    client_traffic: TrafficStrategy
    port: int
    cluster_domain: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """What of a KurrentDB resource decides its nodes' names.

    Args:
        name: `metadata.name`.
        replicas: Quorum nodes: 1, 3, 5, or 0 for standalone read-only replicas.
        namespace: `metadata.namespace`.
        read_only_replicas: `spec.readOnlyReplicas.replicas`.
        archiver: `spec.archiver.enabled`.
        domain: `spec.network.domain`; needed where the template asks for it.
        fqdn_template: `spec.network.fqdnTemplate`.
        client_traffic: `spec.network.clientTrafficStrategy`.
        port: What nodes advertise to clients: `spec.configuration.
            AdvertiseNodePortToClientAs`, else `spec.network.nodePort`.
        cluster_domain: The Kubernetes cluster's own domain.
        tls: Whether `spec.security.certificateSecret` is given: without it the
            operator starts the nodes insecure.

    Raises:
        InvalidResource: With every value that the operator would refuse.
    """

    name: str
    replicas: int
    namespace: str = "default"
    read_only_replicas: int = 0
    archiver: bool = False
    domain: str | None = None
    fqdn_template: str = DEFAULT_TEMPLATE
    client_traffic: TrafficStrategy = TrafficStrategy.FQDN
    port: int = DEFAULT_PORT
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN
    tls: bool = True

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise InvalidResource(problems)

    def nodes(self) -> tuple[Node, ...]:
        """Name the nodes: quorum first, then read-only replicas, then the archiver."""
        return tuple(
            _node(self, kind, ordinal)
            for kind, count in _counts(self)
            for ordinal in range(count)
        )


def _counts(resource: Resource) -> Iterator[tuple[NodeKind, int]]:
    yield NodeKind.QUORUM, resource.replicas
    yield NodeKind.READ_ONLY_REPLICA, resource.read_only_replicas
    yield NodeKind.ARCHIVER, int(resource.archiver)


def _node(resource: Resource, kind: NodeKind, ordinal: int) -> Node:
    service = f"{resource.name}{kind}"
    pod = f"{service}-{ordinal}"
    service_name = f"{pod}.{service}.{resource.namespace}.svc.{resource.cluster_domain}"
    fqdn = _fqdn(resource, kind, pod)
    by_fqdn = resource.client_traffic is TrafficStrategy.FQDN
    return Node(
        kind,
        pod,
        service_name,
        fqdn,
        Endpoint(fqdn if by_fqdn else service_name, resource.port),
    )


def _fqdn(resource: Resource, kind: NodeKind, pod: str) -> str:
    if resource.domain is None and "{domain}" in resource.fqdn_template:
        return ""
    values = {
        "name": resource.name,
        "namespace": resource.namespace,
        "domain": resource.domain or "",
        "nodeTypeSuffix": kind.value,
        "podName": pod,
    }
    return _VARIABLE.sub(lambda found: values[found[1]], resource.fqdn_template)


def _problems(resource: Resource) -> Iterator[Problem]:
    yield from _name_problems(resource)
    yield from _count_problems(resource)
    yield from _template_problems(resource)
    if not 1 <= resource.port <= MAX_PORT:
        yield Problem("port", f"is not in 1 to {MAX_PORT}")


def _name_problems(resource: Resource) -> Iterator[Problem]:
    for option, label in (("name", resource.name), ("namespace", resource.namespace)):
        if not _LABEL.fullmatch(label):
            yield Problem(
                option,
                f"{label!r} is no Kubernetes name",
                hint="lower-case letters, digits and '-'",
            )
    hosts = (("domain", resource.domain), ("cluster domain", resource.cluster_domain))
    for option, host in hosts:
        if host is not None and not _HOST.fullmatch(host):
            yield Problem(option, f"{host!r} is no domain")


def _count_problems(resource: Resource) -> Iterator[Problem]:
    if resource.replicas not in QUORUM_SIZES:
        yield Problem("replicas", f"{resource.replicas} is none of 0, 1, 3 and 5")
    if resource.read_only_replicas < 0:
        yield Problem("read-only replicas", "are fewer than 0")
    if not sum(count for _, count in _counts(resource)):
        yield Problem("replicas", "there is no node at all")


def _template_problems(resource: Resource) -> Iterator[Problem]:
    template = resource.fqdn_template
    for variable in _VARIABLE.findall(template):
        if variable not in _VARIABLES:
            yield Problem(
                "fqdn template",
                f"{{{variable}}} is no variable of it",
                hint=f"it knows {', '.join(sorted(_VARIABLES))}",
            )
    fixed = _VARIABLE.sub("x", template)
    if not _HOST.fullmatch(fixed):
        yield Problem("fqdn template", f"{template!r} makes no host names")
    wants_fqdn = resource.client_traffic is TrafficStrategy.FQDN
    if wants_fqdn and "{domain}" in template and not resource.domain:
        yield Problem(
            "domain", "is missing", hint="clients are sent to FQDNs, which end in it"
        )
    several = resource.replicas + resource.read_only_replicas + resource.archiver > 1
    if wants_fqdn and several and "{podName}" not in template:
        yield Problem(
            "fqdn template", "gives all nodes one name", hint="use {podName} in it"
        )
