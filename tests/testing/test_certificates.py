"""`testing.certificates`: what is asked for is what a verifier finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from kurrent_conn.testing import CertificateAuthority, KeyPair

NOW = datetime.now(UTC)
CA = CertificateAuthority.create()


def verify(
    issued: KeyPair, authority: CertificateAuthority = CA, name: str = "n1.kurrent.test"
) -> None:
    """Verify a node certificate as a client would."""
    leaf, *others = x509.load_pem_x509_certificates(issued.certificate_pem)
    policy = PolicyBuilder().store(Store([authority.certificate]))
    policy.build_server_verifier(x509.DNSName(name)).verify(leaf, others)


def test_a_plain_certificate_verifies() -> None:
    """Names, dates, issuer and usage are all as clients want them."""
    issued = CA.issue(["n1.kurrent.test", "127.0.0.1"])
    verify(issued)
    leaf = x509.load_pem_x509_certificate(issued.certificate_pem)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["n1.kurrent.test"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    assert b"PRIVATE KEY" not in repr(issued).encode()


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_an_issuer_from_elsewhere_issues(kind: str) -> None:
    """Its certificate and key are enough, elliptic or RSA."""
    key = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP384R1())
    )
    made = CertificateAuthority.create("elsewhere", key)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    loaded = CertificateAuthority.load(made.certificate_pem, pem)
    verify(loaded.issue(["n1.kurrent.test"]), loaded)


def test_a_key_that_cannot_issue_is_named() -> None:
    """Only elliptic and RSA keys are taken."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(ValueError, match="Ed25519"):
        CertificateAuthority.load(CA.certificate_pem, pem)


def test_an_intermediate_must_be_sent() -> None:
    """With its chain it verifies, without it nobody finds the root."""
    issuer = CA.intermediate().intermediate("second")
    verify(issuer.issue(["n1.kurrent.test"]))
    with pytest.raises(VerificationError):
        verify(issuer.issue(["n1.kurrent.test"], with_chain=False))


@pytest.mark.parametrize(
    "issued",
    [
        CA.issue(["other.kurrent.test"]),
        CA.issue([]),
        CA.issue(["n1.kurrent.test"], not_after=datetime.now(UTC) - timedelta(hours=1)),
        CA.issue(
            ["n1.kurrent.test"], not_before=datetime.now(UTC) + timedelta(hours=1)
        ),
        CA.issue(["n1.kurrent.test"], usages=["client"]),
        CertificateAuthority.create().issue(["n1.kurrent.test"]),
    ],
    ids=["name", "no name", "expired", "early", "usage", "issuer"],
)
def test_every_fault_is_one(issued: KeyPair) -> None:
    """Wrong name, no name, expired, not yet valid, wrong usage, other issuer."""
    with pytest.raises(VerificationError):
        verify(issued)


def test_usages_can_be_left_out() -> None:
    """Without usages there is no extension at all."""
    leaf = x509.load_pem_x509_certificate(CA.issue(["a"], usages=[]).certificate_pem)
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    both = x509.load_pem_x509_certificate(CA.issue(["a"]).certificate_pem)
    usage = both.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }
