"""A plan as files: one directory to apply, with what clients need.

    kustomization.yaml           what `kubectl apply -k` applies in the quorum's cluster
    *.yaml                       the objects
    alternatives/                objects to apply in the place of others
    Corefile                     what CoreDNS needs for ExternalName Services
    other-cluster/               the same for the second cluster, where there is one
    clients/LOCATION/            connection string, overrides file, Corefile
    README.md                    the plan, and what has to be done by hand

Pure: gives paths and texts; the command line writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.overrides import Overrides
from kurrent_conn.kubernetes.client_side import ClientSide, alias_rules, client_sides
from kurrent_conn.kubernetes.manifest.certificates import certificates, secret_access
from kurrent_conn.kubernetes.manifest.document import (
    Manifest,
    comment,
    written,
)
from kurrent_conn.kubernetes.manifest.entry import (
    backends,
    gateway,
    ingresses,
    passthrough,
)
from kurrent_conn.kubernetes.manifest.kurrentdb import kurrentdb
from kurrent_conn.kubernetes.manifest.peering import node_services
from kurrent_conn.kubernetes.manifest.trust import bundle, cluster_bundle
from kurrent_conn.kubernetes.names import Resource, TrafficStrategy
from kurrent_conn.kubernetes.plan import LoadBalancer, ObjectKind, Plan
from kurrent_conn.kubernetes.readme import readme
from kurrent_conn.kubernetes.site import Entry, Site, quorum, standalone
from kurrent_conn.kubernetes.yaml_text import write_yaml

OTHER_CLUSTER: Final = "other-cluster"
ALTERNATIVES: Final = "alternatives"

_FOR_COREDNS: Final = (
    "Lines for the server block of this cluster's CoreDNS (kube-system/coredns): the "
    "ExternalName Services answer by them, for servers too."
)


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file of a rendered plan.

    Args:
        path: Relative to the directory, with `/`.
        text: Its content.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class _Objects:
    """The objects of one file."""

    path: str
    manifests: tuple[Manifest, ...]

    @property
    def is_alternative(self) -> bool:
        return self.path.startswith(f"{ALTERNATIVES}/")


def render(plan: Plan, site: Site) -> tuple[RenderedFile, ...]:
    """Write a plan as files.

    Args:
        plan: What is chosen.
        site: The values.

    Returns:
        The files, each path once.

    Raises:
        InvalidResource: The operator, or a CA, would refuse a value.
        MissingExtra: pyyaml is not installed.
    """
    return tuple(_files(plan, site))


def _files(plan: Plan, site: Site) -> Iterator[RenderedFile]:
    here, there = quorum(plan, site), standalone(plan, site)
    yield from _cluster("", _objects(plan, site, here, there, makes_root=True), site)
    yield from _corefile("", plan, site, there)
    if _has_other_objects(plan):
        folder = f"{OTHER_CLUSTER}/"
        elsewhere = _objects(plan, site, there, here, makes_root=False)
        yield from _cluster(folder, elsewhere, site)
        yield from _corefile(folder, plan, site, here)
    sides = client_sides(plan, site)
    for side in sides:
        yield from _client_files(side)
    yield RenderedFile("README.md", readme(plan, site, sides))


def _has_other_objects(plan: Plan) -> bool:
    situation = plan.situation
    spread = situation.servers_elsewhere or situation.clients_elsewhere
    by_service = plan.client_traffic is TrafficStrategy.SERVICE_NAME
    return spread and (situation.servers_elsewhere or plan.own_ca or by_service)


def _objects(
    plan: Plan,
    site: Site,
    own: Resource | None,
    foreign: Resource | None,
    *,
    makes_root: bool,
) -> tuple[_Objects, ...]:
    """List what one cluster gets.

    Args:
        plan: What is chosen.
        site: The values.
        own: The resource whose nodes are in this cluster.
        foreign: The resource whose nodes are in the other one.
        makes_root: Whether the CA is made here.
    """
    objects = (
        _Objects("namespace.yaml", _namespace(site)),
        _Objects(
            "certificates.yaml",
            certificates(plan, site, own, makes_root=makes_root),
        ),
        _Objects("access.yaml", secret_access(plan, site, own)),
        _Objects("trust.yaml", bundle(plan, site)),
        _Objects(f"{ALTERNATIVES}/cluster-bundle.yaml", cluster_bundle(plan, site)),
        _Objects("kurrentdb.yaml", (kurrentdb(plan, site, own),) if own else ()),
        _Objects("node-services.yaml", _foreign_services(plan, site, foreign)),
        *(_entry_objects(plan, site, own) if own else ()),
    )
    return tuple(each for each in objects if each.manifests)


def _namespace(site: Site) -> tuple[Manifest, ...]:
    if site.namespace == "default":
        return ()
    why = "The servers' own: clients run in others, and read no Secret here."
    return (Manifest("v1", "Namespace", site.namespace, "", {}, why),)


def _foreign_services(
    plan: Plan, site: Site, foreign: Resource | None
) -> tuple[Manifest, ...]:
    wanted = any(each.kind is ObjectKind.NODE_SERVICES for each in plan.objects)
    return node_services(site, foreign) if wanted and foreign else ()


def _corefile(
    folder: str, plan: Plan, site: Site, foreign: Resource | None
) -> Iterator[RenderedFile]:
    """Write the rewrites that a cluster's ExternalName Services answer by."""
    if foreign is not None and _foreign_services(plan, site, foreign):
        rules = alias_rules(site, foreign)
        if rules:
            text = Overrides(rules).to_corefile()
            yield RenderedFile(f"{folder}Corefile", comment(_FOR_COREDNS) + text)


def _entry_objects(plan: Plan, site: Site, own: Resource) -> Iterator[_Objects]:
    if plan.behind_entry:
        by_gateway = site.entry is Entry.GATEWAY
        other = f"{ALTERNATIVES}/"
        yield _Objects("entry-services.yaml", backends(own))
        yield _Objects(
            f"{'' if by_gateway else other}gateway.yaml", gateway(plan, site, own)
        )
        yield _Objects(
            f"{other if by_gateway else ''}ingress.yaml", ingresses(plan, site, own)
        )
        return
    balanced = plan.load_balancer is not LoadBalancer.NONE
    if plan.tls and balanced and plan.client_traffic is TrafficStrategy.FQDN:
        objects = (*backends(own), *passthrough(site, own))
        yield _Objects(f"{ALTERNATIVES}/passthrough.yaml", objects)


def _cluster(
    folder: str, objects: tuple[_Objects, ...], site: Site
) -> Iterator[RenderedFile]:
    applied = [each.path for each in objects if not each.is_alternative]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": applied,
        "labels": [
            {"pairs": {"app.kubernetes.io/part-of": site.name}},
        ],
    }
    why = "kubectl apply -k on this directory. What is in alternatives is not applied."
    yield RenderedFile(
        f"{folder}kustomization.yaml", comment(why) + write_yaml(kustomization)
    )
    for each in objects:
        yield RenderedFile(f"{folder}{each.path}", written(each.manifests))


def _client_files(side: ClientSide) -> Iterator[RenderedFile]:
    folder = f"clients/{side.location}"
    yield RenderedFile(f"{folder}/connection-string.txt", f"{side.connection_string}\n")
    if side.discover_string is not None:
        yield RenderedFile(f"{folder}/discover-string.txt", f"{side.discover_string}\n")
    rules = side.overrides.to_toml()
    yield RenderedFile(f"{folder}/overrides.toml", rules)
    if side.corefile is not None:
        yield RenderedFile(f"{folder}/Corefile", side.corefile)
