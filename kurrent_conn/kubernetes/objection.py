"""Why a combination cannot work in a situation: each rule once.

A rule that finds nothing to object to says None. What is merely worse is `ranking`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import Combination
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    Deployment,
    DnsControl,
    InternodeStrategy,
    Situation,
)

Objection = Callable[[Combination, Situation], Reason | None]


def objections(combination: Combination, situation: Situation) -> tuple[Reason, ...]:
    """List all that makes a combination impossible.

    Args:
        combination: What is considered.
        situation: Where.

    Returns:
        No reason when it can work.
    """
    found = (objection(combination, situation) for objection in _OBJECTIONS)
    return tuple(reason for reason in found if reason is not None)


def _no_tls(combination: Combination, situation: Situation) -> Reason | None:
    bare = combination.certificates is CertificateOption.NONE
    if bare and situation.deployment is Deployment.PRODUCTION:
        return Reason(Statement.TLS_EXCEPT_FOR_TESTS)
    return None


def _public_between_servers(combination: Combination, _: Situation) -> Reason | None:
    if (
        combination.certificates is CertificateOption.PUBLIC
        and combination.internode is InternodeStrategy.SERVICE_NAME
    ):
        return Reason(
            Statement.PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS,
            "a public certificate cannot carry the service names that servers would "
            "dial each other by",
        )
    return None


def _public_for_clients(combination: Combination, _: Situation) -> Reason | None:
    if (
        combination.certificates is CertificateOption.PUBLIC
        and combination.client_traffic is TrafficStrategy.SERVICE_NAME
    ):
        return Reason(
            Statement.PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS,
            "a public certificate cannot carry the service names that clients would "
            "be sent to",
        )
    return None


def _outside(combination: Combination, situation: Situation) -> Reason | None:
    by_service = combination.client_traffic is TrafficStrategy.SERVICE_NAME
    if by_service and situation.clients_outside:
        return Reason(
            Statement.CLIENTS_OUTSIDE_MUST_BE_SENT_TO_FQDNS,
            "clients outside Kubernetes cannot resolve service names",
        )
    return None


def _ingress_absent(combination: Combination, situation: Situation) -> Reason | None:
    by_ingress = combination.certificates is CertificateOption.INGRESS
    if by_ingress and not situation.ingress:
        return Reason(
            Statement.BOTH_BY_A_TERMINATING_INGRESS,
            "there is no Ingress or Gateway controller",
        )
    return None


def _ingress_unused(combination: Combination, _: Situation) -> Reason | None:
    if (
        combination.certificates is CertificateOption.INGRESS
        and combination.client_traffic is TrafficStrategy.SERVICE_NAME
    ):
        return Reason(
            Statement.BOTH_BY_A_TERMINATING_INGRESS,
            "an Ingress serves FQDNs, and clients would be sent past it to service "
            "names",
        )
    return None


def _replication(combination: Combination, situation: Situation) -> Reason | None:
    if combination.certificates is not CertificateOption.INGRESS:
        return None
    by_fqdn = combination.internode is InternodeStrategy.FQDN
    split = combination.internode is InternodeStrategy.SPLIT_DNS
    if by_fqdn or (split and situation.servers_elsewhere):
        return Reason(
            Correction.INGRESS_CARRIES_NO_REPLICATION,
            "the FQDNs lead to the Ingress, which carries no replication between "
            "servers",
        )
    if situation.servers_elsewhere and not situation.peering:
        return Reason(
            Correction.INGRESS_CARRIES_NO_REPLICATION,
            "without a peering the servers of the two clusters have no way to each "
            "other beside the Ingress",
        )
    return None


def _unprovable(combination: Combination, situation: Situation) -> Reason | None:
    public = combination.certificates in {
        CertificateOption.PUBLIC,
        CertificateOption.INGRESS,
    }
    if public and situation.dns is DnsControl.NONE:
        return Reason(
            Statement.PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS,
            "a public CA signs for who controls the domain, and nobody here does",
        )
    return None


def _unpublished(combination: Combination, situation: Situation) -> Reason | None:
    if situation.dns is not DnsControl.NONE:
        return None
    abroad = situation.clients_outside or situation.clients_elsewhere
    if combination.client_traffic is TrafficStrategy.FQDN and abroad:
        return Reason(
            Statement.CLIENTS_OUTSIDE_MUST_BE_SENT_TO_FQDNS
            if situation.clients_outside
            else Statement.CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_FQDNS,
            "without a domain that records can be set in, clients elsewhere cannot "
            "resolve the FQDNs",
        )
    return None


def _unpublished_servers(
    combination: Combination, situation: Situation
) -> Reason | None:
    if situation.dns is not DnsControl.NONE:
        return None
    by_fqdn = combination.internode is InternodeStrategy.FQDN
    split = combination.internode is InternodeStrategy.SPLIT_DNS
    if by_fqdn or (split and situation.servers_elsewhere):
        return Reason(
            Statement.INTERNODE_FQDN_DIALS_FQDNS
            if by_fqdn
            else Statement.SERVERS_ELSEWHERE_MAY_USE_SPLIT_DNS,
            "without a domain that records can be set in, servers cannot resolve each "
            "other's FQDNs",
        )
    return None


_OBJECTIONS: Final[tuple[Objection, ...]] = (
    _no_tls,
    _public_between_servers,
    _public_for_clients,
    _outside,
    _ingress_absent,
    _ingress_unused,
    _replication,
    _unprovable,
    _unpublished,
    _unpublished_servers,
)
