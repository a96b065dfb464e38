"""Advertised endpoints that lead to nobody, whatever the network is like."""

from __future__ import annotations

from ipaddress import ip_address

from kurrent_conn.core.endpoint import Endpoint, normalized_host
from kurrent_conn.diagnose.case import Case


def leads_nowhere(case: Case, member: Endpoint) -> bool:
    """Whether a member advertises no address, or one that means the client itself.

    Args:
        case: What was seen.
        member: Its identity.

    Returns:
        False for a loopback address where the cluster itself is on loopback.

    Source: server issue 2840: a node without advertise settings may name 0.0.0.0.
    """
    if any(route.rule for route in case.named_routes(member)):
        return False
    host = normalized_host(member.host)
    if host == "localhost":
        return not _is_here(case)
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_unspecified or (address.is_loopback and not _is_here(case))


def _is_here(case: Case) -> bool:
    """Whether a seed that answers is on this machine."""
    return any(
        ip_address(c.route.connects_to.host.partition("%")[0]).is_loopback
        for c in case.contacts
        if c.endpoint in case.seeds and c.members
    )
