"""A pattern's `*` stands for exactly one label."""

from __future__ import annotations

import pytest

from kurrent_conn.core.trusted_name import matches


@pytest.mark.parametrize(
    ("host", "pattern", "expected"),
    [
        ("a.kurrent.test", "*.kurrent.test", True),
        ("A.Kurrent.Test.", "*.kurrent.test", True),
        ("a.b.kurrent.test", "*.kurrent.test", False),
        ("kurrent.test", "*.kurrent.test", False),
        ("mydb-0.mydb.ns.svc", "*.mydb.*.svc", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("evil.test", "kurrent.test", False),
        ("kurrent.test.evil", "*.test", False),
    ],
)
def test_patterns(host: str, pattern: str, expected: bool) -> None:
    """Labels are compared one by one, without case and trailing dot."""
    assert matches(host, [pattern]) is expected


def test_no_pattern_matches_nothing() -> None:
    """An empty list refuses every host."""
    assert not matches("a.test", [])
