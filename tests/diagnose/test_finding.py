"""Findings that differ in their endpoints alone are one."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn import Endpoint
from kurrent_conn.diagnose import Finding, Severity, Trouble
from kurrent_conn.diagnose.finding import joined

ONE, TWO = Endpoint("n1"), Endpoint("n2")
EXPIRED = Finding(
    Trouble.EXPIRED,
    Severity.PROBLEM,
    (ONE,),
    "a certificate has ended",
    ("seen at n1",),
)


def test_alike_ones_are_joined() -> None:
    """Endpoints and evidence add up, each once."""
    other = replace(EXPIRED, subjects=(TWO,), evidence=("seen at n2", "seen at n1"))
    (found,) = joined((EXPIRED, other, EXPIRED))
    assert found.subjects == (ONE, TWO)
    assert found.evidence == ("seen at n1", "seen at n2")


def test_the_gravest_comes_first() -> None:
    """Problems, then warnings, then notes; otherwise as they came."""
    note = replace(EXPIRED, trouble=Trouble.EXPIRES_SOON, severity=Severity.NOTE)
    warning = replace(EXPIRED, trouble=Trouble.DEAD_SEED, severity=Severity.WARNING)
    order = [each.severity for each in joined((note, warning, EXPIRED))]
    assert order == list(Severity)


def test_what_counts() -> None:
    """Problems and warnings do, notes and what was accepted do not."""
    assert EXPIRED.counts
    assert not replace(EXPIRED, severity=Severity.NOTE).counts
    assert not replace(EXPIRED, is_accepted=True).counts


def test_it_is_written_on_one_line() -> None:
    """Kind, endpoints, what is wrong."""
    assert str(EXPIRED) == "expired-certificate at n1:2113: a certificate has ended"
