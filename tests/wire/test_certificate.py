"""Facts read from certificates of every kind that is met."""

from __future__ import annotations

import pytest

from kurrent_conn.wire.certificate import (
    UnreadableCertificate,
    read_all,
    read_certificate,
)
from tests.shells.authority import (
    CLIENT,
    DAY,
    NODE,
    NOW,
    SERVER,
    intermediate,
    issue,
    root,
)
from tests.shells.chains import ANY

CA = root()
MIDDLE = intermediate(CA, path_length=0)


def test_a_leaf_is_read() -> None:
    """Names, dates, key, rights and issuer are what the certificate says."""
    facts = read_certificate(
        issue(
            MIDDLE,
            cn="node",
            names=(NODE, "*.kurrent.test", "10.1.2.3", "fd00::1", "::ffff:10.1.2.3"),
            published_at="http://ca.test/ca.crt",
        ).der
    )
    assert facts.names.dns == (NODE, "*.kurrent.test")
    assert facts.names.addresses == ("10.1.2.3", "fd00::1", "::ffff:10.1.2.3")
    assert facts.names.common_name == "node"
    assert (facts.subject, facts.issuer) == ("CN=node", "CN=Test Intermediate")
    assert (facts.not_before, facts.not_after) == (NOW - 2 * DAY, NOW + 90 * DAY)
    assert facts.key_type == "P-256"
    assert facts.is_ca is False
    assert not facts.is_self_issued
    assert facts.extended_usages == ("serverAuth", "clientAuth")
    assert facts.may_sign_handshakes
    assert not facts.may_sign_certificates
    assert facts.issuer_urls == ("http://ca.test/ca.crt",)


def test_a_ca_is_read() -> None:
    """Basic constraints, path length and self-issue are told."""
    assert read_certificate(CA.der).is_self_issued
    facts = read_certificate(MIDDLE.der)
    assert (facts.is_ca, facts.path_length) == (True, 0)
    assert facts.may_sign_certificates
    assert facts.extended_usages is None
    assert facts.names.verifiable == ("Test Intermediate",)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("rsa2048", "RSA-2048"),
        ("p256", "P-256"),
        ("p384", "P-384"),
        ("p521", "P-521"),
        ("k256", "secp256k1"),
        ("ed25519", "Ed25519"),
        ("ed448", "Ed448"),
    ],
)
def test_keys_have_their_usual_names(kind: str, words: str) -> None:
    """The key's type is written as people write it."""
    assert read_certificate(issue(CA, key=kind).der).key_type == words


def test_an_unknown_key_is_named_by_its_number() -> None:
    """A key of a kind that cannot be decoded does not hide the other facts."""
    der = issue(CA).der
    p256 = bytes.fromhex("2a8648ce3d030107")
    unknown = der.replace(p256, bytes.fromhex("2a8648ce3d03017f"))
    facts = read_certificate(unknown)
    assert facts.key_type.startswith("unknown (1.2.840.10045.2.1")
    assert facts.names.dns == (NODE,)


def test_other_usages_and_spelled_issuers_are_kept() -> None:
    """An unknown usage keeps its number; the issuer's issuer is read where spelled."""
    assert read_certificate(issue(CA, usage=(ANY, SERVER, CLIENT)).der).extended_usages
    spelled = read_certificate(issue(MIDDLE, spelled_issuer=MIDDLE).der)
    assert spelled.issuer_of_issuer == "CN=Test Root"


def test_what_cannot_be_read_is_a_typed_error() -> None:
    """Garbage raises one error, and is passed over in a crowd."""
    with pytest.raises(UnreadableCertificate):
        read_certificate(b"\x30\x00")
    assert [each.subject for each in read_all((b"x", CA.der, CA.der))] == [
        "CN=Test Root"
    ]


def test_control_characters_are_escaped() -> None:
    """What a stranger put into names cannot break a log line."""
    facts = read_certificate(issue(CA, cn="a\nb", names=("x\x1b[2Jy.test",)).der)
    assert facts.names.common_name == "a\\nb"
    assert facts.names.dns == ("x\\x1b[2Jy.test",)
    assert facts.subject.isprintable()


def test_a_certificate_has_a_short_name() -> None:
    """Its text is the common name, else the first name, else its number."""
    assert str(read_certificate(CA.der)) == "Test Root"
    assert str(read_certificate(issue(CA, cn=None).der)) == NODE
    bare = read_certificate(issue(CA, cn=None, names=None).der)
    assert str(bare) == f"number {bare.serial}"
