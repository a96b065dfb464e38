"""Nodes that connect, and then do not answer, or not what they should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.core.failure import PROXY, Verdict
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Fix, Severity, Trouble
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    Reach,
    TlsEnd,
)

_LOGIN: Final = "kurrentdb://USER:PASSWORD@…"


def about_answers(case: Case) -> Iterator[Finding]:
    """Find nodes that are silent, hang up, refuse or speak for somebody else.

    Args:
        case: What was seen.
    """
    for target in case.targets:
        best = case.best(target)
        if best is None or best.reach is Reach.NOTHING:
            continue
        if best.reach is Reach.ANSWERED:
            if not case.is_doubted(target):
                yield from _about_gossip(case, best)
                yield from _about_credentials(case, best)
        elif best.tls is None or not best.tls.findings:
            yield from _about_silence(case, best)


def _about_silence(case: Case, contact: Contact) -> Iterator[Finding]:
    if is_silent(contact):
        yield _found(
            contact,
            Trouble.SILENT,
            "the node takes connections and answers nothing: its process is stopped, "
            "starved or starting",
            "no answer within the time of this examination",
            fix.step(
                "look at the node's process and at its disk; restart it when it stays "
                "so: the cluster elects another leader without it"
            ),
        )
    elif case.is_doubted(contact.endpoint):
        return
    elif contact.speaks_tls:
        yield _found(
            contact,
            Trouble.TLS_EXPECTED,
            "the port speaks TLS, and the connection string says tls=false",
            "a TLS handshake is answered",
            fix.changed(case.settings, tls=True),
        )
    else:
        yield _about_breaking(contact)


def is_silent(contact: Contact) -> bool:
    """Whether a node takes connections and answers nothing on them.

    Args:
        contact: One that connected.
    """
    if contact.tls is not None and contact.tls.end is TlsEnd.SILENT:
        return True
    features = contact.features
    return features is not None and features.verdict is Verdict.LATE


def _about_breaking(contact: Contact) -> Finding:
    failure = contact.features.failure if contact.features is not None else None
    details = failure.details if failure is not None else ""
    if details.startswith(PROXY):
        return _found(
            contact,
            Trouble.PROXY_ERROR,
            "a proxy answers in the node's place, with an error of HTTP",
            details,
            fix.step(
                "let the Ingress or Gateway speak HTTP/2 with TLS to the node of this "
                "very host (backend-protocol: GRPCS), and see that the node is up"
            ),
        )
    return _found(
        contact,
        Trouble.HANGS_UP,
        "the port takes connections and ends them: no gRPC server is behind it",
        details or "the connection was closed during the handshake",
        fix.step("see what listens there; a load balancer without a target does this"),
    )


def _about_gossip(case: Case, contact: Contact) -> Iterator[Finding]:
    gossip = contact.gossip
    if gossip is None or gossip.members:
        return
    if gossip.is_denied and contact.credentials is not Credentials.REFUSED:
        yield _found(
            contact,
            Trouble.GOSSIP_DENIED,
            "the node tells nobody without rights who the members are",
            _words(gossip.call),
            *_for_gossip(case),
        )
    elif gossip.call.verdict is Verdict.LATE or gossip.call.failure is None:
        yield _found(
            contact,
            Trouble.NOT_READY,
            "the node serves calls and does not say who the members are: it is "
            "starting, and has not joined the others yet",
            _words(gossip.call),
            fix.step("wait, and look at the node's log when it stays so"),
        )
    elif gossip.call.failure.code == "UNIMPLEMENTED":
        yield _found(
            contact,
            Trouble.NOT_KURRENTDB,
            "a gRPC server answers that is no KurrentDB node",
            _words(gossip.call),
            fix.step("correct the host or the port"),
        )


def _for_gossip(case: Case) -> tuple[Fix, ...]:
    fixes = [
        fix.configuration(
            "OverrideAnonymousEndpointAccessForGossip",
            "true",
            "lets everybody read who the members are, as is usual",
        )
    ]
    if case.settings.username is None:
        fixes.insert(0, fix.step(f"give a user and a password: {_LOGIN}"))
    return tuple(fixes)


def _about_credentials(case: Case, contact: Contact) -> Iterator[Finding]:
    if contact.credentials is Credentials.REFUSED:
        yield _found(
            contact,
            Trouble.WRONG_CREDENTIALS,
            "the user or the password is wrong",
            f"{contact.endpoint} refuses the user {case.settings.username!r}",
            fix.step(
                "correct them in the connection string; %40 is an @ in a password, and "
                "every other letter outside of A-Z, a-z, 0-9 can be written so"
            ),
        )


def _words(call: CallSight) -> str:
    failure = call.failure
    if failure is None:
        return "the answer lists nobody"
    return f"{failure.code}: {failure.details}" if failure.details else failure.code


def _found(
    contact: Contact, trouble: Trouble, what: str, evidence: str, *fixes: Fix
) -> Finding:
    return Finding(
        trouble,
        Severity.PROBLEM,
        (contact.endpoint,),
        what,
        (f"{contact.endpoint} ({contact.route.connects_to}): {evidence}",),
        fixes,
    )
