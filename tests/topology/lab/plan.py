"""What a lab consists of, as values: nodes, names, balancers, an Ingress, a CA.

Knows addresses and names; knows no process. `running.running_lab` brings one to life.

    network    addresses         who lives there
    in         10.10.0.0/24      the cluster's network: client .10, nodes .11-.13
    peer       10.20.0.0/24      a peered VPC: client .10, perhaps a replica
    out        198.51.100.0/24   the internet: client .10
    public     203.0.113.0/24    balancers and Ingresses
    resolver   10.53.0.0/24      one address a view of DNS, and the ACME server

`in` and `peer` reach each other (unless `is_peered` is false); `out` reaches the public
addresses alone: what it sends to a private one is dropped without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

CLUSTER_PORT: Final = 2113


class Issuer(StrEnum):
    """Who signs a certificate."""

    OWN = "own"
    """A private CA that only its CA file makes trusted, such as a cert-manager one."""

    PUBLIC = "public"
    """Pebble, an ACME CA: what Let's Encrypt is elsewhere."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the cluster.

    Args:
        address: Where it listens: an address of `in` or of `peer`, not .1 or .10.
        advertise: What gossip says of it, such as `node1.kurrent.test`, with a port
            where that is not its own; where it listens when None.
        names: The names on its certificate; what it advertises when empty.
        issuer: Who signs that.
        port: Where it listens.
        is_replica: Whether it is a read-only replica; these come last in `Lab.nodes`.
    """

    address: str
    advertise: str | None = None
    names: tuple[str, ...] = ()
    issuer: Issuer = Issuer.OWN
    port: int = CLUSTER_PORT
    is_replica: bool = False


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer on layer 4: it passes a port's bytes on as they are.

    Args:
        address: A public address.
        backend: Where they go, `10.10.0.11:2113`.
        port: The port.
    """

    address: str
    backend: str
    port: int = CLUSTER_PORT


@dataclass(frozen=True, slots=True)
class Ingress:
    """An Ingress: ends TLS and speaks TLS again to the node that the host belongs to.

    Args:
        address: A public address.
        backends: Where the requests of each host go, `10.10.0.11:2113`.
        names: The names on its certificate; all hosts when empty.
        ports: Where it listens.
        issuer: Who signs its certificate.
        speaks_tls: Whether the nodes speak TLS.
    """

    address: str
    backends: Mapping[str, str]
    names: tuple[str, ...] = ()
    ports: tuple[int, ...] = (443,)
    issuer: Issuer = Issuer.PUBLIC
    speaks_tls: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One record of DNS.

    Args:
        name: Its name; `*` may be the first label.
        value: An address, or what stands behind the type in a zone file.
        kind: Its type.
    """

    name: str
    value: str
    kind: str = "A"


@dataclass(frozen=True, slots=True)
class Acme:
    """Let `RunningLab.certbot` order certificates.

    Args:
        view: The view in which the CA looks names up.
        zone: The zone whose names may be proved by DNS.
    """

    view: str
    zone: str = "kurrent.test"


@dataclass(frozen=True, slots=True)
class Lab:
    """A whole lab.

    Args:
        nodes: The cluster; the first leads, replicas come last.
        views: What DNS says, by the name of a view. All other names do not exist.
        resolvers: Which view each of `in`, `peer` and `out` asks.
        balancers: On layer 4.
        ingresses: On layer 7.
        acme: Whether, and how, certbot can order certificates.
        is_peered: Whether `in` and `peer` reach each other.
        cluster: More arguments of `SimulatedCluster`, such as `tls`.
    """

    nodes: tuple[Node, ...]
    views: Mapping[str, tuple[Record, ...]]
    resolvers: Mapping[str, str]
    balancers: tuple[Balancer, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    acme: Acme | None = None
    is_peered: bool = True
    cluster: Mapping[str, object] = field(default_factory=dict)

    @property
    def needs_public_ca(self) -> bool:
        """Whether anything of it is signed by the public CA."""
        issuers = [
            *(node.issuer for node in self.nodes),
            *(ingress.issuer for ingress in self.ingresses),
        ]
        return self.acme is not None or Issuer.PUBLIC in issuers

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """The addresses of all balancers and Ingresses."""
        balancers = (each.address for each in self.balancers)
        ingresses = (each.address for each in self.ingresses)
        return tuple(dict.fromkeys((*balancers, *ingresses)))


def addresses(name: str, *values: str) -> tuple[Record, ...]:
    """Make the A records of one name.

    Args:
        name: The name.
        values: Its addresses.
    """
    return tuple(Record(name, value) for value in values)
