"""The guide's questions, for people at a terminal."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final, TextIO, TypeVar

from rich.console import Console
from rich.prompt import Confirm, IntPrompt, Prompt

from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import (
    ClientPlace,
    Deployment,
    DnsControl,
    Hairpin,
    ServerPlace,
    Situation,
)

Answer = TypeVar("Answer", bound=StrEnum)

_MEANING: Final[dict[StrEnum, str]] = {
    ServerPlace.ONE_CLUSTER: "all servers run in one Kubernetes cluster",
    ServerPlace.REPLICA_ELSEWHERE: "a read-only replica runs in a second cluster",
    ClientPlace.SAME_CLUSTER: "only in the servers' cluster",
    ClientPlace.SEVERAL_CLUSTERS: "in several Kubernetes clusters",
    ClientPlace.OUTSIDE: "only outside Kubernetes",
    ClientPlace.ANYWHERE: "inside and outside",
    DnsControl.OWN: "the database's administrators",
    DnsControl.SHARED: "shared with other units",
    DnsControl.NONE: "there is no domain to set records in",
    Hairpin.FINE: "traffic may leave a cluster and come back",
    Hairpin.AVOID: "it had better not",
    Deployment.PRODUCTION: "with TLS",
    Deployment.TEST: "may be without TLS and authentication",
}


def ask(
    site: Site, console: Console | None = None, stream: TextIO | None = None
) -> tuple[Situation, Site]:
    """Ask what the guide asks, and what things are called.

    Args:
        site: The values that are offered.
        console: Where to ask; None takes stdout.
        stream: Where answers come from; None takes the terminal.

    Raises:
        ImpossiblePlan: The answers contradict each other.
        InvalidResource: A name cannot be.
    """
    asking = _Asking(console or Console(highlight=False), stream)
    return asking.situation(), asking.site(site)


class _Asking:
    def __init__(self, console: Console, stream: TextIO | None) -> None:
        self._console = console
        self._stream = stream

    def situation(self) -> Situation:
        start = Situation()
        servers = self._choose("Where do the servers run?", start.servers)
        clients = self._choose("Where do the clients run?", start.clients)
        return Situation(
            servers=servers,
            clients=clients,
            peering=self._peering(servers, clients),
            dns=self._choose("Who controls the domain's DNS?", start.dns),
            hairpin=self._choose("What about hairpins?", start.hairpin),
            deployment=self._choose("What is it for?", start.deployment),
            ingress=self._confirm("Is there an Ingress or Gateway controller?"),
        )

    def site(self, offered: Site) -> Site:
        return replace(
            offered,
            name=self._text("Name of the KurrentDB resource", offered.name),
            namespace=self._text("Its namespace", offered.namespace),
            domain=self._text("The domain of its FQDNs", offered.domain),
            replicas=IntPrompt.ask(
                "Its quorum nodes",
                console=self._console,
                stream=self._stream,
                choices=["1", "3", "5"],
                default=offered.replicas,
            ),
        )

    def _peering(self, servers: ServerPlace, clients: ClientPlace) -> bool:
        several = clients is ClientPlace.SEVERAL_CLUSTERS
        if servers is ServerPlace.ONE_CLUSTER and not several:
            return False
        return self._confirm("Are the clusters' networks peered?")

    def _choose(self, question: str, default: Answer) -> Answer:
        kind = type(default)
        self._console.print(f"\n{question}")
        for each in kind:
            self._console.print(f"  {each.value}: {_MEANING[each]}", markup=False)
        answer = Prompt.ask(
            "Answer",
            console=self._console,
            stream=self._stream,
            choices=[each.value for each in kind],
            default=default.value,
        )
        return kind(answer)

    def _confirm(self, question: str) -> bool:
        return Confirm.ask(
            f"\n{question}", console=self._console, stream=self._stream, default=True
        )

    def _text(self, question: str, default: str) -> str:
        return Prompt.ask(
            question, console=self._console, stream=self._stream, default=default
        )
