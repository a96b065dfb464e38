"""Which member is it that answers here? Gossip does not say who speaks.

What tells, the surest first:

    it leads                    a read that only a leader answers was answered here
    its certificate names it    one member alone, and not by a wildcard
    its pod's name              the first label of the name that was dialled
    its port                    one member alone advertises it
    what is left                all others are known

A fix is a proposal, so a sign is enough; an accusation needs the first two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from kurrent_conn.core.endpoint import Endpoint, normalized_host
from kurrent_conn.core.identity import covers
from kurrent_conn.diagnose.alternative import pod_of
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.sight import Contact, Reach, Role


def proven(case: Case, contact: Contact) -> Endpoint | None:
    """Say which member a contact reached, where what it showed proves it.

    Args:
        case: What is known.
        contact: Any contact.

    Returns:
        None without proof.
    """
    if contact.role.role is Role.LEADS and case.leader is not None:
        return case.leader
    return _by_certificate(case, contact)


def members_behind(case: Case) -> Mapping[Endpoint, Contact]:
    """Say by which of the ways that work each member is reached.

    Args:
        case: What is known.

    Returns:
        For members that are recognised, the contact that leads to each.
    """
    found: dict[Endpoint, Contact] = {}
    ways = _ways(case)
    for recognise in (proven, _by_pod, _by_port):
        for contact in ways:
            member = recognise(case, contact)
            taken = {c.route.connects_to for c in found.values()}
            if member is not None and contact.route.connects_to not in taken:
                found.setdefault(member, contact)
    return _with_the_last(case, found, ways)


def way_to(case: Case, member: Endpoint) -> Contact | None:
    """Give a contact to a member by another way than the usual ones, if one is known.

    Args:
        case: What is known.
        member: Its identity.

    Returns:
        The way tried under the member's own name where that works, else the one by
        which it was recognised.
    """
    recognised = members_behind(case).get(member)
    if recognised is None or recognised in case.contacts_of(member):
        return None
    place = recognised.route.connects_to
    for detour in case.detours(member):
        if detour.route.connects_to == place and detour.reach is Reach.ANSWERED:
            return detour
    return recognised


def _ways(case: Case) -> tuple[Contact, ...]:
    """Give the contacts that answered, one a place."""
    by_place: dict[Endpoint, Contact] = {}
    for contact in case.contacts:
        if contact.reach is Reach.ANSWERED:
            by_place.setdefault(contact.route.connects_to, contact)
    return tuple(by_place.values())


def _only(members: Iterable[Endpoint]) -> Endpoint | None:
    unique = tuple(dict.fromkeys(members))
    return unique[0] if len(unique) == 1 else None


def _by_certificate(case: Case, contact: Contact) -> Endpoint | None:
    leaf = contact.tls.leaf if contact.tls is not None else None
    if leaf is None:
        return None
    exact = [name for name in leaf.names.verifiable if "*" not in name]
    return _only(
        member
        for member in case.members
        if not _is_loopback(member.host)
        and any(covers(name, member.host) for name in exact)
    )


def _by_pod(case: Case, contact: Contact) -> Endpoint | None:
    # A way that the doctor tries for a member says nothing of who is there.
    usual = (contact.endpoint.host,) if case.is_usual(contact) else ()
    pods = {pod_of(host) for host in (contact.route.dial.host, *usual)}
    return _only(
        member
        for member in case.members
        if not member.is_address and pod_of(normalized_host(member.host)) in pods
    )


def _by_port(case: Case, contact: Contact) -> Endpoint | None:
    port = contact.route.dial.port
    return _only(member for member in case.members if member.port == port)


def _with_the_last(
    case: Case, found: dict[Endpoint, Contact], ways: tuple[Contact, ...]
) -> Mapping[Endpoint, Contact]:
    missing = [m for m in case.members if case.is_alive(m) and m not in found]
    taken = {contact.route.connects_to for contact in found.values()}
    left = [way for way in ways if way.route.connects_to not in taken]
    if len(missing) == 1 and len(left) == 1:
        found[missing[0]] = left[0]
    return found


def _is_loopback(host: str) -> bool:
    # Every node of a test carries these, so they tell nobody apart.
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return normalized_host(host) == "localhost"
