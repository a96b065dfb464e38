"""The arguments of a rewrite line: taken, dropped with a note, or refused."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.coredns import EVERYWHERE, NameMatch, Rewrite
from kurrent_conn.core.overrides.rewrite_line import Line
from kurrent_conn.core.overrides.rule import Then
from kurrent_conn.errors import InvalidOverride

ALL = (NameMatch.SUFFIX, ".")


def line(text: str) -> Line:
    """Read a line without its first word."""
    return Line(text.split(), EVERYWHERE)


def test_keywords_are_read_in_any_case_and_have_defaults() -> None:
    """`stop` and `exact` are what is meant when nothing is said."""
    expected = Rewrite(NameMatch.EXACT, "A", "b", Then.STOP)
    assert line("name A b").rule == expected
    assert line("STOP Name EXACT A b").rule == expected
    continued = line("Continue name suffix a b answer auto").rule
    assert continued == Rewrite(NameMatch.SUFFIX, "a", "b", Then.CONTINUE)


def test_answer_rules_are_dropped_with_a_note() -> None:
    """They change a DNS reply, and there is none; `answer auto` is not worth a word."""
    assert "dropped" in line("name regex (a) b answer name (b) a").note
    assert "dropped" in line("name suffix a b answer auto value (b) {1}").note
    assert not line("name suffix a b answer auto").note


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("ttl a.test 30", (NameMatch.EXACT, "a.test")),
        ("ttl suffix test 5-10", (NameMatch.SUFFIX, "test")),
        ("ttl regex a+ -10", (NameMatch.REGEX, "a+")),
        ("rcode prefix a NXDOMAIN 0", (NameMatch.PREFIX, "a")),
        ("rcode a SERVFAIL NOERROR", (NameMatch.EXACT, "a")),
        ("type A CNAME", ALL),
        ("type ANY HINFO", None),
        ("class IN CH", ALL),
        ("class CH IN", None),
        ("cname a b", ALL),
        ("cname regex a b", ALL),
        ("edns0 nsid set", ALL),
        ("edns0 local set 0xffee 0x61 revert", ALL),
        ("edns0 local unset 0xffee", ALL),
        ("edns0 subnet replace 24 56", None),
    ],
)
def test_other_fields_change_no_name_but_may_end_the_rules(
    text: str, matched: tuple[NameMatch, str] | None
) -> None:
    """CoreDNS stops at the first rule that matches, of whatever field."""
    stopped = line(text)
    expected = None if matched is None else Rewrite(*matched, None)
    assert stopped.rule == expected
    assert "dropped" in stopped.note
    assert line("continue " + text).rule is None


@pytest.mark.parametrize(
    "text",
    [
        "", "stop", "answer name a b", "view a b", "name glob a b", "name a",
        "name suffix a b answer auto name a b", "name suffix a b answer auto auto x",
        "name suffix a b answer name a", "name suffix a b answer name ( b",
        "ttl a", "ttl a x", "ttl a -", "ttl a 10-5", "ttl a 1-2-3", "ttl a 4294967296",
        "ttl glob a 1", "ttl regex ( 1", "ttl exact a 1 2",
        "rcode a NXDOMAIN", "rcode a 24 0", "rcode a 0 NOPE", "type A", "class IN",
        "class IN XX", "cname a", "cname glob a b", "cname regex ( b", "edns0 local",
        "edns0 cookie set", "edns0 nsid drop", "edns0 nsid set x",
    ],
)  # fmt: skip
def test_what_coredns_refuses_is_refused(text: str) -> None:
    """A Corefile that passes here is one that CoreDNS loads."""
    with pytest.raises(InvalidOverride):
        line(text)
