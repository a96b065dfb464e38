"""Rules of a Corefile as values, and the reach of a server block."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides import HostsEntry, NameMatch, Rewrite, Scope, Then


@pytest.mark.parametrize(
    ("scope", "host", "expected"),
    [
        (Scope(), "a.test", True),
        (Scope(("",), ("k.test",)), "a.test", True),
        (Scope(("",), ("k.test",)), "a.k.test", False),
        (Scope(("k.test",), ("b.k.test",)), "a.k.test", True),
        (Scope(("k.test",), ("b.k.test",)), "k.test", True),
        (Scope(("k.test",), ("b.k.test",)), "x.b.k.test", False),
        (Scope(("k.test",)), "xk.test", False),
        (Scope(("k.test",)), "test", False),
    ],
)
def test_the_longest_zone_answers(scope: Scope, host: str, *, expected: bool) -> None:
    """Zones match at label boundaries only."""
    assert scope.covers(host) is expected


def test_rules_are_written_on_one_line() -> None:
    """As a Corefile has them, without options."""
    rule = Rewrite(NameMatch.SUFFIX, ".a", ".b", Then.CONTINUE)
    assert str(rule) == "rewrite continue name suffix .a .b"
    ends = Rewrite(NameMatch.EXACT, "a", None)
    assert str(ends) == "rewrite stop (another field) exact a"
    assert str(HostsEntry("a", ("10.0.0.1", "fd00::1"))) == "hosts 10.0.0.1 fd00::1 a"
