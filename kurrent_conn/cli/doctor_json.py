"""A diagnosis as one JSON object: everything that was seen, and no secret."""

from __future__ import annotations

from kurrent_conn.cli.output import Json
from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.diagnose import Diagnosis, Finding, Fix
from kurrent_conn.diagnose.case import Case, View
from kurrent_conn.diagnose.sight import CallSight, Contact, Lookup, TlsSight


def as_json(diagnosis: Diagnosis) -> Json:
    """Write a diagnosis as JSON.

    Args:
        diagnosis: What the doctor says.
    """
    case = diagnosis.case
    return {
        "healthy": diagnosis.is_healthy,
        "usable": diagnosis.is_usable,
        "verdict": diagnosis.verdict,
        "strategy": diagnosis.strategy.value,
        "vantage": case.vantage.value,
        "connection_string": case.settings.redacted(),
        "trust": case.trust,
        "examined_at": case.at.isoformat(),
        "took_s": round(diagnosis.took_s, 6),
        "is_cut_short": case.is_cut_short,
        "leader": _optional(case.leader),
        "findings": [_finding(each) for each in diagnosis.findings],
        "names": [_lookup(each) for each in case.lookups.values()],
        "endpoints": [_endpoint(case, each) for each in case.targets],
        "contacts": [_contact(case, each) for each in case.contacts],
        "gossip": [_view(each) for each in case.views],
    }


def _finding(found: Finding) -> Json:
    return {
        "kind": found.trouble.value,
        "severity": found.severity.value,
        "counts": found.counts,
        "accepted": found.is_accepted,
        "endpoints": [str(each) for each in found.subjects],
        "what": found.what,
        "evidence": list(found.evidence),
        "fixes": [_fix(each) for each in found.fixes],
    }


def _fix(fix: Fix) -> Json:
    return {"kind": fix.kind.value, "text": fix.text, "about": fix.about}


def _lookup(lookup: Lookup) -> Json:
    return {
        "host": lookup.host,
        "system": list(lookup.system),
        "dns": None if lookup.dns is None else list(lookup.dns),
        "differs": lookup.differs,
        "failure": lookup.failure,
    }


def _endpoint(case: Case, target: Endpoint) -> Json:
    said = case.said_of(target)
    return {
        "endpoint": str(target),
        "is_seed": target in case.seeds,
        "is_member": target in case.members,
        "is_alive": case.is_alive(target) if said else None,
        "works": case.works(target),
        "routes": [_route(each) for each in case.named_routes(target)],
    }


def _route(route: Route) -> Json:
    return {
        "dial": str(route.dial),
        "address": route.address,
        "server_name": route.server_name,
        "rule": route.rule,
    }


def _contact(case: Case, contact: Contact) -> Json:
    gossip = contact.gossip
    return {
        "endpoint": str(contact.endpoint),
        "route": _route(contact.route),
        "is_usual": case.is_usual(contact),
        "reach": contact.reach.name.lower(),
        "connected_s": contact.connected_s,
        "no_connection": contact.no_connection,
        "cause": contact.cause,
        "tls": None if contact.tls is None else _tls(contact.tls),
        "speaks_tls": contact.speaks_tls,
        "version": "" if contact.features is None else contact.features.text,
        "first_call": _call(contact.features),
        "gossip_call": _call(gossip.call if gossip is not None else None),
        "gossip_with_credentials": gossip is not None and gossip.with_credentials,
        "credentials": contact.credentials.value,
        "role": contact.role.role.value,
        "redirects_to": None
        if contact.role.leader is None
        else str(contact.role.leader),
    }


def _tls(sight: TlsSight) -> Json:
    leaf = sight.leaf
    return {
        "end": sight.end.value,
        "protocol": sight.protocol,
        "findings": [_tls_finding(each) for each in sight.findings],
        "certificate": None
        if leaf is None
        else {
            "subject": leaf.subject,
            "issuer": leaf.issuer,
            "names": list(leaf.names.verifiable),
            "not_after": leaf.not_after.isoformat(),
        },
    }


def _optional(endpoint: Endpoint | None) -> Json:
    return None if endpoint is None else str(endpoint)


def _tls_finding(found: TlsFinding) -> Json:
    return {"kind": found.kind.value, "hint": found.hint, "text": str(found)}


def _call(call: CallSight | None) -> Json:
    if call is None:
        return None
    failure = call.failure
    return {
        "took_s": round(call.took_s, 6),
        "code": "OK" if failure is None else failure.code,
        "details": "" if failure is None else failure.details,
    }


def _view(view: View) -> Json:
    return {
        "told_by": str(view.told_by),
        "leaders": [str(each) for each in view.leaders],
        "members": [_member(each) for each in view.members],
    }


def _member(member: Member) -> Json:
    return {
        "advertised": str(member.advertised),
        "state": member.state_name,
        "is_alive": member.is_alive,
    }
