"""Which of the operator's traffic strategies a cluster follows, by what it advertises.

Source: operator documentation, "Advanced Networking"; Service names end in
`NAMESPACE.svc.DOMAIN`, an FQDN is whatever the template makes of the domain.
"""

from __future__ import annotations

from enum import StrEnum

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose.alternative import ENTRY_PORT, is_service_name
from kurrent_conn.diagnose.case import Case


class Strategy(StrEnum):
    """What clients are sent to."""

    SERVICE_NAME = "ServiceName"
    FQDN = "FQDN"
    ENTRY = "FQDN behind an Ingress"
    ADDRESS = "addresses"
    MIXED = "mixed"
    UNKNOWN = "unknown"


def strategy_of(case: Case) -> Strategy:
    """Recognise the strategy.

    Args:
        case: What was seen.

    Returns:
        `UNKNOWN` when nobody said who the members are, `MIXED` when they differ.
    """
    members = tuple(m for m in case.members if case.is_alive(m))
    kinds = {_kind(member) for member in members}
    if len(kinds) != 1:
        return Strategy.MIXED if kinds else Strategy.UNKNOWN
    (kind,) = kinds
    if kind is Strategy.FQDN and _is_entry(case, members):
        return Strategy.ENTRY
    return kind


def _kind(member: Endpoint) -> Strategy:
    if member.is_address:
        return Strategy.ADDRESS
    return Strategy.SERVICE_NAME if is_service_name(member.host) else Strategy.FQDN


def _is_entry(case: Case, members: tuple[Endpoint, ...]) -> bool:
    """Whether members share a port for HTTPS, or one place for several names."""
    if all(member.port == ENTRY_PORT for member in members):
        return True
    places = [best.route.connects_to for m in members if (best := case.best(m))]
    return len(places) > 1 and len(set(places)) < len(places)
