"""Examples of what a rule matches."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import (
    HostsEntry,
    NameMatch,
    Override,
    Overrides,
    Rewrite,
    Rule,
    Scope,
    SidecarRule,
)
from kurrent_conn.core.overrides.examples import examples_of

X = Scope(("x",))


@pytest.mark.parametrize(
    "rule",
    [
        Override(exact="A.test.", target="b"),
        Override(prefix="A", target="b"),
        Override(suffix="a.test", target="b"),
        Override(suffix=".a.test", target="b"),
        Override(substring="a", target="b"),
        Override(wildcard="db-*.*.test", target="b"),
        Override(cidr="fd00::/8", target="b"),
        Rewrite(NameMatch.EXACT, "a.", "b"),
        Rewrite(NameMatch.PREFIX, "a", "b", scope=X),
        Rewrite(NameMatch.SUFFIX, ".a", ".b"),
        Rewrite(NameMatch.SUFFIX, ".", ".b."),
        Rewrite(NameMatch.SUBSTRING, "a.b", "c"),
        HostsEntry("*.a", ("10.0.0.1",)),
        SidecarRule("A", "b"),
    ],
    ids=str,
)
def test_a_rule_matches_its_examples(rule: Rule) -> None:
    """Else nothing could be concluded from them."""
    hosts = examples_of(rule)
    assert hosts
    for host in hosts:
        assert Overrides((rule,)).route(Endpoint(host, 1)).rule is not None


@pytest.mark.parametrize(
    "rule",
    [
        Override(regex="a", target="b"),
        Rewrite(NameMatch.REGEX, "a", "b"),
        Rewrite(NameMatch.EXACT, ".", "b"),
        Rewrite(NameMatch.PREFIX, ".", "b"),
        Rewrite(NameMatch.SUBSTRING, ".", "b"),
        SidecarRule("a", "b", regex=True),
    ],
    ids=str,
)
def test_what_cannot_be_read_backwards_has_none(rule: Rule) -> None:
    """A regex, and names that no host has."""
    assert examples_of(rule) == ()
