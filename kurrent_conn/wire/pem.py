"""PEM text as certificates and keys, or one sentence about what is wrong with it.

Reads bytes, never files: who named the file, and what to do about a bad one, is
`shells.trust`'s business. gRPC reads PEM leniently (it stops at the first block it
cannot use and says nothing), so everything that goes to gRPC is read here first and
written anew.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_VERSION: Final = 0xA0

_BEGIN: Final = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----")
_BLOCK: Final = re.compile(
    rb"-----BEGIN ((?:X509 )?CERTIFICATE)-----[^-]*-----END \1-----"
)

# What people give by mistake, recognised by how it starts, and how to convert it.
_MISTAKES: Final = (
    (b"\xff\xfe", "it is UTF-16 text; save it as ASCII or UTF-8"),
    (b"\xfe\xff", "it is UTF-16 text; save it as ASCII or UTF-8"),
    (
        b"LS0tLS1CRUdJTi",
        (
            "it is PEM encoded in base64 once more, as `kubectl get secret -o yaml` "
            "shows it; decode it with `base64 -d`"
        ),
    ),
    (
        b"\x30",
        (
            "it is binary (DER or PKCS#12); convert it with `openssl x509 -inform DER` "
            "or `openssl pkcs12 -nodes`"
        ),
    ),
)
_MISTAKEN_BLOCKS: Final = (
    (b"BEGIN PKCS7", "it is PKCS#7; convert it with `openssl pkcs7 -print_certs`"),
    (
        b"BEGIN TRUSTED CERTIFICATE",
        "it is OpenSSL's TRUSTED CERTIFICATE form; convert it with `openssl x509`",
    ),
    (b"BEGIN CERTIFICATE REQUEST", "it is a signing request, not a certificate"),
    (b"PRIVATE KEY", "it holds a private key and no certificate"),
    (b"BEGIN PUBLIC KEY", "it holds a public key and no certificate"),
)


class PemProblem(ValueError):
    """Bytes that are not the PEM they should be; the text says why and what to do."""


def read_certificates(data: bytes) -> tuple[bytes, ...]:
    """Read every certificate of a PEM text; anything between the blocks is skipped.

    Args:
        data: The bytes of a file.

    Returns:
        One or more certificates as DER, in the order of the text.

    Raises:
        PemProblem: There is none, or one is cut off or cannot be decoded.
    """
    begun = len(_BEGIN.findall(data))
    if not begun:
        raise PemProblem(_what_instead(data))
    blocks = certificate_blocks(data)
    if len(blocks) != begun:
        raise PemProblem(
            f"only {len(blocks)} of its {begun} certificates are complete; "
            "was it cut off, or is it still being written?"
        )
    return tuple(_decoded(block, at, begun) for at, block in enumerate(blocks, 1))


def holds_certificates(data: bytes) -> bool:
    """Say whether a certificate block begins anywhere in the bytes.

    Args:
        data: The bytes of a file.
    """
    return _BEGIN.search(data) is not None


def certificate_blocks(data: bytes) -> tuple[bytes, ...]:
    """Cut the certificate blocks out of a PEM text without decoding them.

    For a whole system store: decoding its 150 certificates on every connect would
    cost more than the connect.

    Args:
        data: The bytes of a file.

    Returns:
        Zero or more blocks in the order of the text, each from BEGIN to END.
    """
    return tuple(match.group(0) for match in _BLOCK.finditer(data))


def read_blocks(data: bytes) -> Iterator[bytes]:
    """Read the certificates of a store, passing over what is no base64.

    Args:
        data: The bytes of a file.

    Yields:
        Each certificate as DER, not decoded further.
    """
    for block in certificate_blocks(data):
        with suppress(ValueError):
            yield _der(block)


def write_certificates(certificates: Iterable[bytes]) -> bytes:
    """Write certificates as PEM, each once, in the order given.

    Args:
        certificates: The certificates as DER; equal ones are written once.
    """
    unique = dict.fromkeys(certificates)
    return "".join(map(ssl.DER_cert_to_PEM_cert, unique)).encode()


def read_key(data: bytes) -> PrivateKeyTypes:
    """Read the private key of a PEM text.

    Args:
        data: The bytes of a file.

    Raises:
        PemProblem: There is none, it is encrypted, it cannot be decoded, or it is of
            a kind that gRPC cannot use.

    Source: run on grpcio 1.85.1 (BoringSSL): with an Ed448 or secp256k1 key no channel
    can be made ("Failed to create security handshaker"). P-521 and Ed25519 work
    towards servers on OpenSSL, which KurrentDB's are on Linux.
    """
    if b"PRIVATE KEY" not in data:
        raise PemProblem(_what_instead_of_a_key(data))
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise PemProblem(
            "the key is encrypted, and a connection string has no place for its "
            "password; write an open copy with `openssl pkey -in KEY -out OPEN_KEY`, "
            "readable only by the application"
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PemProblem(
            "the private key cannot be decoded; was it cut off? Check it with "
            "`openssl pkey -noout -in KEY`"
        ) from error
    unusable = _why_unusable(key)
    if unusable:
        raise PemProblem(unusable)
    return key


def write_key(key: PrivateKeyTypes) -> bytes:
    """Write a private key as PKCS#8 PEM without encryption.

    Args:
        key: The key.
    """
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_of(key: PrivateKeyTypes, certificates: Iterable[bytes]) -> int | None:
    """Find the certificate that a private key belongs to.

    Args:
        key: The private key.
        certificates: Where to look, as DER.

    Returns:
        The position of the first that carries the key's public half, from 0; None
        when none does.
    """
    wanted = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    for at, certificate in enumerate(certificates):
        if _public_bytes(certificate) == wanted:
            return at
    return None


def _public_bytes(certificate: bytes) -> bytes | None:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _decoded(block: bytes, at: int, count: int) -> bytes:
    try:
        der = _der(block)
        if _serial_is_positive(der):
            x509.load_der_x509_certificate(der)
    except (ValueError, IndexError) as error:
        raise PemProblem(
            f"certificate {at} of {count} cannot be decoded; check it with "
            "`openssl x509 -noout -text`"
        ) from error
    return der


def _der(block: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(block.decode("ascii").replace("X509 ", ""))


def _serial_is_positive(der: bytes) -> bool:
    """Say whether `cryptography` may be asked to decode a certificate.

    Public stores hold a few old roots with serial number 0, which RFC 5280 forbids:
    cryptography 44 to 50 warns about them and announces an error. OpenSSL and gRPC
    take them, and a bundle must not become unusable by one of them.

    Raises:
        ValueError: These are not the outermost elements of a certificate.
        IndexError: They are cut off.
    """
    certificate = _element(der, 0, _SEQUENCE)
    if certificate.stop != len(der):
        raise ValueError("something follows the certificate")
    to_be_signed = _element(der, certificate.start, _SEQUENCE)
    at = to_be_signed.start
    if der[at] == _VERSION:
        at = _element(der, at, _VERSION).stop
    serial = _element(der, at, _INTEGER)
    return int.from_bytes(der[serial.start : serial.stop], signed=True) > 0


def _element(der: bytes, at: int, tag: int) -> slice:
    """Find the contents of the DER element of the given tag that starts at `at`."""
    if der[at] != tag:
        raise ValueError(f"tag {der[at]:#x} where {tag:#x} should be")
    length = der[at + 1]
    start = at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start])
    if start + length > len(der):
        raise ValueError("the element is longer than the certificate")
    return slice(start, start + length)


def _why_unusable(key: PrivateKeyTypes) -> str:
    if isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return ""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
            return ""
        kind = f"an EC key on {key.curve.name}"
    else:
        kind = f"a key of type {type(key).__name__.removesuffix('PrivateKey')}"
    return f"it is {kind}, which gRPC cannot use; use RSA, P-256 or P-384"


def _what_instead(data: bytes) -> str:
    if not data.strip():
        return "it is empty; is it still being written?"
    for start, advice in _MISTAKES:
        if data.startswith(start):
            return f"no PEM certificate in it: {advice}"
    for block, advice in _MISTAKEN_BLOCKS:
        if block in data:
            return f"no PEM certificate in it: {advice}"
    return "no PEM certificate in it; it needs a `-----BEGIN CERTIFICATE-----` block"


def _what_instead_of_a_key(data: bytes) -> str:
    if not data.strip():
        return "it is empty; is it still being written?"
    if holds_certificates(data):
        return "it holds a certificate and no private key"
    for start, advice in _MISTAKES:
        if data.startswith(start):
            return f"no PEM private key in it: {advice}"
    return "no PEM private key in it; it needs a `-----BEGIN PRIVATE KEY-----` block"
