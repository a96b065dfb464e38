"""The decision over the guide's whole space, row by row and property by property."""

from __future__ import annotations

import pytest

from kurrent_conn.errors import ImpossiblePlan
from kurrent_conn.kubernetes.decision import client_strategy, decide, plans, problems_of
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import Combination, LoadBalancer, Location
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    ClientPlace,
    DnsControl,
    InternodeStrategy,
    ServerPlace,
    Situation,
)
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.situations import contradicts, situations, wishes


def _title(situation: Situation) -> str:
    words = [
        situation.servers,
        situation.clients,
        "peered" if situation.peering else "unpeered",
        f"dns-{situation.dns}",
        f"hairpin-{situation.hairpin}",
        situation.deployment,
        "ingress" if situation.ingress else "no-ingress",
    ]
    return ",".join(words)


def test_the_table_is_large() -> None:
    """The table has more than two hundred rows, each another situation."""
    assert len(set(situations())) == len(situations()) == 384


@pytest.mark.parametrize("situation", situations(), ids=_title)
def test_each_situation_has_a_plan_or_a_reason(situation: Situation) -> None:
    """Plans come ranked and with reasons; where there are none, reasons are told."""
    decision = decide(situation)
    assert len(decision.plans) + len(decision.rejected) == 4 * 3 * 2
    assert all(rejection.reasons for rejection in decision.rejected)
    weights = [plan.weight for plan in decision.plans]
    assert weights == sorted(weights)
    for plan in decision.plans:
        assert plan.reasons
        assert plan.impersonators
        assert plan.locations
    if not decision.plans:
        assert problems_of(decision)
        with pytest.raises(ImpossiblePlan):
            plans(situation)


@pytest.mark.parametrize("situation", situations(), ids=_title)
def test_impossible_is_only_who_can_name_nothing(situation: Situation) -> None:
    """Without wishes only clients outside without a domain are impossible."""
    outside_unnamed = situation.clients_outside and situation.dns is DnsControl.NONE
    assert bool(decide(situation).plans) is not outside_unnamed


@pytest.mark.parametrize("situation", situations()[::12], ids=_title)
def test_wishes_only_narrow(situation: Situation) -> None:
    """A wish changes no plan: it leaves those that have it, in the same order."""
    free = [plan.combination for plan in decide(situation).plans]
    for wished in wishes(situation):
        kept = [
            each
            for each in free
            if wished.certificates in {None, each.certificates}
            and wished.internode in {None, each.internode}
            and wished.client_traffic in {None, each.client_traffic}
        ]
        decision = decide(wished)
        assert [plan.combination for plan in decision.plans] == kept
        if not kept:
            assert problems_of(decision)


SOLUTIONS = {
    Solution.ONE_CLUSTER: ("self-signed", "ServiceName", "ServiceName", "none"),
    Solution.ANYWHERE: ("public", "SplitDNS", "FQDN", "public"),
    Solution.PEERING_SERVICE_NAME: (
        "self-signed",
        "ServiceName",
        "ServiceName",
        "internal",
    ),
    Solution.PEERING_FQDN: ("public", "SplitDNS", "FQDN", "internal"),
    Solution.INGRESS: ("ingress", "ServiceName", "FQDN", "none"),
    Solution.REMOTE_REPLICA: ("public", "SplitDNS", "FQDN", "public"),
}


@pytest.mark.parametrize("solution", Solution)
def test_common_solutions(solution: Solution) -> None:
    """Every common solution is one plan, with the guide's own settings."""
    (plan,) = plans(situation_of(solution))
    assert (
        plan.certificates,
        plan.internode,
        plan.client_traffic,
        plan.load_balancer,
    ) == SOLUTIONS[solution]


def test_the_safest_comes_first_in_one_cluster() -> None:
    """With all in one cluster nothing ranks above service names and an own CA."""
    best = plans(Situation())[0]
    assert best.combination == Combination(
        CertificateOption.SELF_SIGNED,
        InternodeStrategy.SERVICE_NAME,
        TrafficStrategy.SERVICE_NAME,
    )
    assert best.load_balancer is LoadBalancer.NONE


def test_locations_are_where_clients_run() -> None:
    """A plan promises connectivity to all locations of the situation, and no other."""
    rows = {
        ClientPlace.SAME_CLUSTER: {Location.SAME_CLUSTER},
        ClientPlace.SEVERAL_CLUSTERS: {Location.SAME_CLUSTER, Location.OTHER_CLUSTER},
        ClientPlace.OUTSIDE: {Location.OUTSIDE},
        ClientPlace.ANYWHERE: {Location.SAME_CLUSTER, Location.OUTSIDE},
    }
    for clients, expected in rows.items():
        assert set(plans(Situation(clients=clients))[0].locations) == expected
    everywhere = Situation(clients=ClientPlace.ANYWHERE, clusters=2)
    assert set(plans(everywhere)[0].locations) == set(Location)


def test_contradictions_are_named() -> None:
    """Answers that cannot be given together are refused, each by its question."""
    elsewhere = ServerPlace.REPLICA_ELSEWHERE
    assert contradicts(clusters=0) == ("clusters",)
    assert contradicts(clusters=1, servers=elsewhere) == ("servers",)
    assert contradicts(clusters=1, clients=ClientPlace.SEVERAL_CLUSTERS) == ("clients",)
    assert contradicts(clusters=1, peering=True) == ("peering",)
    assert contradicts(clusters=2, peering=True, servers=elsewhere) == ()


def test_reasons_are_those_of_the_closest_combinations() -> None:
    """An impossible wish is refused for its own fault, not for all that others lack."""
    wish = Situation(
        certificates=CertificateOption.PUBLIC, internode=InternodeStrategy.SERVICE_NAME
    )
    with pytest.raises(ImpossiblePlan) as caught:
        plans(wish)
    (problem,) = caught.value.problems
    assert "service names that servers would dial" in problem.reason
    assert "Certificate Options" in str(caught.value)


@pytest.mark.parametrize("name", ["FQDN", "fqdn", "ServiceName", "servicename"])
def test_client_strategy(name: str) -> None:
    """A client strategy is read in any case."""
    assert client_strategy(name).lower() == name.lower()


def test_no_client_strategy() -> None:
    """What is no strategy for clients is refused with the reason."""
    with pytest.raises(ImpossiblePlan, match="neither FQDN nor ServiceName"):
        client_strategy("PodIP")
