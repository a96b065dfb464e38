"""What is wrong with what a server presented: facts in, findings out.

No socket, no clock: `shells.tls_probe` looks, this judges. The order of the rules is
the order of the findings.

    rule                                                    finding
    the server's key is of a kind gRPC has no algorithm for unsupported_key
    no way from the leaf to a root                          untrusted, or
                                                            missing_intermediate
    a way, over a certificate that may not be used so       wrong_usage
    a way, over a certificate outside its dates             expired, not_yet_valid
    the leaf does not carry the name                        name_mismatch
    no HTTP/2 agreed                                        no_alpn_h2

Nobody is accused of what gRPC accepts. Two judges see to that: the paths of `chain`,
and a handshake by OpenSSL against the same roots, whose word is in `Presented`. Where
OpenSSL accepts, trust and rights are not questioned; where only OpenSSL refuses, its
reason is given as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.identity import mismatch
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.wire import chain
from kurrent_conn.wire.certificate import read_all
from kurrent_conn.wire.chain import Path

LEAF_KEYS: Final = ("RSA-", "P-256", "P-384")
"""Public keys that a server may have.

Source: run on grpcio 1.85.1 (BoringSSL's default signature algorithms): a server with
P-521, Ed25519, Ed448 or secp256k1 gets no common algorithm. Of these P-521 passes with
a server that has no TLS 1.3, on 1.85.1 and not on 1.80.0: what depends on that is told.
"""

CA_KEYS: Final = ("RSA-", "P-224", "secp224r1", "P-256", "P-384", "P-521", "Ed25519")
"""Public keys whose signatures under certificates gRPC can check.

Source: run on grpcio 1.85.1: Ed448 and secp256k1 end in "unable to decode issuer
public key".
"""

_INTERMEDIATE_WORDS: Final = ("intermediate", "issuing", "subordinate", "sub ca")

# OpenSSL's X509_V_ERR_ codes that speak of rights: invalid purpose, no right to sign
# certificates, invalid CA, path length exceeded. Source: x509_vfy.h of OpenSSL 3.
_USAGE_CODES: Final = (25, 26, 32, 79)
# And those that say that an issuer was not found: at once, later, behind the leaf.
_LOST_CODES: Final = (2, 20, 21)


@dataclass(frozen=True, slots=True)
class OpensslVerdict:
    """What OpenSSL says of a chain, with the dates left out.

    Args:
        code: X509_V_ERR_ number; 0 when it accepts.
        message: Its words for the number.
    """

    code: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a server showed in a handshake that verified nothing.

    Args:
        chain: Certificates as DER, as sent: the leaf first.
        protocol: The application protocol that was agreed on; None for none.
        openssl: OpenSSL's verdict on the chain; None when it was not asked.
    """

    chain: tuple[bytes, ...]
    protocol: str | None = "h2"
    openssl: OpensslVerdict | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a server has to show.

    Args:
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it is reached; its `server_name` is what is verified.
        roots: The trusted certificates as DER.
        trust: Which trust that is, for people.
    """

    endpoint: Endpoint
    route: Route
    roots: tuple[bytes, ...] = ()
    trust: str = ""

    def finding(
        self,
        kind: FindingKind,
        hint: str,
        leaf: CertificateFacts | None = None,
        culprit: CertificateFacts | None = None,
    ) -> TlsFinding:
        """Make a finding.

        Args:
            kind: What is wrong.
            hint: What to check or change next.
            leaf: What the server presented; None when no certificate was seen.
            culprit: Whose issuer and dates count; None for the leaf's.
        """
        culprit = culprit or leaf
        return TlsFinding(
            kind=kind,
            endpoint=self.endpoint,
            route=self.route,
            expected_name=self.route.server_name,
            presented_names=leaf.names.verifiable if leaf else (),
            issuer=culprit.issuer if culprit else "",
            not_before=culprit.not_before if culprit else None,
            not_after=culprit.not_after if culprit else None,
            trust=self.trust,
            hint=hint,
        )


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: FindingKind
    culprit: CertificateFacts
    hint: str


def judge(
    presented: Presented, expected: Expected, at: datetime
) -> tuple[TlsFinding, ...]:
    """Judge what a server presented.

    Args:
        presented: What was seen.
        expected: What it should have been.
        at: The instant for which dates are judged, UTC.

    Returns:
        Every finding, the gravest first; empty for a chain that gRPC accepts.
    """
    certificates = read_all(presented.chain)
    if not certificates:
        return ()
    leaf = certificates[0]
    path = verified_path(certificates, expected.roots, at)
    faults = [
        *_key_faults(path),
        *_trust_faults(presented, certificates, path, expected.roots),
        *_handshake_usage_faults(leaf),
        *_date_faults(path, at),
    ]
    findings = [_finding(fault, leaf, expected) for fault in faults]
    wrong_name = mismatch(leaf.names, expected.route.server_name)
    if wrong_name is not None:
        fault = _Fault(FindingKind.NAME_MISMATCH, leaf, wrong_name.hint)
        findings.append(_finding(fault, leaf, expected))
    if presented.protocol != "h2":
        findings.append(_no_http2(presented.protocol, leaf, expected))
    return tuple(findings)


def verified_path(
    presented: tuple[CertificateFacts, ...], roots: tuple[bytes, ...], at: datetime
) -> Path:
    """Choose the way from the leaf to a root that has the least against it.

    Args:
        presented: What the server sent, the leaf first.
        roots: The trusted certificates as DER.
        at: The instant for which dates are judged, UTC.

    Returns:
        A way to a root where there is one, else the longest way to nowhere.
    """

    def against(path: Path) -> tuple[bool, int, int]:
        faults = (*_key_faults(path), *_usage_faults(path), *_date_faults(path, at))
        return (not path.is_anchored, len(faults), -len(path.certificates))

    return min(chain.paths(presented, roots), key=against)


def _finding(fault: _Fault, leaf: CertificateFacts, expected: Expected) -> TlsFinding:
    return expected.finding(fault.kind, fault.hint, leaf, fault.culprit)


def _key_faults(path: Path) -> Iterator[_Fault]:
    leaf, *above = path.certificates if path.anchor_at else path.certificates[:1]
    if not leaf.key_type.startswith(LEAF_KEYS):
        yield _Fault(
            FindingKind.UNSUPPORTED_KEY,
            leaf,
            f"the server's key is {leaf.key_type}, for which gRPC has no algorithm; "
            "issue the certificate for an RSA, P-256 or P-384 key",
        )
    for each in above:
        if not each.key_type.startswith(CA_KEYS):
            yield _Fault(
                FindingKind.UNSUPPORTED_KEY,
                each,
                f"the key of the CA `{each}` is {each.key_type}, whose signatures gRPC "
                "cannot check; use a CA with an RSA or P-256 key",
            )


def _trust_faults(
    presented: Presented,
    certificates: tuple[CertificateFacts, ...],
    path: Path,
    roots: tuple[bytes, ...],
) -> Iterator[_Fault]:
    verdict = presented.openssl
    if verdict is not None and verdict.code == 0:
        return
    if not path.is_anchored:
        yield _lost_way(certificates, path, roots)
        return
    faults = tuple(_usage_faults(path))
    yield from faults
    # A leaf that is itself trusted may be used for anything in gRPC; OpenSSL objects.
    if verdict is not None and not faults and path.anchor_at:
        yield _by_openssl_alone(verdict, path)


def _by_openssl_alone(verdict: OpensslVerdict, path: Path) -> _Fault:
    leaf = path.certificates[0]
    if verdict.code in _LOST_CODES:
        return _Fault(
            FindingKind.UNTRUSTED,
            leaf,
            f"a way to the root `{path.top}` exists, but another certificate that was "
            "sent leads astray first; let the server send the certificates of one way "
            "only, in order",
        )
    usage = verdict.code in _USAGE_CODES
    kind = FindingKind.WRONG_USAGE if usage else FindingKind.UNTRUSTED
    return _Fault(kind, leaf, f"OpenSSL says: {verdict.message or verdict.code}")


def _lost_way(
    certificates: tuple[CertificateFacts, ...], path: Path, roots: tuple[bytes, ...]
) -> _Fault:
    top = path.top
    if chain.is_signed_by(top, top):
        return _Fault(FindingKind.UNTRUSTED, top, _about_self_signed(path))
    if chain.namesakes(top, roots):
        return _Fault(
            FindingKind.UNTRUSTED,
            top,
            f"a root with the name `{top.issuer}` is trusted, but it did not sign "
            f"`{top}`: another CA of that name, or a new key; take the new root in",
        )
    if _lacks_intermediate(certificates, top, roots):
        source = (
            f" (it is published at {top.issuer_urls[0]})" if top.issuer_urls else ""
        )
        return _Fault(
            FindingKind.MISSING_INTERMEDIATE,
            top,
            f"the server does not send the certificate of `{top.issuer}`{source}; put "
            "it behind the node's own in the node's certificate file",
        )
    return _Fault(
        FindingKind.UNTRUSTED,
        top,
        f"`{top.issuer}`, which issued `{top}`, is not trusted; add its certificate to "
        "the CA file, or, if it is an intermediate, let the server send it",
    )


def _about_self_signed(path: Path) -> str:
    if len(path.certificates) == 1:
        return (
            "the server's certificate is self-signed; when it is the one you expect, "
            "name it as CA file"
        )
    return (
        f"the chain ends in the root `{path.top}`, which is not trusted; when it is "
        "the one you expect, add it to the CA file"
    )


def _lacks_intermediate(
    certificates: tuple[CertificateFacts, ...],
    top: CertificateFacts,
    roots: tuple[bytes, ...],
) -> bool:
    """Tell a gap in the chain from an unknown root; both lack the issuer of `top`.

    There is no proof without the missing certificate, only signs: a trusted root was
    sent although nothing leads to it; the authority key identifier spells an issuer
    above the issuer; the leaf came alone and says where its issuer is published, as
    those of public CAs do; the issuer calls itself an intermediate. Without any sign
    it is an unknown root, which is by far the more frequent.
    """
    if any(each.der in roots for each in certificates):
        return True
    if top.issuer_of_issuer:
        return top.issuer_of_issuer != top.issuer
    if top is certificates[0] and top.issuer_urls:
        return True
    return any(word in top.issuer.lower() for word in _INTERMEDIATE_WORDS)


def _usage_faults(path: Path) -> Iterator[_Fault]:
    anchor_at = path.anchor_at
    if anchor_at == 0:
        return
    for each in path.certificates[:anchor_at]:
        usages = each.extended_usages
        if usages is not None and "serverAuth" not in usages:
            yield _Fault(
                FindingKind.WRONG_USAGE,
                each,
                f"`{each}` may be used for {', '.join(usages) or 'nothing'} only; "
                "issue it with serverAuth among its extended key usages",
            )
    for at, each in enumerate(path.certificates[1:], 1):
        is_trusted = anchor_at is not None and at >= anchor_at
        reason = _why_no_issuer(each, at - 1, is_trusted=is_trusted)
        if reason:
            yield _Fault(FindingKind.WRONG_USAGE, each, f"the CA `{each}` {reason}")


def _why_no_issuer(
    certificate: CertificateFacts, below: int, *, is_trusted: bool
) -> str:
    if certificate.is_ca is False or (certificate.is_ca is None and not is_trusted):
        return "is no CA by its basic constraints; issue it with CA:TRUE"
    if not certificate.may_sign_certificates:
        return "may not sign certificates by its key usage; issue it with keyCertSign"
    if certificate.path_length is not None and below > certificate.path_length:
        return (
            f"allows {certificate.path_length} CAs below it and {below} are there; "
            "issue it with a longer path length"
        )
    return ""


def _handshake_usage_faults(leaf: CertificateFacts) -> Iterator[_Fault]:
    # TLS 1.3 and ECDHE have the server sign the handshake; BoringSSL insists on the
    # right to (KEY_USAGE_BIT_INCORRECT), OpenSSL does not look.
    if not leaf.may_sign_handshakes:
        yield _Fault(
            FindingKind.WRONG_USAGE,
            leaf,
            "its key usage does not allow digital signatures, which every handshake "
            "needs; issue it with digitalSignature",
        )


def _date_faults(path: Path, at: datetime) -> Iterator[_Fault]:
    leaf = path.certificates[0]
    for each in path.certificates:
        whose = "the certificate" if each is leaf else f"the certificate of CA `{each}`"
        if at > each.not_after:
            yield _Fault(
                FindingKind.EXPIRED,
                each,
                f"{whose} ended {_span(at - each.not_after)} ago; renew it, or set the "
                f"clock that says {at:%Y-%m-%d %H:%M} UTC",
            )
        elif at < each.not_before:
            yield _Fault(
                FindingKind.NOT_YET_VALID,
                each,
                f"{whose} begins in {_span(each.not_before - at)}; check the clock of "
                f"this machine, which says {at:%Y-%m-%d %H:%M} UTC, and its issuer's",
            )


def _span(length: timedelta) -> str:
    if length.days:
        return f"{length.days} day{'' if length.days == 1 else 's'}"
    return f"{length.seconds // 3600} h {length.seconds // 60 % 60} min"


def _no_http2(
    protocol: str | None, leaf: CertificateFacts, expected: Expected
) -> TlsFinding:
    agreed = f"agreed on {protocol}" if protocol else "agreed on no protocol"
    fault = _Fault(
        FindingKind.NO_ALPN_H2,
        leaf,
        f"the server {agreed} and gRPC needs h2 by ALPN; is it a proxy that ends TLS "
        "without HTTP/2, or another service's port?",
    )
    return _finding(fault, leaf, expected)
