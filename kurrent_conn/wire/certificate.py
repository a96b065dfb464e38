"""Certificates as bytes, read into the facts that a verdict needs.

Reads what stands there and judges nothing; `chain` follows signatures and
`tls_verdict` judges.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

from kurrent_conn.core.certificate import CertificateFacts, PresentedNames

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

_USAGES: Final = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}
_CURVES: Final = {
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
_UNREADABLE: Final = (ValueError, UnsupportedAlgorithm, x509.InvalidVersion)


class UnreadableCertificate(ValueError):
    """Bytes that are no certificate, or one whose fields cannot be read."""


def read_certificate(der: bytes) -> CertificateFacts:
    """Read the facts of one certificate.

    Args:
        der: The certificate as DER.

    Raises:
        UnreadableCertificate: It cannot be decoded, or an extension that matters
            here cannot; a certificate that gRPC accepts can be read.
    """
    try:
        return _facts(x509.load_der_x509_certificate(der), der)
    except (*_UNREADABLE, x509.DuplicateExtension) as error:
        raise UnreadableCertificate(f"a certificate cannot be read: {error}") from error


def read_all(ders: Iterable[bytes]) -> tuple[CertificateFacts, ...]:
    """Read every certificate that can be read, each once, in the order given.

    Args:
        ders: Certificates as DER, as a server presents them.
    """
    found = []
    for der in dict.fromkeys(ders):
        try:
            found.append(read_certificate(der))
        except UnreadableCertificate:
            continue
    return tuple(found)


def _facts(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    extensions = certificate.extensions
    constraints = _extension(extensions, x509.BasicConstraints)
    usage = _extension(extensions, x509.KeyUsage)
    return CertificateFacts(
        der=der,
        names=_names(certificate, extensions),
        subject=_printable(certificate.subject.rfc4514_string()),
        issuer=_printable(certificate.issuer.rfc4514_string()),
        serial=f"{certificate.serial_number:x}",
        not_before=_utc(certificate.not_valid_before_utc),
        not_after=_utc(certificate.not_valid_after_utc),
        key_type=_key_type(certificate),
        is_ca=None if constraints is None else constraints.ca,
        path_length=None if constraints is None else constraints.path_length,
        is_self_issued=certificate.subject == certificate.issuer,
        extended_usages=_extended_usages(extensions),
        may_sign_handshakes=usage is None or usage.digital_signature,
        may_sign_certificates=usage is None or usage.key_cert_sign,
        issuer_of_issuer=_issuer_of_issuer(extensions),
        issuer_urls=_issuer_urls(extensions),
    )


def _extension(extensions: x509.Extensions, kind: type[_Kind]) -> _Kind | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def _names(
    certificate: x509.Certificate, extensions: x509.Extensions
) -> PresentedNames:
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    alternative = _extension(extensions, x509.SubjectAlternativeName)
    return PresentedNames(
        dns=tuple(
            _printable(name)
            for name in (
                alternative.get_values_for_type(x509.DNSName) if alternative else ()
            )
        ),
        addresses=tuple(
            _address_text(address)
            for address in (
                alternative.get_values_for_type(x509.IPAddress) if alternative else ()
            )
        ),
        common_name=_printable(str(common[-1].value)) if common else None,
    )


def _printable(text: str) -> str:
    # A stranger wrote these; a line end or an escape must not reach a log as it is.
    if text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")


def _address_text(address: object) -> str:
    # gRPC compares with what `inet_ntop` writes; `ipaddress` differs for mapped ones.
    if isinstance(address, IPv6Address):
        return socket.inet_ntop(socket.AF_INET6, address.packed)
    return str(address)


def _key_type(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return f"unknown ({certificate.public_key_algorithm_oid.dotted_string})"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    name = type(key).__name__.removesuffix("PublicKey").strip("_")
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return f"{name}-{key.key_size}"
    return name


def _extended_usages(extensions: x509.Extensions) -> tuple[str, ...] | None:
    usages = _extension(extensions, x509.ExtendedKeyUsage)
    if usages is None:
        return None
    return tuple(_USAGES.get(each, each.dotted_string) for each in usages)


def _issuer_of_issuer(extensions: x509.Extensions) -> str:
    identifier = _extension(extensions, x509.AuthorityKeyIdentifier)
    names = (identifier and identifier.authority_cert_issuer) or ()
    found = (each.value for each in names if isinstance(each, x509.DirectoryName))
    return _printable("".join(each.rfc4514_string() for each in found))


def _issuer_urls(extensions: x509.Extensions) -> tuple[str, ...]:
    access = _extension(extensions, x509.AuthorityInformationAccess)
    return tuple(
        _printable(each.access_location.value)
        for each in access or ()
        if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    )
