"""Other ways to a member, for the doctor to try: a fix is proposed where one works.

A way is tried under the name that the member's certificate must carry, so one that
works is a rule that would work. Tried for members that are not reached, and for those
that a pod reaches by a name from outside: the straight way shows the hairpin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kurrent_conn.core.endpoint import DEFAULT_PORT, Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.sight import Contact, Reach
from kurrent_conn.diagnose.vantage import Vantage

ENTRY_PORT: Final = 443
"""Where an Ingress or a Gateway listens."""

_SERVICE: Final = ".svc."


def alternatives(case: Case) -> Iterator[tuple[Endpoint, Route]]:
    """List the ways worth trying, names among them not resolved yet.

    Args:
        case: What is known, every usual way tried.
    """
    for member in case.members:
        if not case.is_alive(member):
            continue
        if _is_lost(case, member):
            yield from ((member, route) for route in _all_ways(case, member))
        elif is_public_inside(case, member):
            yield from ((member, route) for route in _straight_ways(case, member))


def is_public_inside(case: Case, member: Endpoint) -> bool:
    """Whether a pod would reach a member by a name that is not a Service's.

    Args:
        case: What is known.
        member: Its identity.
    """
    by_rule = any(route.rule for route in case.named_routes(member))
    return (
        case.vantage is Vantage.POD
        and not by_rule
        and not member.is_address
        and not is_service_name(member.host)
    )


def is_service_name(host: str) -> bool:
    """Whether a name is one of a Service in a Kubernetes cluster.

    Args:
        host: The name.
    """
    return _SERVICE in f"{host}."


def pod_of(host: str) -> str:
    """Give the pod that the operator names a host after: its first label.

    Args:
        host: A Service name or an FQDN by the operator's template.

    Source: operator 1.5 documentation, `network.fqdnTemplate`.
    """
    return host.partition(".")[0]


def _is_lost(case: Case, member: Endpoint) -> bool:
    """Whether a member is not reached, or by a way that leads to another node."""
    best = case.best(member)
    if best is None or best.reach is Reach.NOTHING:
        return True
    return best.reach is Reach.CONNECTED and any(
        route.rule for route in case.named_routes(member)
    )


def _all_ways(case: Case, member: Endpoint) -> Iterator[Route]:
    for contact in _helpful(case, member):
        yield replace(contact.route, server_name=member.host, rule=None)
    yield from _other_ports(case, member)
    yield from _dns_ways(case, member)
    yield from _straight_ways(case, member)


def _helpful(case: Case, member: Endpoint) -> Iterator[Contact]:
    """Give the contacts that work, and may be this very member by another name."""
    taken = {route.connects_to for route in case.routes(member)}
    taken |= _places_of_others(case, member)
    for contact in case.contacts:
        works = contact.reach is Reach.ANSWERED and case.is_usual(contact)
        if works and contact.route.connects_to not in taken:
            yield contact


def _places_of_others(case: Case, member: Endpoint) -> set[Endpoint]:
    """Give where other members answer: whoever is there is not this one."""
    return {
        best.route.connects_to
        for other in case.members
        if other != member
        and (best := case.best(other)) is not None
        and best.reach is Reach.ANSWERED
    }


def _other_ports(case: Case, member: Endpoint) -> Iterator[Route]:
    ports = {ENTRY_PORT, DEFAULT_PORT, *(seed.port for seed in case.seeds)}
    taken = _places_of_others(case, member)
    for route in case.named_routes(member):
        for port in sorted(ports - {route.dial.port}):
            other = replace(route, dial=Endpoint(route.dial.host, port), rule=None)
            if other.connects_to not in taken:
                yield other


def _dns_ways(case: Case, member: Endpoint) -> Iterator[Route]:
    """Give the addresses that DNS knows and the system does not."""
    for route in case.named_routes(member):
        known = case.lookups.get(route.dial.host)
        for address in (known.dns or ()) if known is not None else ():
            if known is not None and address not in known.system:
                dial = Endpoint(address, route.dial.port)
                yield replace(route, dial=dial, rule=None)


def _straight_ways(case: Case, member: Endpoint) -> Iterator[Route]:
    """Give the Service names that a member's pod may have."""
    pod = pod_of(member.host)
    service, _, ordinal = pod.rpartition("-")
    if member.is_address or not (service and ordinal.isdigit()):
        return
    for namespace in dict.fromkeys(_namespaces(case)):
        yield Route(Endpoint(f"{pod}.{service}.{namespace}", DEFAULT_PORT), member.host)


def _namespaces(case: Case) -> Iterator[str]:
    """Give the namespaces in which the nodes may live, as `NAMESPACE.svc.DOMAIN`."""
    for host in (*(seed.host for seed in case.seeds), *case.lookups):
        before, found, domain = host.partition(_SERVICE)
        if found:
            yield f"{before.rpartition('.')[2]}{_SERVICE}{domain}"
    here = case.surroundings
    if here.service_domain and here.namespace:
        yield f"{here.namespace}.{here.service_domain}"
