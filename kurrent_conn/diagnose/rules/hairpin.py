"""Pods that leave their cluster to come back to it.

A pod that follows a public name goes out and back in through the balancer. That is
seen by two ways to one node: the one that its name leads, and the Service name of its
pod, tried under the same certificate. Where both work and differ, the first is a
hairpin. A public address alone is only a sign of one: the servers may be elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.alternative import is_public_inside, is_service_name
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Severity, Trouble
from kurrent_conn.diagnose.sight import Contact, Reach


def about_hairpins(case: Case) -> Iterator[Finding]:
    """Find members that a pod reaches by a detour.

    Args:
        case: What was seen.
    """
    ways = {
        member: straight
        for member in case.wanted_members
        if (straight := straight_way(case, member)) is not None
    }
    if ways:
        yield _seen(case, ways)
    doubtful = tuple(
        m for m in case.wanted_members if m not in ways and _may_be_one(case, m)
    )
    if doubtful:
        yield _suspected(case, doubtful)


def _seen(case: Case, ways: Mapping[Endpoint, Contact]) -> Finding:
    rule = fix.rules(ways)
    return Finding(
        Trouble.HAIRPIN,
        Severity.WARNING,
        tuple(ways),
        "this pod leaves the cluster and comes back through the balancer, while the "
        "node is one hop away",
        tuple(
            f"{m} is dialled at {_place(case, m)}, its pod is {way.route.connects_to}"
            for m, way in ways.items()
        ),
        (rule, *fix.for_coredns(rule)),
    )


def _suspected(case: Case, members: tuple[Endpoint, ...]) -> Finding:
    return Finding(
        Trouble.HAIRPIN,
        Severity.NOTE,
        members,
        "this pod dials a public address; when the servers run in this Kubernetes "
        "cluster, that is a hairpin",
        tuple(f"{m} is dialled at {_place(case, m)}" for m in members),
        (
            fix.step(
                "when they do, ask again with --namespace and the servers' namespace: "
                "the doctor then looks for the straight way"
            ),
        ),
    )


def straight_way(case: Case, member: Endpoint) -> Contact | None:
    """Give the way to a member's pod that a pod should have taken.

    Args:
        case: What was seen.
        member: Its identity.

    Returns:
        None where the usual way is the straight one, or none was found.
    """
    usual = case.best(member)
    if usual is None or usual.reach is not Reach.ANSWERED:
        return None
    if not is_public_inside(case, member):
        return None
    for detour in case.detours(member):
        by_service = is_service_name(detour.route.dial.host)
        differs = detour.route.connects_to != usual.route.connects_to
        if by_service and differs and detour.reach is Reach.ANSWERED:
            return detour
    return None


def _may_be_one(case: Case, member: Endpoint) -> bool:
    usual = case.best(member)
    if usual is None or not is_public_inside(case, member):
        return False
    host = usual.route.connects_to.host.partition("%")[0]
    return usual.reach is Reach.ANSWERED and ip_address(host).is_global


def _place(case: Case, member: Endpoint) -> Endpoint:
    usual = case.best(member)
    return usual.route.connects_to if usual is not None else member
