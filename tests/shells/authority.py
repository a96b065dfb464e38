"""Certificates for tests: sound by default, each fault one named argument away."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
NODE = "n1.kurrent.test"

_MAKERS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "k256": lambda: ec.generate_private_key(ec.SECP256K1()),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}
_fresh = itertools.count(2)


@cache
def _key(kind: str, number: int) -> CertificateIssuerPrivateKeyTypes:
    # RSA keys cost 50 ms and more: a kind's n-th holder has the same key in each test.
    del number
    return _MAKERS[kind]()


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and who issued it."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes = field(repr=False)
    issuer: Issued | None = None
    key_kind: str = "p256"

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        """The key, open."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def chain(self) -> tuple[Issued, ...]:
        """What a sound server presents: this and every issuer below the root."""
        if self.issuer is None:
            return (self,)
        rest = self.issuer.chain if self.issuer.issuer is not None else ()
        return (self, *rest)

    def write(self, directory: Path, name: str = "node") -> tuple[str, str]:
        """Write chain and key, and give both paths."""
        certificate = directory / f"{name}.crt"
        key = directory / f"{name}.key"
        certificate.write_bytes(b"".join(each.pem for each in self.chain))
        key.write_bytes(self.key_pem)
        return str(certificate), str(key)


def _name(text: str | None, *, printable: bool = False) -> x509.Name:
    if text is None:
        return x509.Name([])
    kind = _ASN1Type.PrintableString if printable else None
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, kind)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def issue(  # noqa: C901 - one optional extension a branch
    by: Issued | None = None,
    *,
    cn: str | None = NODE,
    names: Sequence[str] | None = (NODE,),
    key: str = "p256",
    key_number: int = 0,
    ca: bool | None = False,
    path_length: int | None = None,
    usage: Sequence[x509.ObjectIdentifier] | None = (SERVER, CLIENT),
    sign: bool = True,
    sign_certificates: bool | None = None,
    not_before: datetime = NOW - 2 * DAY,
    not_after: datetime = NOW + 90 * DAY,
    identifiers: bool = True,
    permitted: Sequence[str] = (),
    excluded: Sequence[str] = (),
    unknown_critical: bool = False,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
    claimed_issuer: str | None = None,
    printable: bool = False,
    names_critical: bool = False,
    published_at: str = "",
    spelled_issuer: Issued | None = None,
) -> Issued:
    """Make a certificate; without `by` it signs itself."""
    own = _key(key, key_number)
    signer = by.key if by else own
    issuer_name = by.certificate.subject if by else _name(cn, printable=printable)
    if claimed_issuer is not None:
        issuer_name = _name(claimed_issuer)
    subject = _name(cn, printable=printable)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(own.public_key())
        .serial_number(next(_fresh))
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=path_length), critical=True
        )
    if names is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(each) for each in names]),
            critical=names_critical,
        )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if sign_certificates is None:
        sign_certificates = bool(ca)
    builder = builder.add_extension(
        x509.KeyUsage(
            digital_signature=sign,
            content_commitment=False,
            key_encipherment=not ca and key.startswith("rsa"),
            data_encipherment=False,
            key_agreement=not sign,
            key_cert_sign=sign_certificates,
            crl_sign=sign_certificates,
            encipher_only=False,
            decipher_only=False,
        ),
        critical=True,
    )
    if identifiers and spelled_issuer is None:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False
        ).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    if spelled_issuer is not None:
        above = spelled_issuer.certificate
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier(
                None, [x509.DirectoryName(above.issuer)], above.serial_number
            ),
            critical=False,
        )
    if published_at:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier(published_at),
        )
        builder = builder.add_extension(
            x509.AuthorityInformationAccess([place]), critical=False
        )
    if permitted or excluded:
        builder = builder.add_extension(
            x509.NameConstraints(
                [x509.DNSName(each) for each in permitted] or None,
                [x509.DNSName(each) for each in excluded] or None,
            ),
            critical=True,
        )
    if unknown_critical:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"),
            critical=True,
        )
    unhashed = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    algorithm = None if unhashed else digest or hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), own, by, key)


def root(
    cn: str = "Test Root",
    *,
    key: str = "p256",
    not_before: datetime = NOW - 2 * DAY,
    not_after: datetime = NOW + 90 * DAY,
) -> Issued:
    """Make a self-signed CA; each name has a key of its own."""
    return issue(
        cn=cn,
        names=None,
        ca=True,
        usage=None,
        key=key,
        key_number=sum(cn.encode()),
        not_before=not_before,
        not_after=not_after,
    )


def intermediate(
    by: Issued,
    cn: str = "Test Intermediate",
    *,
    key: str = "p256",
    not_before: datetime = NOW - 2 * DAY,
    not_after: datetime = NOW + 90 * DAY,
    path_length: int | None = None,
) -> Issued:
    """Make a CA below another one; each name has a key of its own."""
    return issue(
        by,
        cn=cn,
        names=None,
        ca=True,
        usage=None,
        key=key,
        key_number=sum(cn.encode()),
        not_before=not_before,
        not_after=not_after,
        path_length=path_length,
    )
