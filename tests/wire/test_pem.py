"""PEM as it is found in the field: many certificates, junk between, and mistakes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from kurrent_conn.wire import pem
from tests.shells.authority import CLIENT, NODE, issue, root

CA = root()
OTHER = root("Other Root")
MANGLED = b"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"


def test_reads_every_certificate_in_order() -> None:
    """Text around and between the blocks, and how the lines end, do not matter."""
    text = (
        b"\xef\xbb\xbf# ours\r\n" + CA.pem.replace(b"\n", b"\r\n") + b"x\n" + OTHER.pem
    )
    assert pem.read_certificates(text) == (CA.der, OTHER.der)


def test_writes_each_certificate_once() -> None:
    """What was read is written back as clean PEM without duplicates."""
    written = pem.write_certificates((CA.der, OTHER.der, CA.der))
    assert written == CA.pem + OTHER.pem


def test_a_root_with_serial_number_zero_is_taken() -> None:
    """Public stores hold roots that `cryptography` is going to refuse."""
    serial = CA.certificate.serial_number
    length = (serial.bit_length() + 8) // 8
    ours = bytes((0x02, length)) + serial.to_bytes(length)
    zero = CA.der.replace(ours, bytes((0x02, length)) + bytes(length), 1)
    assert zero != CA.der
    assert pem.read_certificates(pem.write_certificates((zero,))) == (zero,)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"hello", "BEGIN CERTIFICATE"),
        (CA.der, "openssl x509 -inform DER"),
        (CA.pem.decode().encode("utf-16"), "UTF-16"),
        (base64.b64encode(CA.pem), "base64 -d"),
        (CA.key_pem, "private key and no certificate"),
        (b"-----BEGIN PKCS7-----\nMA==\n-----END PKCS7-----", "print_certs"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\n", "signing request"),
        (b"-----BEGIN TRUSTED CERTIFICATE-----\n", "TRUSTED"),
        (b"-----BEGIN PUBLIC KEY-----\n", "public key"),
        (CA.pem + OTHER.pem[:-40], "1 of its 2 certificates are complete"),
        (CA.pem + MANGLED, "certificate 2 of 2 cannot be decoded"),
        (pem.write_certificates((CA.der[:-9],)), "certificate 1 of 1"),
        (pem.write_certificates((CA.der + b"x",)), "certificate 1 of 1"),
        (pem.write_certificates((CA.der[:1],)), "certificate 1 of 1"),
        (
            pem.write_certificates((b"\x30\x05\x30\x03\x02\x01\x05",)),
            "certificate 1 of 1",
        ),
        (CA.pem.replace(b"M", "é".encode(), 1), "certificate 1 of 1"),
    ],
    ids=lambda given: given if isinstance(given, str) else "data",
)
def test_says_what_a_text_without_certificates_is(data: bytes, words: str) -> None:
    """Each usual mistake is named, with the command that mends it."""
    with pytest.raises(pem.PemProblem, match=words):
        pem.read_certificates(data)


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
@pytest.mark.parametrize(
    "form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL]
)
def test_reads_the_keys_that_grpc_can_use(kind: str, form: PrivateFormat) -> None:
    """RSA and EC keys are read in both usual forms, and find their certificate."""
    ours = issue(CA, key=kind)
    text = ours.key.private_bytes(Encoding.PEM, form, NoEncryption())
    key = pem.read_key(b"EC parameters and other text\n" + text)
    assert pem.write_key(key) == ours.key_pem
    assert pem.certificate_of(key, (OTHER.der, ours.der)) == 1
    assert pem.certificate_of(key, (OTHER.der,)) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "BEGIN PRIVATE KEY"),
        (CA.pem, "certificate and no private key"),
        (b"\x30\x82", "binary"),
        (CA.key_pem[:90], "cannot be decoded"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nMA==\n", "cannot be decoded"),
        (root(key="k256").key_pem, "secp256k1, which gRPC cannot use"),
        (root(key="ed448").key_pem, "Ed448, which gRPC cannot use"),
        (
            CA.key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
            ),
            "encrypted.*openssl pkey",
        ),
        (
            CA.key.private_bytes(
                Encoding.PEM,
                PrivateFormat.TraditionalOpenSSL,
                BestAvailableEncryption(b"secret"),
            ),
            "encrypted.*openssl pkey",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "data",
)
def test_says_why_a_key_cannot_be_used(data: bytes, words: str) -> None:
    """An encrypted key, and each kind of wrong one, is named with the next step."""
    with pytest.raises(pem.PemProblem, match=words):
        pem.read_key(data)


def test_cuts_blocks_out_without_decoding() -> None:
    """A store is cut into blocks; a damaged one does no harm to its neighbours."""
    blocks = pem.certificate_blocks(CA.pem + MANGLED + OTHER.pem)
    assert len(blocks) == 3
    assert pem.read_certificates(blocks[2]) == (OTHER.der,)
    assert not pem.holds_certificates(CA.key_pem)


def test_a_certificate_with_an_unreadable_key_matches_nothing() -> None:
    """Looking for a key's certificate passes over what cannot be decoded."""
    key = pem.read_key(issue(CA, cn=NODE, usage=(CLIENT,)).key_pem)
    assert pem.certificate_of(key, (b"\x30\x00",)) is None


def test_a_store_is_read_past_what_is_no_base64() -> None:
    """One damaged block of a store does no harm to the others."""
    damaged = CA.pem.replace(b"M", "é".encode(), 1)
    assert tuple(pem.read_blocks(damaged + OTHER.pem)) == (OTHER.der,)
