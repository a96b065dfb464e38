"""The ways from a leaf to a root: who signed whom, by name and by signature.

Follows signatures only. Dates, rights and names are judged by `tls_verdict`, which
picks among these paths the one with the least against it: an expired cross-signed
certificate beside a good one is nobody's fault.

Why not the verifier of `cryptography`: it applies the profile of public web
certificates, which refuses private CAs that BoringSSL, and therefore gRPC, accepts
(no key identifiers, roots without basic constraints, a leaf as its own root).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.wire.certificate import read_all

MAX_PATHS: Final = 64
"""Paths that are looked at; a sound server makes one to three possible."""

MAX_LENGTH: Final = 12
"""Certificates in one path; BoringSSL gives up at 100, real chains have 2 to 4."""

_PADDINGS: Final = (PKCS1v15, PSS)


@dataclass(frozen=True, slots=True)
class Path:
    """A leaf and the certificates above it, each signed by the next.

    It goes on beyond the first trusted one as gRPC does, which judges the dates of
    all of them: from a trusted CA over trusted ones only, from a trusted leaf over
    whatever was sent.

    Args:
        certificates: One or more; the leaf first.
        anchor_at: Which is the first that is trusted; any certificate may be, not
            only a self-signed one. None when none is.
    """

    certificates: tuple[CertificateFacts, ...]
    anchor_at: int | None = None

    @property
    def is_anchored(self) -> bool:
        """Whether it reaches a trusted certificate."""
        return self.anchor_at is not None

    @property
    def top(self) -> CertificateFacts:
        """The last certificate: a root, or where the way was lost."""
        return self.certificates[-1]


def paths(
    presented: tuple[CertificateFacts, ...], roots: tuple[bytes, ...]
) -> tuple[Path, ...]:
    """Find the paths from the leaf through what was presented, to the roots.

    Args:
        presented: What the server sent, the leaf first, the rest in any order.
        roots: The trusted certificates as DER; those that no path can need are not
            decoded, so that a whole system store costs little.

    Returns:
        One or more paths, at most `MAX_PATHS`; those that reach a root first.
    """
    leaf, *rest = presented
    search = _Search(tuple(rest), roots)
    found = tuple(islice(search.upwards((leaf,)), MAX_PATHS))
    return tuple(sorted(found, key=lambda path: not path.is_anchored))


def namesakes(
    certificate: CertificateFacts, roots: tuple[bytes, ...]
) -> tuple[CertificateFacts, ...]:
    """Find the roots that bear the name of a certificate's issuer.

    Args:
        certificate: The certificate whose issuer is looked for.
        roots: The trusted certificates as DER.

    Returns:
        Zero or more; where none of them signed it, the CA has a new key.
    """
    issuer = x509.load_der_x509_certificate(certificate.der).issuer
    words = [word for each in issuer for word in _bytes(each.value).lower().split()]

    def may_bear_it(root: bytes) -> bool:
        # Comparing bytes first keeps 144 certificates from being decoded for one.
        lower = root.lower()
        return all(word in lower for word in words)

    return tuple(
        each
        for each in read_all(filter(may_bear_it, roots))
        if _canonical(each.subject) == _canonical(certificate.issuer)
    )


def is_signed_by(certificate: CertificateFacts, issuer: CertificateFacts) -> bool:
    """Check name and signature of a certificate against those of an issuer.

    Args:
        certificate: The certificate.
        issuer: The one that may have signed it; itself to ask for self-signed.
    """
    if _canonical(certificate.issuer) != _canonical(issuer.subject):
        return False
    try:
        key = x509.load_der_x509_certificate(issuer.der).public_key()
        _verify(x509.load_der_x509_certificate(certificate.der), key)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _canonical(name: str) -> str:
    """Make names comparable as OpenSSL and BoringSSL compare them.

    Encodings, case and runs of blanks do not count: many CAs write PrintableString
    where others write UTF8String, which `cryptography` takes for another name.

    Source: OpenSSL, `crypto/x509/x_name.c` (x509_name_canon).
    """
    return " ".join(name.lower().split())


def _verify(certificate: x509.Certificate, key: CertificatePublicKeyTypes) -> None:
    signed = certificate.signature, certificate.tbs_certificate_bytes
    scheme = certificate.signature_algorithm_parameters
    match key:
        case rsa.RSAPublicKey() if isinstance(scheme, _PADDINGS):
            hashed = certificate.signature_hash_algorithm
            if hashed is None:
                raise UnsupportedAlgorithm("RSA without a hash")
            key.verify(*signed, scheme, hashed)
        case ec.EllipticCurvePublicKey() if isinstance(scheme, ec.ECDSA):
            key.verify(*signed, scheme)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            key.verify(*signed)
        case _:
            raise UnsupportedAlgorithm(type(key).__name__)


@dataclass(frozen=True, slots=True)
class _Search:
    presented: tuple[CertificateFacts, ...]
    roots: tuple[bytes, ...]

    def upwards(self, path: tuple[CertificateFacts, ...]) -> Iterator[Path]:
        issuers = () if len(path) >= MAX_LENGTH else self._issuers_of(path)
        for issuer in issuers:
            yield from self.upwards((*path, issuer))
        if not issuers:
            trusted = (at for at, each in enumerate(path) if each.der in self.roots)
            yield Path(path, next(trusted, None))

    def _issuers_of(
        self, path: tuple[CertificateFacts, ...]
    ) -> tuple[CertificateFacts, ...]:
        top = path[-1]
        is_trusted_ca = len(path) > 1 and top.der in self.roots
        known = (
            *namesakes(top, self.roots),
            *(() if is_trusted_ca else self.presented),
        )
        taken = {each.der for each in path}
        candidates = {each.der: each for each in known if each.der not in taken}
        return tuple(each for each in candidates.values() if is_signed_by(top, each))
