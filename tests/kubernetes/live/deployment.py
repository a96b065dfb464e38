"""A rendered plan, read back from its files: what the lab has to bring to life.

Everything is taken from the rendered objects, as `kubectl apply` would: the nodes and
what they advertise from the KurrentDB resources, certificates from the Certificates,
names from Services and EndpointSlices, hosts from the routes of the Gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml

from kurrent_conn.kubernetes import Resource, TrafficStrategy, render
from kurrent_conn.kubernetes.names import Node as Named
from kurrent_conn.kubernetes.plan import LoadBalancer, Plan
from kurrent_conn.kubernetes.resource_file import resource_values
from kurrent_conn.kubernetes.site import Site
from tests.topology.lab.plan import (
    Balancer,
    Ingress,
    Issuer,
    Lab,
    Node,
    Record,
    addresses,
)

HERE: Final = ""
THERE: Final = "other-cluster/"
INGRESS: Final = "203.0.113.20"
_POD: Final = "statefulset.kubernetes.io/pod-name"
_SLICE_OF: Final = "kubernetes.io/service-name"

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Placed:
    """A node of the plan, and where the lab puts it."""

    named: Named
    address: str
    public: str
    folder: str
    certificate: tuple[str, ...]

    @property
    def is_replica(self) -> bool:
        """Whether it takes no part in elections."""
        return bool(self.named.kind.value)


class Deployment:
    """The objects of a plan, by cluster, each file edited before it is applied."""

    def __init__(
        self, plan: Plan, site: Site, edit: Callable[[str], str] = str
    ) -> None:
        self.plan = plan
        self.files = {file.path: edit(file.text) for file in render(plan, site)}
        self.placed = tuple(self._placed())

    def objects(self, folder: str, kind: str) -> Iterator[Tree]:
        """The objects of a kind that are applied in a cluster."""
        kustomization = yaml.safe_load(self.files[f"{folder}kustomization.yaml"])
        for path in kustomization["resources"]:
            for found in yaml.safe_load_all(self.files[f"{folder}{path}"]):
                if found["kind"] == kind:
                    yield found

    @property
    def folders(self) -> tuple[str, ...]:
        """The clusters that get objects."""
        found = (f for f in (HERE, THERE) if f"{f}kustomization.yaml" in self.files)
        return tuple(found)

    def _placed(self) -> Iterator[Placed]:
        count = 0
        for folder in self.folders:
            network = "10.20.0" if folder else "10.10.0"
            for found in self.objects(folder, "KurrentDB"):
                names = self._node_names(folder, found)
                values = resource_values(cast("Mapping[object, object]", found))
                for place, named in enumerate(Resource(**values).nodes()):
                    address = f"{network}.{11 + place}"
                    public = f"203.0.113.{11 + count}"
                    yield Placed(named, address, public, folder, names)
                    count += 1

    def _node_names(self, folder: str, resource: Tree) -> tuple[str, ...]:
        secret = resource["spec"]["security"]["certificateSecret"]["name"]
        return self._names_in(folder, secret)

    def _names_in(self, folder: str, secret: str) -> tuple[str, ...]:
        found = next(
            each
            for each in self.objects(folder, "Certificate")
            if each["spec"]["secretName"] == secret
        )
        return tuple(found["spec"]["dnsNames"])

    # What DNS says.

    def services(self, folder: str) -> Iterator[Record]:
        """The names that a cluster's own DNS answers."""
        for placed in self.placed:
            if placed.folder == folder:
                service = placed.named.service_name
                yield Record(service, placed.address)
                yield Record(service.partition(".")[2], placed.address)
        for found in self.objects(folder, "EndpointSlice"):
            meta = found["metadata"]
            domain = (
                f"{meta['labels'][_SLICE_OF]}.{meta['namespace']}.svc.cluster.local"
            )
            for each in found["endpoints"]:
                (address,) = each["addresses"]
                yield Record(f"{each['hostname']}.{domain}", address)
                yield Record(domain, address)

    def fqdns(self) -> Iterator[Record]:
        """The names that the domain's DNS answers, as the README asks for."""
        for placed in self.placed:
            fqdn = placed.named.fqdn
            if self.plan.behind_entry:
                yield from addresses(fqdn, INGRESS)
            elif self.plan.load_balancer is LoadBalancer.PUBLIC:
                yield from addresses(fqdn, placed.public)
            elif self.plan.client_traffic is TrafficStrategy.FQDN:
                yield from addresses(fqdn, placed.address)

    # What the lab consists of.

    def lab(self) -> Lab:
        """Everything as the lab understands it."""
        fqdns = tuple(self.fqdns())
        issuer = Issuer.OWN if self.plan.own_ca else Issuer.PUBLIC
        nodes = tuple(
            Node(
                placed.address,
                str(placed.named.advertised),
                placed.certificate,
                issuer,
                is_replica=placed.is_replica,
            )
            for placed in self.placed
        )
        views = {
            "here": (*self.services(HERE), *fqdns),
            "public": fqdns or addresses("nothing.kurrent.test", INGRESS),
        }
        if THERE in self.folders:
            views["there"] = (*self.services(THERE), *fqdns)
        return Lab(
            nodes=nodes,
            views=views,
            resolvers={
                "in": "here",
                "peer": "there" if "there" in views else "public",
                "out": "public",
            },
            balancers=tuple(self._balancers()),
            ingresses=tuple(self._ingresses()),
            is_peered=self.plan.situation.peering,
        )

    def _balancers(self) -> Iterator[Balancer]:
        if self.plan.load_balancer is LoadBalancer.PUBLIC:
            for placed in self.placed:
                yield Balancer(placed.public, f"{placed.address}:2113")

    def _ingresses(self) -> Iterator[Ingress]:
        for gateway in self.objects(HERE, "Gateway"):
            (listener,) = gateway["spec"]["listeners"]
            (secret,) = listener["tls"]["certificateRefs"]
            yield Ingress(
                INGRESS,
                dict(self._backends()),
                self._names_in(HERE, secret["name"]),
                ports=(listener["port"],),
            )

    def _backends(self) -> Iterator[tuple[str, str]]:
        pods = {placed.named.pod: placed.address for placed in self.placed}
        services = {
            each["metadata"]["name"]: pods[each["spec"]["selector"][_POD]]
            for each in self.objects(HERE, "Service")
            if _POD in each["spec"].get("selector", {})
        }
        for route in self.objects(HERE, "GRPCRoute"):
            (host,) = route["spec"]["hostnames"]
            (rule,) = route["spec"]["rules"]
            (backend,) = rule["backendRefs"]
            yield host, f"{services[backend['name']]}:{backend['port']}"
