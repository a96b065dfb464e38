"""One contact as steps in a row, each with its outcome: what tables and maps show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    Reach,
    Role,
    TlsSight,
)


class Outcome(StrEnum):
    """How a step went."""

    FINE = "fine"
    BROKEN = "broken"
    SKIPPED = "not asked"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a contact.

    Args:
        name: What was tried.
        outcome: How it went.
        words: What came of it, in a few words.
        took_s: How long it took, in seconds; None where that says nothing.
    """

    name: str
    outcome: Outcome
    words: str
    took_s: float | None = None


def steps_of(contact: Contact, leader: Endpoint | None = None) -> tuple[Step, ...]:
    """Give the steps of a contact, in their order: TCP to credentials.

    Args:
        contact: A route, tried to its end.
        leader: Who leads by everybody's word; a redirect to it is not spelled out.
    """
    return (
        _tcp(contact),
        _tls(contact),
        _call("gRPC", contact.features, contact.reach is Reach.ANSWERED),
        _gossip(contact),
        _role(contact, leader),
        _credentials(contact),
    )


def _tcp(contact: Contact) -> Step:
    if contact.connected_s is None:
        words = str(contact.no_connection or "failed")
        return Step("TCP", Outcome.BROKEN, words)
    return Step("TCP", Outcome.FINE, "connects", contact.connected_s)


def _tls(contact: Contact) -> Step:
    if contact.tls is None:
        words = "none" if contact.connected_s is not None else ""
        return Step("TLS", Outcome.SKIPPED, words)
    if contact.tls.is_sound:
        return Step("TLS", Outcome.FINE, "verified")
    return Step("TLS", Outcome.BROKEN, _tls_trouble(contact.tls))


def _tls_trouble(sight: TlsSight) -> str:
    kinds = (found.kind.replace("_", " ") for found in sight.findings)
    return ", ".join(kinds) or str(sight.end)


def _call(name: str, call: CallSight | None, is_fine: bool) -> Step:
    if call is None:
        return Step(name, Outcome.SKIPPED, "")
    if is_fine:
        return Step(name, Outcome.FINE, call.text or "answers", call.took_s)
    code = call.failure.code if call.failure is not None else "failed"
    return Step(name, Outcome.BROKEN, code, call.took_s)


def _gossip(contact: Contact) -> Step:
    gossip = contact.gossip
    if gossip is None:
        return Step("gossip", Outcome.SKIPPED, "")
    if gossip.members:
        count = len(gossip.members)
        words = "1 member" if count == 1 else f"{count} members"
        return Step("gossip", Outcome.FINE, words, gossip.call.took_s)
    if gossip.is_denied:
        return Step("gossip", Outcome.BROKEN, "denied", gossip.call.took_s)
    return _call("gossip", gossip.call, is_fine=False)


def _role(contact: Contact, leader: Endpoint | None) -> Step:
    role = contact.role
    match role.role:
        case Role.LEADS:
            return Step("role", Outcome.FINE, "leads")
        case Role.REDIRECTS:
            if role.leader in {None, leader}:
                return Step("role", Outcome.FINE, "follows")
            return Step("role", Outcome.FINE, f"redirects to {role.leader}")
        case Role.NOT_READY:
            return Step("role", Outcome.BROKEN, "not ready")
        case Role.DENIED | Role.UNKNOWN:
            words = "" if contact.features is None else str(role.role)
            return Step("role", Outcome.SKIPPED, words)


def _credentials(contact: Contact) -> Step:
    if contact.features is None:
        return Step("user", Outcome.SKIPPED, "")
    words = str(contact.credentials)
    match contact.credentials:
        case Credentials.ACCEPTED:
            return Step("user", Outcome.FINE, words)
        case Credentials.REFUSED:
            return Step("user", Outcome.BROKEN, words)
        case _:
            return Step("user", Outcome.SKIPPED, words)
