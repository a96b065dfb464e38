"""The flags of `kurrent-conn plan`, and what they say about situation and site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, TypeVar

import click

from kurrent_conn.kubernetes.decision import client_strategy
from kurrent_conn.kubernetes.site import Entry, Site
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    ClientPlace,
    Deployment,
    DnsControl,
    Hairpin,
    InternodeStrategy,
    ServerPlace,
    Situation,
)
from kurrent_conn.kubernetes.solution import Solution, situation_of

Command = TypeVar("Command", bound=Callable[..., object])
Flags = Mapping[str, object]


def choice(values: type[StrEnum]) -> click.Choice[str]:
    """Offer the values of an enumeration, in any case.

    Args:
        values: The enumeration.
    """
    return click.Choice([each.value for each in values], case_sensitive=False)


_SITUATION: Final = (
    click.option("--servers", type=choice(ServerPlace), help="Where servers run."),
    click.option("--clients", type=choice(ClientPlace), help="Where clients run."),
    click.option("--clusters", type=int, help="How many Kubernetes clusters."),
    click.option(
        "--peering/--no-peering", default=None, help="Their networks are joined."
    ),
    click.option("--dns", type=choice(DnsControl), help="Who controls the domain."),
    click.option("--hairpin", type=choice(Hairpin), help="Whether it is tolerated."),
    click.option("--deployment", type=choice(Deployment), help="May it lack TLS?"),
    click.option(
        "--ingress/--no-ingress",
        default=None,
        help="An Ingress or Gateway controller is there.",
    ),
    click.option(
        "--certificates", type=choice(CertificateOption), help="Wish: their source."
    ),
    click.option(
        "--internode",
        type=choice(InternodeStrategy),
        help="Wish: how servers dial each other.",
    ),
    click.option(
        "--client-traffic",
        # SplitDNS is offered to be refused with the reason.
        type=choice(InternodeStrategy),
        help="Wish: what clients are sent to.",
    ),
)
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "servers": ServerPlace,
    "clients": ClientPlace,
    "clusters": int,
    "peering": bool,
    "dns": DnsControl,
    "hairpin": Hairpin,
    "deployment": Deployment,
    "ingress": bool,
    "certificates": CertificateOption,
    "internode": InternodeStrategy,
    "client_traffic": client_strategy,
}
_SITE: Final = (
    click.option("--name", help="The KurrentDB resource; mydb when not given."),
    click.option("--namespace", help="Its namespace; kurrent when not given."),
    click.option("--domain", help="The domain of the FQDNs."),
    click.option("--replicas", type=int, help="Its quorum nodes; 3 when not given."),
    click.option("--read-only-replicas", type=int, help="Its read-only replicas."),
    click.option("--remote-replicas", type=int, help="Those in the other cluster."),
    click.option("--cluster-domain", help="The Kubernetes clusters' domain."),
    click.option("--fqdn-template", help="Its template of FQDNs."),
    click.option("--image", help="The server's image."),
    click.option("--storage", help="The size of a node's volume."),
    click.option(
        "--client-namespace",
        "client_namespaces",
        multiple=True,
        help="A namespace whose pods get the CA certificate; repeatable.",
    ),
    click.option("--administrators", help="The group that may read the Secrets."),
    click.option("--trust-namespace", help="Where trust-manager lives."),
    click.option("--ca-file", help="Where clients find the CA certificate."),
    click.option("--discover", help="A DNS name with the addresses of all nodes."),
    click.option(
        "--address",
        "addresses",
        multiple=True,
        metavar="POD=ADDRESS",
        help="How a pod is reached from the other cluster; repeatable.",
    ),
    click.option("--acme-server", help="The directory of the public CA."),
    click.option("--acme-email", help="Whom the public CA writes to."),
    click.option("--acme-zone", help="The DNS zone of the domain."),
    click.option("--entry", type=choice(Entry), help="Gateway API or Ingress-NGINX."),
    click.option("--gateway-class", help="The class of the Gateway."),
    click.option("--ingress-class", help="The class of the Ingresses."),
)


def situation_and_site_flags(command: Command) -> Command:
    """Add the flags for what is given, what is wished, and what things are called.

    Args:
        command: The function of a click command.
    """
    for add in reversed((*_SITUATION, *_SITE)):
        command = add(command)
    return command


def given_flags(flags: Flags) -> Flags:
    """Keep the flags that were given.

    Args:
        flags: All of them; None and empty mean not given.
    """
    return {name: flag for name, flag in flags.items() if flag not in (None, ())}


def describes_situation(flags: Flags) -> bool:
    """Say whether a flag is about the situation.

    Args:
        flags: Those that were given.
    """
    return bool(_READERS.keys() & flags.keys())


def read_situation(solution: str | None, flags: Mapping[str, Any]) -> Situation:
    """Make the situation: that of a common solution, changed by flags.

    Args:
        solution: Its name; None starts from the simplest situation.
        flags: Those that were given.

    Raises:
        ImpossiblePlan: They contradict each other.
    """
    start = situation_of(Solution(solution)) if solution else Situation()
    changes: dict[str, Any] = {
        name: read(flags[name]) for name, read in _READERS.items() if name in flags
    }
    return replace(start, **changes)


def read_site(flags: Flags) -> Site:
    """Make the values for the files.

    Args:
        flags: Those that were given.

    Raises:
        InvalidResource: With every value that cannot be.
    """
    values: dict[str, Any] = {
        name: flag for name, flag in flags.items() if name not in _READERS
    }
    if "addresses" in values:
        values["addresses"] = tuple(map(_address, values["addresses"]))
    if "entry" in values:
        values["entry"] = Entry(values["entry"])
    return Site(**values)


def _address(text: str) -> tuple[str, str]:
    pod, equals, address = text.partition("=")
    if not (pod and equals and address):
        raise click.BadParameter(f"{text!r} is not POD=ADDRESS", param_hint="--address")
    return pod, address
