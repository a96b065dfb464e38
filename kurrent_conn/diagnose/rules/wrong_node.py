"""Routes that lead to another member than they should.

A certificate that names another member proves it, and so does a read that only the
leader answers: who is said to lead and redirects is somebody else. Followers under one
wildcard certificate cannot be told apart, and are not accused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Severity, Trouble
from kurrent_conn.diagnose.identification import proven, way_to
from kurrent_conn.diagnose.sight import Contact, Role


def about_wrong_nodes(case: Case) -> Iterator[Finding]:
    """Find members whose route leads to another member.

    Args:
        case: What was seen.
    """
    astray = dict(misled(case))
    if not astray:
        return
    ways = _right_ways(case, astray)
    fixes = (fix.rules(ways),) if ways else ()
    yield Finding(
        Trouble.WRONG_NODE,
        Severity.PROBLEM,
        tuple(astray),
        "the route leads to another node than the one that is meant",
        tuple(
            f"{member} by {contact.route} is {proven(case, contact) or 'another node'}"
            for member, contact in astray.items()
        ),
        (*fixes, fix.step("correct the targets in the overrides file")),
    )


def misled(case: Case) -> Iterator[tuple[Endpoint, Contact]]:
    """Give the members whose usual route leads to somebody else, and that contact.

    Args:
        case: What was seen.
    """
    for member in case.wanted_members:
        best = case.best(member)
        if best is None or not any(r.rule for r in case.named_routes(member)):
            continue
        there = proven(case, best)
        names_another = there not in {None, member} and _has_wrong_name(best)
        leads_for_another = best.role.role is Role.LEADS and there not in {None, member}
        if names_another or leads_for_another or _should_lead(case, member, best):
            yield member, best


def _has_wrong_name(contact: Contact) -> bool:
    findings = contact.tls.findings if contact.tls is not None else ()
    return any(f.kind is FindingKind.NAME_MISMATCH for f in findings)


def _should_lead(case: Case, member: Endpoint, contact: Contact) -> bool:
    """Whether everybody says that it leads, and it says that another does."""
    follows = contact.role.role is Role.REDIRECTS
    elsewhere = any(
        c.role.role is Role.LEADS and c.route.connects_to != contact.route.connects_to
        for c in case.contacts
    )
    return member == case.leader and follows and elsewhere


def _right_ways(
    case: Case, astray: Mapping[Endpoint, Contact]
) -> Mapping[Endpoint, Contact]:
    ways = {m: way for m in astray if (way := way_to(case, m)) is not None}
    missing = [m for m in astray if m not in ways]
    taken = {way.route.connects_to for way in ways.values()}
    left = [c for c in astray.values() if c.route.connects_to not in taken]
    if len(missing) == 1 and len(left) == 1:
        # Two were swapped, and one of them is known.
        ways[missing[0]] = left[0]
    return ways
