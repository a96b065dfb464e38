"""What speaks against a combination that works, and how much.

The guide ranks by words ("highest possible security", "almost every need"); the
weights put its preferences in order:

    60   a test deployment's certificates: nobody asked for that work
    50   the whole database for who shares control of the domain
    30   a database without authentication that others can reach
    20   a hairpin that is to be avoided and cannot be
    10   objects to make and keep by hand, in each cluster
    below that: inconveniences
"""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import Combination, Drawback, LoadBalancer
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    Deployment,
    DnsControl,
    Hairpin,
    InternodeStrategy,
    Situation,
)


def drawbacks(
    combination: Combination, situation: Situation, balancer: LoadBalancer
) -> tuple[Drawback, ...]:
    """List what speaks against a combination, gravest first.

    Args:
        combination: What is considered.
        situation: Where.
        balancer: What the resource asks for.
    """
    found = (
        *_of_security(combination, situation, balancer),
        *_of_work(combination, situation),
        *_of_hairpins(combination, situation),
    )
    return tuple(sorted(found, key=lambda drawback: -drawback.weight))


def _of_security(
    combination: Combination, situation: Situation, balancer: LoadBalancer
) -> Iterator[Drawback]:
    bare = combination.certificates is CertificateOption.NONE
    public = combination.certificates is CertificateOption.PUBLIC
    if public and situation.dns is DnsControl.SHARED:
        yield _against(
            50,
            Statement.SHARED_DNS_MAY_FAVOUR_SELF_SIGNED_SERVICE_NAMES,
            "all who can set records in the domain can have a server's certificate "
            "issued to them",
        )
    if public:
        yield _against(2, Correction.PUBLIC_CAS_DROPPED_CLIENT_AUTH)
    if bare:
        yield _against(1, Statement.TLS_EXCEPT_FOR_TESTS)
    if bare and balancer is LoadBalancer.PUBLIC:
        yield _against(
            30,
            Statement.TLS_EXCEPT_FOR_TESTS,
            "whoever reaches a load balancer has the whole database; allowedIps "
            "narrows that",
        )
    if situation.deployment is Deployment.TEST and not bare:
        yield _against(
            60, Statement.TLS_EXCEPT_FOR_TESTS, "a test deployment may do without"
        )


def _of_work(combination: Combination, situation: Situation) -> Iterator[Drawback]:
    by_service = combination.internode is InternodeStrategy.SERVICE_NAME
    clients_by_service = combination.client_traffic is TrafficStrategy.SERVICE_NAME
    if by_service and situation.servers_elsewhere:
        yield _against(10, Statement.SERVERS_ELSEWHERE_MAY_USE_SERVICE_NAMES)
    if clients_by_service and situation.clients_elsewhere:
        yield _against(10, Statement.CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_SERVICE_NAMES)
    if combination.certificates is CertificateOption.INGRESS:
        yield _against(
            9,
            Statement.BOTH_BY_A_TERMINATING_INGRESS,
            "the Ingress and its certificate are yours to make and to keep",
        )
    if combination.certificates is CertificateOption.SELF_SIGNED:
        abroad = situation.clients_outside or situation.clients_elsewhere
        yield _against(
            12 if abroad else 1,
            Statement.CERT_MANAGER_AND_TRUST_MANAGER,
            "every client has to be given the CA"
            + (", also where trust-manager does not reach" if abroad else ""),
        )
    mixed = clients_by_service is not by_service
    if mixed and combination.certificates is CertificateOption.SELF_SIGNED:
        yield _against(
            4,
            Statement.SELF_SIGNED_MAY_NAME_ANYTHING,
            "certificates carry both kinds of names: one for servers, one for clients",
        )


def _of_hairpins(combination: Combination, situation: Situation) -> Iterator[Drawback]:
    avoid = situation.hairpin is Hairpin.AVOID
    if combination.internode is InternodeStrategy.FQDN:
        yield _against(
            20 if avoid else 6,
            Statement.SPLIT_DNS_ALWAYS_AVOIDS_SERVER_HAIRPINS,
            "servers of one cluster dial each other through their public addresses",
        )
    by_fqdn = combination.client_traffic is TrafficStrategy.FQDN
    if not (by_fqdn and situation.clients_inside):
        return
    if combination.certificates is CertificateOption.INGRESS:
        yield _against(
            4 if avoid else 2,
            Statement.HAIRPINS_MAY_BURDEN_AN_INGRESS,
            "clients inside go through the Ingress, unless our overrides send them "
            "past it",
        )
    else:
        yield _against(
            4 if avoid else 2,
            Statement.FQDN_CLIENTS_INSIDE_HAIRPIN,
            "clients inside need a rewrite rule or our overrides to go directly",
        )


def _against(weight: int, basis: Statement | Correction, text: str = "") -> Drawback:
    return Drawback(weight, Reason(basis, text))
