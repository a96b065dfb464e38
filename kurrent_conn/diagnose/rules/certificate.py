"""What the handshakes of those that connect show: certificates, and no TLS at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.core.endpoint import Endpoint, normalized_host
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Fix, Severity, Trouble
from kurrent_conn.diagnose.rules.wrong_node import misled
from kurrent_conn.diagnose.sight import Contact, Reach

_TROUBLES: Final = {
    FindingKind.UNTRUSTED: Trouble.UNTRUSTED,
    FindingKind.EXPIRED: Trouble.EXPIRED,
    FindingKind.NOT_YET_VALID: Trouble.NOT_YET_VALID,
    FindingKind.NAME_MISMATCH: Trouble.WRONG_SAN,
    FindingKind.MISSING_INTERMEDIATE: Trouble.MISSING_INTERMEDIATE,
    FindingKind.WRONG_USAGE: Trouble.WRONG_USAGE,
    FindingKind.PLAINTEXT: Trouble.PLAINTEXT,
    FindingKind.NOT_TLS: Trouble.NOT_TLS,
    FindingKind.CLIENT_CERTIFICATE_REJECTED: Trouble.CLIENT_CERTIFICATE,
    FindingKind.NO_ALPN_H2: Trouble.NO_HTTP2,
    FindingKind.UNSUPPORTED_KEY: Trouble.UNSUPPORTED_KEY,
}

_SENTENCES: Final = {
    Trouble.UNTRUSTED: "the certificate comes from a CA that is not trusted here",
    Trouble.OTHER_CA: (
        "the certificate comes from another CA than those of the other nodes, which "
        "are trusted"
    ),
    Trouble.EXPIRED: "a certificate has ended",
    Trouble.NOT_YET_VALID: (
        "a certificate is not valid yet by the clock of this machine"
    ),
    Trouble.WRONG_SAN: (
        "the certificate does not carry the name that is verified: the advertised one"
    ),
    Trouble.WILDCARD_DEPTH: (
        "the certificate's wildcard is one label deep, and the advertised name is "
        "deeper"
    ),
    Trouble.MISSING_INTERMEDIATE: (
        "the server does not send the intermediate certificate between its own and "
        "the root"
    ),
    Trouble.WRONG_USAGE: "the certificate is issued for another use",
    Trouble.PLAINTEXT: "the port speaks without TLS, and the client wants TLS",
    Trouble.NOT_TLS: "the port speaks something else than TLS",
    Trouble.CLIENT_CERTIFICATE: "the server does not take our client certificate",
    Trouble.NO_HTTP2: "the server does not agree on HTTP/2, which gRPC needs",
    Trouble.UNSUPPORTED_KEY: "the certificate's key is of a kind that gRPC cannot use",
}


def about_certificates(case: Case) -> Iterator[Finding]:
    """Find what is wrong with the TLS of everybody who connects.

    Args:
        case: What was seen.
    """
    elsewhere = {member for member, _ in misled(case)}
    for target in case.wanted:
        best = case.best(target)
        if best is None or best.reach is not Reach.CONNECTED or target in elsewhere:
            continue
        for found in best.tls.findings if best.tls is not None else ():
            yield _finding(case, best, found)


def _finding(case: Case, contact: Contact, found: TlsFinding) -> Finding:
    trouble = _trouble(case, contact, found)
    return Finding(
        trouble,
        Severity.PROBLEM,
        (contact.endpoint,),
        _SENTENCES[trouble],
        (str(found),),
        _fixes(case, trouble, found),
    )


def _trouble(case: Case, contact: Contact, found: TlsFinding) -> Trouble:
    if found.kind is FindingKind.UNTRUSTED and _others_are_sound(case, contact):
        return Trouble.OTHER_CA
    if found.kind is FindingKind.NAME_MISMATCH and _is_too_deep(found):
        return Trouble.WILDCARD_DEPTH
    return _TROUBLES[found.kind]


def _others_are_sound(case: Case, contact: Contact) -> bool:
    return any(
        other.tls is not None and other.tls.is_sound
        for other in case.contacts
        if other.endpoint != contact.endpoint and case.is_usual(other)
    )


def _is_too_deep(found: TlsFinding) -> bool:
    host = normalized_host(found.expected_name)
    return any(
        name.startswith("*.") and host.endswith(normalized_host(name)[1:])
        for name in found.presented_names
    )


def _fixes(case: Case, trouble: Trouble, found: TlsFinding) -> tuple[Fix, ...]:
    match trouble:
        case Trouble.WRONG_SAN:
            return (_with_name(found.expected_name),)
        case Trouble.WILDCARD_DEPTH:
            _, _, parent = found.expected_name.partition(".")
            return (fix.certificate_names((f"*.{parent}",)),)
        case Trouble.PLAINTEXT:
            return (
                fix.changed(case.settings, tls=False),
                fix.step("or switch TLS on at the node: spec.security in the resource"),
            )
        case Trouble.CLIENT_CERTIFICATE:
            return (
                fix.step("issue the client certificate from a CA the servers trust"),
                fix.changed(case.settings, user_cert_file=None, user_key_file=None),
            )
        case Trouble.OTHER_CA:
            return (
                fix.step(
                    "issue this node's certificate from the CA of the others, or put "
                    f"`{found.issuer}` into {case.trust}"
                ),
            )
        case _:
            return (fix.step(_plain(found)),)


def _with_name(name: str) -> Fix:
    if Endpoint(name).is_address:
        return fix.certificate_names((), (name,))
    return fix.certificate_names((name,))


def _plain(found: TlsFinding) -> str:
    return found.hint or "see what the server presents: kurrent-conn tls inspect"
