"""The guide's whole space of situations, for tests that go through all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from kurrent_conn.errors import ImpossiblePlan
from kurrent_conn.kubernetes.decision import decide
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import Site, quorum, standalone
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


@cache
def situations() -> tuple[Situation, ...]:
    """Every answer to every question that can be given together, without wishes."""
    return tuple(
        Situation(
            servers=servers,
            clients=clients,
            peering=peering,
            dns=dns,
            hairpin=hairpin,
            deployment=deployment,
            ingress=ingress,
        )
        for servers, clients, peering, dns, hairpin, deployment, ingress in product(
            ServerPlace,
            ClientPlace,
            (False, True),
            DnsControl,
            Hairpin,
            Deployment,
            (False, True),
        )
    )


def wishes(situation: Situation) -> Iterator[Situation]:
    """A situation with every mixture of wishes, none included."""
    for certificates, internode, client_traffic in product(
        (None, *CertificateOption),
        (None, *InternodeStrategy),
        (None, *TrafficStrategy),
    ):
        yield replace(
            situation,
            certificates=certificates,
            internode=internode,
            client_traffic=client_traffic,
        )


@cache
def distinct_plans() -> tuple[Plan, ...]:
    """All plans of all situations that differ in anything but the way to them."""
    found: dict[object, Plan] = {}
    for situation in situations():
        for plan in decide(situation).plans:
            key = (
                plan.combination,
                plan.load_balancer,
                tuple(each.kind for each in plan.objects),
                plan.locations,
                situation.servers,
                situation.hairpin,
            )
            found.setdefault(key, plan)
    return tuple(found.values())


def full_site(plan: Plan, **values: object) -> Site:
    """A site in which nothing is left to fill in, replicas included."""
    site = Site(domain="db.example", read_only_replicas=1)
    site = replace(site, **values)  # type: ignore[arg-type]  # the caller's fields
    resources = (quorum(plan, site), standalone(plan, site))
    nodes = [node for each in resources if each for node in each.nodes()]
    addresses = tuple(
        (
            node.pod,
            f"10.1.0.{place}" if place % 2 else f"{node.pod}.peer.example",
        )
        for place, node in enumerate(nodes, 1)
    )
    return replace(site, addresses=addresses)


def is_impossible(situation: Situation) -> bool:
    """Whether nothing can work, said with at least one reason."""
    decision = decide(situation)
    return not decision.plans and all(each.reasons for each in decision.rejected)


def contradicts(**answers: object) -> tuple[str, ...]:
    """The questions whose answers contradict each other."""
    try:
        Situation(**answers)  # type: ignore[arg-type]  # the caller's fields
    except ImpossiblePlan as error:
        return tuple(problem.option for problem in error.problems)
    return ()
