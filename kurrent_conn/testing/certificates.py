"""Throwaway certificates: a CA of our own and node certificates of every kind.

Nothing here is worth protecting: keys live as long as the test. What can be chosen is
what goes wrong in real clusters: the names, the dates, the issuer, a missing
intermediate, the usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NODE_NAME: Final = "kurrentdb-node"
"""The common name of a node certificate; with SANs present nobody matches hosts on it.

Source: server, `Certificates/CertificateExtensions.cs` (reserved node common name).
"""

_SKEW: Final = timedelta(minutes=5)
_LIFE: Final = timedelta(days=90)


IssuerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate chain and its key, as PEM.

    Args:
        certificate_pem: The certificate, followed by its intermediates.
        key_pem: The private key, PKCS 8 without a password.
    """

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """An issuer: a root, or an intermediate below one.

    Args:
        certificate: Its own certificate.
        key: Its private key.
        chain_pem: The intermediates from this issuer up to, not including, the root.
    """

    certificate: x509.Certificate
    key: IssuerKey = field(repr=False)
    chain_pem: bytes = b""

    @classmethod
    def create(
        cls, name: str = "kurrent_conn test CA", key: IssuerKey | None = None
    ) -> CertificateAuthority:
        """Make a self-signed root that has been valid for five minutes.

        Args:
            name: Its common name.
            key: Its private key; a new P-256 one when None.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        itself = (name, key)
        return cls(_certify(itself, itself, _authority(), _dates()), key)

    @classmethod
    def load(
        cls, certificate_pem: bytes, key_pem: bytes, chain_pem: bytes = b""
    ) -> CertificateAuthority:
        """Take an issuer that is there already, such as an ACME test server's.

        Args:
            certificate_pem: Its own certificate.
            key_pem: Its private key without a password, elliptic or RSA.
            chain_pem: What it hands out beside its certificates: the intermediates
                from this issuer up to, not including, the root.

        Raises:
            ValueError: Either is no PEM, or the key is of another kind.
        """
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            kind = type(key).__name__
            raise ValueError(f"no issuer has such a key: {kind}")  # noqa: TRY004 - of bytes, not of an argument
        return cls(x509.load_pem_x509_certificate(certificate_pem), key, chain_pem)

    @property
    def certificate_pem(self) -> bytes:
        """Its own certificate: what goes into a CA file."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def intermediate(
        self, name: str = "kurrent_conn test intermediate"
    ) -> CertificateAuthority:
        """Make an issuer below this one.

        Args:
            name: Its common name.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certify((name, key), self._itself, _authority(), _dates())
        own = certificate.public_bytes(serialization.Encoding.PEM)
        return CertificateAuthority(certificate, key, own + self.chain_pem)

    def issue(
        self,
        names: Sequence[str],
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        usages: Sequence[str] = ("server", "client"),
        with_chain: bool = True,
    ) -> KeyPair:
        """Make a node certificate.

        Args:
            names: What goes into the subject alternative names: host names,
                wildcards (`*.kurrent.test`), IPv4 and IPv6 addresses. With none the
                certificate has only a common name.
            not_before: Start of validity, UTC; five minutes ago when None.
            not_after: End of validity, UTC; in 90 days when None.
            usages: The extended key usages, of `server` and `client`; with none the
                extension is left out.
            with_chain: Whether the intermediates are included; without them a client
                that knows only the root cannot verify the certificate.

        Source: server, `CertificateExtensions.cs`: an extended key usage, where there
        is one, must name both server and client.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [*_leaf(), *_alternative(names), *_extended(usages)]
        start, end = _dates()
        dates = (not_before or min(start, (not_after or end) - _SKEW), not_after or end)
        certificate = _certify((NODE_NAME, key), self._itself, extensions, dates)
        own = certificate.public_bytes(serialization.Encoding.PEM)
        return KeyPair(
            own + (self.chain_pem if with_chain else b""),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    @property
    def _itself(self) -> _Party:
        (name,) = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(name.value), self.key


_Party = tuple[str, IssuerKey]
_Dates = tuple[datetime, datetime]
_Extensions = list[tuple[x509.ExtensionType, bool]]


def _dates() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - _SKEW, now + _LIFE


def _authority() -> _Extensions:
    return [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (_key_usage(signs_certificates=True), True),
    ]


def _leaf() -> _Extensions:
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(signs_certificates=False), True),
    ]


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(names: Sequence[str]) -> _Extensions:
    if not names:
        return []
    unique = dict.fromkeys(names)
    return [(x509.SubjectAlternativeName([_general_name(n) for n in unique]), False)]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _extended(usages: Sequence[str]) -> _Extensions:
    known = {
        "server": ExtendedKeyUsageOID.SERVER_AUTH,
        "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    wanted = [known[usage] for usage in usages]
    return [(x509.ExtendedKeyUsage(wanted), False)] if wanted else []


def _certify(
    subject: _Party, issuer: _Party, extensions: _Extensions, dates: _Dates
) -> x509.Certificate:
    name, key = subject
    issuer_name, issuer_key = issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        # Chain building finds the issuer by these, also when two CAs share a name.
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())
