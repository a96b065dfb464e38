"""What is worth knowing and stops nobody; and rules and strings that are odd."""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.expiry import expiring
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Severity, Trouble
from kurrent_conn.diagnose.sight import Contact, Credentials, NoConnection, Reach


def about_settings(case: Case) -> Iterator[Finding]:
    """Find what is odd about the rules and the connection string.

    Args:
        case: What was seen.
    """
    for target in case.targets:
        problem = case.overrides.explain(target).problem
        if problem is not None:
            what = "an override rule makes something of this endpoint that is no host"
            correct = fix.step("correct the rule; see kurrent-conn overrides explain")
            yield Finding(
                Trouble.ODD_RULE,
                Severity.PROBLEM,
                (target,),
                what,
                (problem,),
                (correct,),
            )
    for found in case.overrides.check():
        yield _note(Trouble.ODD_RULE, str(found))
    for warning in case.settings.warnings:
        yield _note(Trouble.STRING_WARNING, str(warning))
    unused = tuple(_unused(case)) if case.views else ()
    if unused:
        yield _note(
            Trouble.UNUSED_RULE,
            "override rules match no seed and no member",
            evidence=unused,
        )
    if case.is_cut_short:
        yield Finding(
            Trouble.UNFINISHED,
            Severity.WARNING,
            (),
            "time ran out before every question was answered",
            (),
            (fix.step("ask again with a longer --timeout"),),
        )


def notes(case: Case) -> Iterator[Finding]:
    """Note what may matter one day.

    Args:
        case: What was seen.
    """
    yield from _about_addresses(case)
    yield from _about_dns(case)
    yield from _about_dates(case)
    yield from _about_usages(case)
    yield from _about_safety(case)


def _unused(case: Case) -> Iterator[str]:
    used = {
        step.number
        for target in case.targets
        for way in case.overrides.explain(target).ways
        for step in way
    }
    for number, rule in enumerate(case.overrides.rules, 1):
        if number not in used:
            yield f"rule {number}: {rule}"


def _about_addresses(case: Case) -> Iterator[Finding]:
    for target in case.wanted:
        failed = [c for c in case.contacts_of(target) if c.reach is not Reach.ANSWERED]
        # An address of the other family that nobody listens on is usual.
        telling = [c for c in failed if c.no_connection is not NoConnection.REFUSED]
        if case.works(target) and telling:
            yield _note(
                Trouble.DEAD_ADDRESS,
                "one of several ways to this endpoint does not work",
                target,
                evidence=tuple(f"{c.route}: {_cause(c)}" for c in telling),
            )


def _cause(contact: Contact) -> str:
    if contact.tls is not None and contact.tls.findings:
        return str(contact.tls.findings[0].kind)
    return contact.cause or "no answer"


def _about_dns(case: Case) -> Iterator[Finding]:
    for host, known in case.lookups.items():
        if known.differs:
            yield _note(
                Trouble.DNS_DIFFERS,
                f"the system and DNS give {host} different addresses; what the system "
                "gives is dialled",
                evidence=(
                    f"system: {', '.join(known.system)}",
                    f"DNS: {', '.join(known.dns or ())}",
                ),
            )


def _about_dates(case: Case) -> Iterator[Finding]:
    for contact in _sound(case):
        for each in contact.tls.certificates if contact.tls is not None else ():
            found = expiring(each, case.at)
            if found is not None:
                yield _note(
                    Trouble.EXPIRES_SOON,
                    "a certificate ends soon and was not renewed when it should "
                    "have been",
                    contact.endpoint,
                    evidence=(str(found),),
                )


def _about_usages(case: Case) -> Iterator[Finding]:
    for contact in _sound(case):
        leaf = contact.tls.leaf if contact.tls is not None else None
        usages = leaf.extended_usages if leaf is not None else None
        if usages is not None and "clientAuth" not in usages:
            yield Finding(
                Trouble.NO_CLIENT_USAGE,
                Severity.NOTE,
                (contact.endpoint,),
                "the certificate is not for clientAuth, which public CAs no longer "
                "issue; nodes that present it to each other refuse it by default",
                (),
                (
                    fix.configuration(
                        "DisableClientAuthEkuValidation",
                        "true",
                        "needed where the nodes themselves have this certificate; "
                        "server 24.10.13, 26.0.2, 26.1 and newer",
                    ),
                ),
            )


def _about_safety(case: Case) -> Iterator[Finding]:
    if case.settings.tls and not case.settings.tls_verify_cert:
        yield _note(
            Trouble.UNVERIFIED,
            "tlsVerifyCert=false: whoever answers first is believed, and gets the "
            "password",
        )
    usual = (c for c in case.contacts if case.is_usual(c))
    if any(c.credentials is Credentials.WITHHELD for c in usual):
        yield _note(
            Trouble.CREDENTIALS_WITHHELD,
            "user and password are not sent without TLS; allow_plaintext_credentials "
            "sends them",
        )


def _sound(case: Case) -> Iterator[Contact]:
    for target in case.wanted:
        best = case.best(target)
        if best is not None and best.tls is not None and best.tls.is_sound:
            yield best


def _note(
    trouble: Trouble,
    what: str,
    *subjects: Endpoint,
    evidence: tuple[str, ...] = (),
) -> Finding:
    return Finding(trouble, Severity.NOTE, subjects, what, evidence)
