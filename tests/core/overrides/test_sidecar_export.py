"""Rules as the sidecar's JSON."""

from __future__ import annotations

import json

import pytest

from kurrent_conn.core.overrides import (
    HostsEntry,
    NameMatch,
    Override,
    Overrides,
    Rewrite,
    Rule,
    Scope,
    Then,
)
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    ("rule", "host", "result"),
    [
        (Override(exact="A.test", target="10.0.0.1"), "a.test", "10.0.0.1"),
        (Override(prefix="a.", target="b."), r"a\.(.*)", "b.${1}"),
        (Override(prefix="a", target="10.0.0.1"), "a(.*)", "10.0.0.1"),
        (Override(suffix=".k", target="s"), r"(.*\.)k", "${1}s"),
        (Override(suffix="k", target="10.0.0.1"), r"((?:.*\.)?)k", "10.0.0.1"),
        (Override(wildcard="*.k", target="{1}.s"), r"([^.]+)\.k", "${1}.s"),
        (Override(regex="(a)|b", target="{1}.s"), "(?i)^(?:(a)|b)$", "${1}.s"),
        (Rewrite(NameMatch.EXACT, "a.", "$b."), "a", "$b"),
        (Rewrite(NameMatch.PREFIX, "a", "b"), r"a((?:\..*)?)", "b${1}"),
        (Rewrite(NameMatch.SUFFIX, ".a", ".b"), r"(.*)\.a", "${1}.b"),
        (Rewrite(NameMatch.REGEX, r"^(a|b)\.$", "{1}.d"), "^(?:(a|b))$", "${1}.d"),
        (Rewrite(NameMatch.REGEX, r"^(a)\.c\.$", "{2}.d"), r"^(?:(a)\.c)$", "{2}.d"),
        (HostsEntry("a", ("10.0.0.1",)), "a", "10.0.0.1"),
        (HostsEntry("*.a", ("10.0.0.1",)), r"[^.]+\.a", "10.0.0.1"),
    ],
    ids=str,
)  # fmt: skip
def test_the_entry_of_a_rule(rule: Rule, host: str, result: str) -> None:
    """Names are literal, everything else is a pattern for the whole name."""
    (entry,) = json.loads(Overrides((rule,)).to_sidecar())["rules"]
    assert (entry["host"], entry["result"]) == (host, result)


REWRITE = Rewrite(NameMatch.EXACT, "x", "y")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((Override(exact="a", target="b:1"),), "dials a port"),
        ((Override(exact="a", target="b", port=1),), "matches a port"),
        ((Override(exact="a", target="b", server_name="c"),), "names server_name"),
        ((Override(exact="a", target="b", otherwise="advertised"),), "has otherwise"),
        ((Override(exact="a", target=["b", "c"]),), "several targets"),
        ((Override(exact="a", target="b", then="continue"),), "goes on"),
        ((Override(exact="a", target="{1}"),), "is no host"),
        ((Override(substring="a", target="b"),), "nothing like substring"),
        ((Override(cidr="10.0.0.0/8", target="b"),), "nothing like cidr"),
        ((Override(regex="(a)", target="{1}"),), "ends in a group"),
        ((Rewrite(NameMatch.EXACT, "a", "b", Then.CONTINUE),), "goes on"),
        ((Rewrite(NameMatch.EXACT, "a", None),), "without a result"),
        ((Rewrite(NameMatch.EXACT, "a", "b", scope=Scope(("c",))),), "one server"),
        ((Rewrite(NameMatch.EXACT, r"a\.b", "c"),), "has an escape"),
        ((Rewrite(NameMatch.SUBSTRING, "a", "b"),), "nothing like substring"),
        ((Rewrite(NameMatch.REGEX, "(a)", "b"),), "is not of the form"),
        ((Rewrite(NameMatch.REGEX, r"^a|b\.$", "b"),), "alternatives at its top"),
        ((Rewrite(NameMatch.REGEX, r"^(a)\.$", "{0}"),), "trailing dot"),
        ((HostsEntry("a", ("10.0.0.1", "10.0.0.2")),), "several addresses"),
        ((HostsEntry("a", ("10.0.0.1",), Scope(("c",))),), "one server"),
        ((HostsEntry("a", ("10.0.0.1",)), REWRITE), "what the rewrites make"),
    ],
    ids=str,
)
def test_what_has_no_form_is_refused_by_name(
    rules: tuple[Rule, ...], reason: str
) -> None:
    """The error names each rule and why."""
    with pytest.raises(InvalidOverride, match=reason) as caught:
        Overrides(rules).to_sidecar()
    assert "rule 1 (" in caught.value.problem
