"""Why a plan chooses what it chooses, and what it makes to be made by hand."""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import (
    Combination,
    LoadBalancer,
    ManualObject,
    ObjectKind,
)
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    Hairpin,
    InternodeStrategy,
    Situation,
)

_OWN_CA = frozenset({CertificateOption.SELF_SIGNED, CertificateOption.INGRESS})


def load_balancer(combination: Combination, situation: Situation) -> LoadBalancer:
    """Say whether each server gets a load balancer, and for whom.

    Behind an Ingress there is none: the operator publishes the FQDN for its load
    balancers, and the FQDN belongs to the Ingress then.

    Args:
        combination: What is chosen.
        situation: Where.
    """
    if combination.certificates is CertificateOption.INGRESS:
        return LoadBalancer.NONE
    abroad = (
        situation.clients_outside
        or situation.clients_elsewhere
        or situation.servers_elsewhere
        or combination.internode is InternodeStrategy.FQDN
    )
    if not abroad:
        return LoadBalancer.NONE
    private = situation.peering and not situation.clients_outside
    return LoadBalancer.INTERNAL if private else LoadBalancer.PUBLIC


def reasons(combination: Combination, situation: Situation) -> tuple[Reason, ...]:
    """Give the statements that a combination follows, question by question.

    Args:
        combination: What is chosen.
        situation: Where.
    """
    return tuple(
        Reason(basis)
        for basis in (
            *_for_certificates(combination, situation),
            *_between_servers(combination, situation),
            *_for_clients(combination, situation),
        )
    )


def _for_certificates(
    combination: Combination, situation: Situation
) -> Iterator[Statement | Correction]:
    match combination.certificates:
        case CertificateOption.NONE:
            yield Statement.TLS_EXCEPT_FOR_TESTS
            return
        case CertificateOption.PUBLIC:
            yield Statement.PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS
            if situation.several_clusters:
                yield Statement.PEERING_MAY_ISSUE_PER_CLUSTER
        case CertificateOption.INGRESS:
            yield Statement.BOTH_BY_A_TERMINATING_INGRESS
            if combination.internode is InternodeStrategy.SERVICE_NAME:
                yield Statement.INGRESS_KEEPS_SERVICE_NAMES_BETWEEN_SERVERS
        case CertificateOption.SELF_SIGNED:
            yield Statement.SELF_SIGNED_MAY_NAME_ANYTHING
            yield Statement.CERT_MANAGER_AND_TRUST_MANAGER
    yield Statement.SECRETS_ONLY_FOR_ADMINISTRATORS


def _between_servers(
    combination: Combination, situation: Situation
) -> Iterator[Statement]:
    if situation.servers_elsewhere:
        yield Statement.SERVERS_ELSEWHERE_NEED_A_CHOICE
    match combination.internode:
        case InternodeStrategy.SERVICE_NAME:
            yield Statement.SERVICE_NAME_IS_THE_INTERNODE_DEFAULT
            if situation.servers_elsewhere:
                yield Statement.SERVERS_ELSEWHERE_MAY_USE_SERVICE_NAMES
        case InternodeStrategy.FQDN:
            yield Statement.INTERNODE_FQDN_DIALS_FQDNS
        case InternodeStrategy.SPLIT_DNS:
            yield Statement.SPLIT_DNS_ANSWERS_POD_ADDRESSES
            yield Statement.SPLIT_DNS_ALWAYS_AVOIDS_SERVER_HAIRPINS
            if situation.servers_elsewhere:
                yield Statement.SERVERS_ELSEWHERE_MAY_USE_SPLIT_DNS


def _for_clients(combination: Combination, situation: Situation) -> Iterator[Statement]:
    by_fqdn = combination.client_traffic is TrafficStrategy.FQDN
    if by_fqdn and situation.clients_outside:
        yield Statement.CLIENTS_OUTSIDE_MUST_BE_SENT_TO_FQDNS
    if situation.clients_elsewhere:
        yield (
            Statement.CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_FQDNS
            if by_fqdn
            else Statement.CLIENTS_IN_SEVERAL_CLUSTERS_MAY_USE_SERVICE_NAMES
        )
    if situation.peering:
        yield Statement.PEERING_KEEPS_TRAFFIC_PRIVATE
    if by_fqdn and not situation.clients_outside and not situation.clients_elsewhere:
        yield Statement.FQDN_IS_THE_CLIENT_DEFAULT
    if not by_fqdn and not situation.clients_elsewhere:
        yield Statement.CLIENTS_INSIDE_MAY_USE_SERVICE_NAMES
    if not by_fqdn:
        yield Statement.SERVICE_NAMES_OR_A_REWRITE_AVOID_CLIENT_HAIRPINS


def manual_objects(
    combination: Combination, situation: Situation, balancer: LoadBalancer
) -> tuple[ManualObject, ...]:
    """List what has to be made beside the KurrentDB resource.

    Args:
        combination: What is chosen.
        situation: Where.
        balancer: What the resource asks the operator for.
    """
    return tuple(
        ManualObject(kind, Reason(basis))
        for kind, basis in (
            *_certificate_objects(combination, situation),
            *_network_objects(combination, situation),
            *_name_objects(combination, situation, balancer),
        )
    )


_Needed = tuple[ObjectKind, Statement | Correction]


def _certificate_objects(
    combination: Combination, situation: Situation
) -> Iterator[_Needed]:
    if combination.certificates is CertificateOption.NONE:
        return
    yield ObjectKind.CERTIFICATES, Statement.CERT_MANAGER_AND_TRUST_MANAGER
    yield ObjectKind.SECRET_ACCESS, Statement.SECRETS_ONLY_FOR_ADMINISTRATORS
    if combination.certificates not in _OWN_CA:
        return
    yield ObjectKind.TRUST, Statement.CERT_MANAGER_AND_TRUST_MANAGER
    if situation.servers_elsewhere:
        yield ObjectKind.SHARED_CA, Statement.PEERING_BY_SERVICE_NAME_NEEDS_ONE_CA


def _network_objects(
    combination: Combination, situation: Situation
) -> Iterator[_Needed]:
    if situation.servers_elsewhere:
        basis = Statement.SERVERS_ELSEWHERE_NEED_A_CHOICE
        yield ObjectKind.STANDALONE_REPLICA, basis
    if combination.certificates is CertificateOption.INGRESS:
        yield ObjectKind.ENTRY, Statement.BOTH_BY_A_TERMINATING_INGRESS
    if _names_cross_clusters(combination, situation):
        basis_of_services = Correction.EXTERNAL_NAMES_CANNOT_ANSWER_FOR_NODES
        yield ObjectKind.NODE_SERVICES, basis_of_services


def _names_cross_clusters(combination: Combination, situation: Situation) -> bool:
    """Whether a service name has to answer in a cluster that is not the node's."""
    servers = (
        combination.internode is InternodeStrategy.SERVICE_NAME
        and situation.servers_elsewhere
    )
    by_service = combination.client_traffic is TrafficStrategy.SERVICE_NAME
    spread = situation.clients_elsewhere or situation.servers_elsewhere
    return servers or (by_service and spread)


def _name_objects(
    combination: Combination, situation: Situation, balancer: LoadBalancer
) -> Iterator[_Needed]:
    by_fqdn = combination.client_traffic is TrafficStrategy.FQDN
    behind_entry = combination.certificates is CertificateOption.INGRESS
    routed = balancer is LoadBalancer.NONE or situation.hairpin is Hairpin.AVOID
    if by_fqdn and situation.clients_inside and routed and not behind_entry:
        basis = (
            Statement.PEERING_MAY_REWRITE_IN_EACH_CLUSTER
            if situation.peering
            else Statement.REWRITE_IS_SPLIT_DNS_FOR_CLIENTS
        )
        yield ObjectKind.REWRITE, basis
    if behind_entry:
        yield ObjectKind.DNS_RECORDS, Statement.BOTH_BY_A_TERMINATING_INGRESS
    elif _publishes(combination, balancer):
        records = (
            Statement.PEERING_FQDNS_RESOLVE_TO_PEERING_ADDRESSES
            if situation.peering
            else Statement.CLIENTS_ABROAD_NEED_LOAD_BALANCERS
        )
        yield ObjectKind.DNS_RECORDS, records


def _publishes(combination: Combination, balancer: LoadBalancer) -> bool:
    by_fqdn = (
        combination.client_traffic is TrafficStrategy.FQDN
        or combination.internode is not InternodeStrategy.SERVICE_NAME
    )
    return by_fqdn and balancer is not LoadBalancer.NONE
