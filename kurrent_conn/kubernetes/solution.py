"""The guide's common solutions, each as the situation that it is written for."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    ClientPlace,
    InternodeStrategy,
    ServerPlace,
    Situation,
)


class Solution(StrEnum):
    """The names of the common solutions."""

    ONE_CLUSTER = "one-cluster"
    ANYWHERE = "anywhere"
    PEERING_SERVICE_NAME = "peering-service-name"
    PEERING_FQDN = "peering-fqdn"
    INGRESS = "ingress"
    REMOTE_REPLICA = "remote-replica"


def situation_of(solution: Solution) -> Situation:
    """Give the situation that a common solution is for, with its choices as wishes.

    Args:
        solution: Which one.

    Source: operator documentation, "Advanced Networking", Common Solutions;
    `ingress` is the second choice of its security section, `remote-replica` the
    standalone read-only replica of "Database Deployment".
    """
    match solution:
        case Solution.ONE_CLUSTER:
            return _by_service_names(Situation())
        case Solution.ANYWHERE:
            return _by_fqdns(Situation(clients=ClientPlace.ANYWHERE))
        case Solution.PEERING_SERVICE_NAME:
            return _by_service_names(_peered())
        case Solution.PEERING_FQDN:
            return _by_fqdns(_peered())
        case Solution.INGRESS:
            return Situation(
                clients=ClientPlace.ANYWHERE,
                certificates=CertificateOption.INGRESS,
                internode=InternodeStrategy.SERVICE_NAME,
                client_traffic=TrafficStrategy.FQDN,
            )
        case Solution.REMOTE_REPLICA:
            return _by_fqdns(
                Situation(
                    servers=ServerPlace.REPLICA_ELSEWHERE,
                    clients=ClientPlace.SEVERAL_CLUSTERS,
                )
            )
        case _:
            assert_never(solution)


def _peered() -> Situation:
    return Situation(
        servers=ServerPlace.REPLICA_ELSEWHERE,
        clients=ClientPlace.SEVERAL_CLUSTERS,
        peering=True,
    )


def _by_service_names(situation: Situation) -> Situation:
    return replace(
        situation,
        certificates=CertificateOption.SELF_SIGNED,
        internode=InternodeStrategy.SERVICE_NAME,
        client_traffic=TrafficStrategy.SERVICE_NAME,
    )


def _by_fqdns(situation: Situation) -> Situation:
    return replace(
        situation,
        certificates=CertificateOption.PUBLIC,
        internode=InternodeStrategy.SPLIT_DNS,
        client_traffic=TrafficStrategy.FQDN,
    )
