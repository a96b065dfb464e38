"""The values that hold a certificate's facts."""

from __future__ import annotations

from datetime import UTC, datetime

from kurrent_conn.core.certificate import CertificateFacts, PresentedNames

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_common_name_is_verifiable_only_without_dns_names() -> None:
    """DNS names displace it; addresses do not."""
    assert PresentedNames(("a",), ("::1",), "cn").verifiable == ("a", "::1")
    assert PresentedNames((), ("::1",), "cn").verifiable == ("::1", "cn")
    assert PresentedNames((), ("::1",)).verifiable == ("::1",)
    assert PresentedNames().verifiable == ()


def test_facts_are_named_for_people_and_show_no_bytes() -> None:
    """Common name, else first name, else number; the DER stays out of `repr`."""

    def facts(names: PresentedNames) -> CertificateFacts:
        return CertificateFacts(
            b"\x30bytes", names, "CN=n", "CN=ca", "1f", BEGIN, BEGIN, "P-256"
        )

    assert str(facts(PresentedNames(("a",), (), "cn"))) == "cn"
    assert str(facts(PresentedNames(("a",)))) == "a"
    assert str(facts(PresentedNames())) == "number 1f"
    assert "bytes" not in repr(facts(PresentedNames()))
