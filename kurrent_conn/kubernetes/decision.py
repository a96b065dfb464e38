"""The decision: from a situation to ranked plans, and to why the rest cannot work.

Every combination of the guide's three choices is considered. `objection` refuses what
cannot work, `ranking` puts the rest in order. A wish only narrows what is considered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from kurrent_conn.errors import ImpossiblePlan, Problem
from kurrent_conn.kubernetes.guide import Reason, Statement
from kurrent_conn.kubernetes.impersonation import impersonators
from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.objection import objections
from kurrent_conn.kubernetes.plan import Combination, Location, Plan, Rejection
from kurrent_conn.kubernetes.ranking import drawbacks
from kurrent_conn.kubernetes.reasoning import load_balancer, manual_objects, reasons
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    InternodeStrategy,
    Situation,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """All that was considered.

    Args:
        plans: What can work, best first; empty when nothing can.
        rejected: What cannot, with the reasons.
    """

    plans: tuple[Plan, ...]
    rejected: tuple[Rejection, ...]


def decide(situation: Situation) -> Decision:
    """Consider every combination that the wishes allow.

    Args:
        situation: What is given and what is wished.
    """
    accepted: list[Plan] = []
    rejected: list[Rejection] = []
    for combination in _considered(situation):
        found = objections(combination, situation)
        if found:
            rejected.append(Rejection(combination, found))
        else:
            accepted.append(_plan(combination, situation))
    ranked = sorted(accepted, key=lambda plan: plan.weight)
    return Decision(tuple(ranked), tuple(rejected))


def plans(situation: Situation) -> tuple[Plan, ...]:
    """Give the plans for a situation, best first; never none.

    Args:
        situation: What is given and what is wished.

    Raises:
        ImpossiblePlan: Nothing that was wished can work; with every reason.
    """
    decision = decide(situation)
    if decision.plans:
        return decision.plans
    raise ImpossiblePlan(problems_of(decision))


def problems_of(decision: Decision) -> tuple[Problem, ...]:
    """Give the reasons against the combinations that come closest to working.

    Args:
        decision: A decision without plans.

    Returns:
        Each reason once, with what it refuses.
    """
    refused: dict[str, list[Combination]] = {}
    fewest = min((len(each.reasons) for each in decision.rejected), default=0)
    closest = [each for each in decision.rejected if len(each.reasons) == fewest]
    for rejection in closest:
        for reason in rejection.reasons:
            refused.setdefault(str(reason), []).append(rejection.combination)
    return tuple(
        Problem(str(combinations[0]) if len(combinations) == 1 else "plan", reason)
        for reason, combinations in refused.items()
    )


def client_strategy(name: str) -> TrafficStrategy:
    """Read what clients are to be sent to.

    Args:
        name: A value of the resource's `clientTrafficStrategy`.

    Raises:
        ImpossiblePlan: It is SplitDNS, which is for servers only, or no strategy.
    """
    for strategy in TrafficStrategy:
        if name.lower() == strategy.lower():
            return strategy
    why = (
        str(Reason(Statement.CLIENTS_HAVE_NO_SPLIT_DNS))
        if name.lower() == InternodeStrategy.SPLIT_DNS.lower()
        else f"{name!r} is neither FQDN nor ServiceName"
    )
    raise ImpossiblePlan((Problem("client traffic", why),))


def _considered(situation: Situation) -> Iterator[Combination]:
    wished = (situation.certificates, situation.internode, situation.client_traffic)
    certificates, internode, client_traffic = wished
    for each in product(
        tuple(CertificateOption) if certificates is None else (certificates,),
        tuple(InternodeStrategy) if internode is None else (internode,),
        tuple(TrafficStrategy) if client_traffic is None else (client_traffic,),
    ):
        yield Combination(*each)


def _plan(combination: Combination, situation: Situation) -> Plan:
    balancer = load_balancer(combination, situation)
    return Plan(
        situation=situation,
        combination=combination,
        load_balancer=balancer,
        objects=manual_objects(combination, situation, balancer),
        locations=tuple(_locations(situation)),
        reasons=reasons(combination, situation),
        drawbacks=drawbacks(combination, situation, balancer),
        impersonators=impersonators(combination, situation),
    )


def _locations(situation: Situation) -> Iterator[Location]:
    if situation.clients_inside:
        yield Location.SAME_CLUSTER
    if situation.clients_elsewhere:
        yield Location.OTHER_CLUSTER
    if situation.clients_outside:
        yield Location.OUTSIDE
