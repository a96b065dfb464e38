"""Semantics of CoreDNS that its own cases do not show."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import HostsEntry, NameMatch, Overrides, Rewrite
from kurrent_conn.core.overrides.coredns_match import asked_name, fully_qualified
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a.test", "a.test."),
        ("a b", r"a\ b."),
        ("a(b", r"a\(b."),
        (r"a\.b", r"a\.b."),
        (r"a\065", "aa."),
        (r"\255", r"\255."),
        ("ä", r"\195\164."),
    ],
)
def test_special_characters_arrive_escaped(host: str, name: str) -> None:
    """As the DNS library writes names."""
    assert asked_name(host) == name


@pytest.mark.parametrize(
    ("name", "full"), [("A", "a."), ("a.", "a."), ("a\\.", "a\\.."), ("", ".")]
)
def test_names_are_completed(name: str, full: str) -> None:
    """An escaped dot at the end is no end."""
    assert fully_qualified(name) == full


def dialled(rule: Rewrite | HostsEntry, host: str) -> str:
    """Give what is dialled for a host."""
    return Overrides((rule,)).route(Endpoint(host, 1)).dial.host


@pytest.mark.parametrize(
    ("match", "source", "target", "host", "expected"),
    [
        (NameMatch.PREFIX, "db-", "kdb-", "db-0.x", "db-0.x"),
        (NameMatch.SUBSTRING, "b.c", "x", "ab.c.d", "ax.d"),
        (NameMatch.SUBSTRING, "b.c", "x", "a.b.cc.d", "a.b.cc.d"),
        (NameMatch.SUBSTRING, "a", "b", "a.a.c", "b.b.c"),
        (NameMatch.SUFFIX, "com", "org", "foo.telecom", "foo.teleorg"),
        (NameMatch.REGEX, "(a)", "x.{2}", "a", "x.{2}"),
        (NameMatch.REGEX, "(a)", "${1}.b", "a", "$a.b"),
        (NameMatch.REGEX, "(A)", "x", "a", "a"),
        (NameMatch.REGEX, "(?i)(A)", "x", "a", "x"),
        (NameMatch.REGEX, "(x)?a", "y{1}.b", "a", "y.b"),
        (NameMatch.EXACT, r"a\.b", "x", r"a\.b", "x"),
    ],
)
def test_what_surprises(
    match: NameMatch, source: str, target: str, host: str, expected: str
) -> None:
    """Whole labels for prefix, cut labels for suffix, text that is no group."""
    assert dialled(Rewrite(match, source, target), host) == expected


@pytest.mark.parametrize(
    ("match", "source", "target"),
    [
        (NameMatch.EXACT, "a", "c(b"),
        (NameMatch.EXACT, "{1}", "b"),
        (NameMatch.REGEX, "(a", "b"),
        (NameMatch.REGEX, "a", "{0}"),
        (NameMatch.REGEX, "(a)", "{1}{0}"),
    ],
)
def test_what_is_refused_at_load(match: NameMatch, source: str, target: str) -> None:
    """TO of an exact rule is compiled too, and `{n}` are counted."""
    with pytest.raises(InvalidOverride):
        Overrides((Rewrite(match, source, target),))


def test_an_exact_target_that_is_a_pattern_passes() -> None:
    """`{1}` in FROM is allowed when TO, read as a pattern, has a group."""
    assert dialled(Rewrite(NameMatch.EXACT, "a", "(b)"), "a") == "(b)"


def test_a_hosts_wildcard_is_one_label() -> None:
    """The leftmost label, whatever it is."""
    entry = HostsEntry("*.a.test", ("10.0.0.1",))
    assert dialled(entry, "x.a.test") == "10.0.0.1"
    assert dialled(entry, "x.y.a.test") == "x.y.a.test"
    assert dialled(entry, "a.test") == "a.test"
