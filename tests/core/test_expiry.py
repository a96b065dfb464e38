"""When a certificate is said to end soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kurrent_conn.core.certificate import CertificateFacts, PresentedNames
from kurrent_conn.core.expiry import LOOK_EVERY_S, WITHIN_S, Expiring, expiring, is_due

END = datetime(2026, 6, 1, tzinfo=UTC)
FACTS = CertificateFacts(
    der=b"",
    names=PresentedNames(dns=("n1.test",)),
    subject="CN=n1",
    issuer="CN=ca",
    serial="1",
    not_before=END - timedelta(days=90),
    not_after=END,
    key_type="P-256",
)


@pytest.mark.parametrize(
    ("before_end_s", "is_soon"),
    [
        (WITHIN_S + 1, False),
        (WITHIN_S, True),
        (3600, True),
        (0, True),
        (-1, False),
        (91 * 86400, False),
    ],
)
def test_soon_is_within_fourteen_days(before_end_s: float, is_soon: bool) -> None:
    """Both ends of the time are soon; before it and after the end nothing is said."""
    found = expiring(FACTS, END - timedelta(seconds=before_end_s))
    assert (found is not None) == is_soon
    if found:
        assert found == Expiring("CN=n1", ("n1.test",), END, before_end_s)


def test_how_soon_can_be_said() -> None:
    """Another time is taken as given, and zero means never before the end."""
    at = END - timedelta(days=20)
    assert expiring(FACTS, at, within_s=21 * 86400) is not None
    assert expiring(FACTS, END - timedelta(seconds=1), within_s=0) is None


def test_what_has_not_begun_does_not_end_soon() -> None:
    """A certificate of tomorrow is a finding of another kind."""
    assert expiring(FACTS, FACTS.not_before - timedelta(days=1), 1e9) is None


def test_the_line_names_certificate_and_time() -> None:
    """Days while there are several, hours at the end; the subject without names."""
    assert str(Expiring("CN=n1", ("n1.test",), END, 5 * 86400)) == (
        "the certificate of n1.test ends on 2026-06-01, in 5 days"
    )
    assert str(Expiring("CN=n1", (), END, 86400)) == (
        "the certificate of CN=n1 ends on 2026-06-01, in 24 hours"
    )


def test_a_node_is_looked_at_once_a_day() -> None:
    """At first, and again when a day has passed."""
    assert is_due(None, 5.0)
    assert not is_due(5.0, 5.0 + LOOK_EVERY_S - 1)
    assert is_due(5.0, 5.0 + LOOK_EVERY_S)
