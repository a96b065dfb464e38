"""Rules as a Corefile: the text that a person reads, and what is refused."""

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
from kurrent_conn.errors import InvalidOverride

LINE = "rewrite stop name"
ALIAS = "kurrent-conn-1.invalid"
ALIAS_ENTRY = f"hosts {{\n    10.0.0.1 {ALIAS}\n    fallthrough\n}}\n"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Override(exact="a.test", target="b"), f"{LINE} exact a.test b\n"),
        (
            Override(suffix=".k.test", target="svc"),
            f"{LINE} suffix .k.test .svc answer auto\n",
        ),
        (
            Override(suffix="k.test", target="svc"),
            f"{LINE} suffix .k.test .svc answer auto\n{LINE} exact k.test svc\n",
        ),
        (
            Override(suffix="k", target="s", then="continue"),
            "rewrite continue name regex ^((?:.*\\.)?)k\\.$ {1}s answer auto\n",
        ),
        (
            Override(prefix="a.b", target="c"),
            f"{LINE} regex ^a\\.b(.*)\\.$ c{{1}} answer auto\n",
        ),
        (
            Override(prefix="eu-", target="eu."),
            (f"{LINE} regex ^eu-(.+)\\.$ eu.{{1}} answer auto\n{LINE} exact eu- eu\n"),
        ),
        (
            Override(prefix="a.", target="b."),
            f"{LINE} regex ^a\\.(.*)\\.$ b.{{1}} answer auto\n",
        ),
        (
            Override(wildcard="db-*.t", target="{1}.{0}.s"),
            f"{LINE} regex ^(db-([^.]+)\\.t)\\.$ {{2}}.{{1}}.s answer auto\n",
        ),
        (
            Override(regex="(A#)$", target="{1}.s"),
            f'{LINE} regex "^(?i:(A#))\\.$" {{1}}.s answer auto\n',
        ),
        (
            Override(exact="a.test", target=["10.0.0.1", "fd00::1"]),
            "hosts {\n    10.0.0.1 a.test\n    fd00::1 a.test\n    fallthrough\n}\n",
        ),
        (
            Override(suffix=".k", target="10.0.0.1"),
            f"{LINE} regex ^(.*\\.)k\\.$ {ALIAS} answer auto\n{ALIAS_ENTRY}",
        ),
        (
            SidecarRule(r"(?P<n>a)\.t", "${n}.s", regex=True),
            f"{LINE} regex ^(?:(?P<n>a)\\.t)\\.$ {{1}}.s answer auto\n",
        ),
        (
            Rewrite(NameMatch.SUBSTRING, "a", "b"),
            f"{LINE} substring a b answer auto\n",
        ),
        (
            Rewrite(NameMatch.PREFIX, "a", None),
            "rewrite stop ttl prefix a 0-4294967295\n",
        ),
    ],
    ids=str,
)
def test_the_text_of_a_rule(rule: Rule, text: str) -> None:
    """Each kind has one form, and it is read back."""
    rules = Overrides((rule,))
    assert rules.to_corefile() == text
    assert len(Overrides.from_corefile(text)) >= 1


def test_an_alias_is_used_where_a_hosts_entry_would_catch_too_much() -> None:
    """A rule that makes `b` must not run into the entry of another rule for `b`."""
    rules = Overrides.from_mapping({"a": "b", "b": "10.0.0.1"})
    again = Overrides.from_corefile(rules.to_corefile())
    for host in ("a", "b"):
        asked = Endpoint(host, 2113)
        assert again.routes(asked) == rules.routes(asked)
    assert again.route(Endpoint("a", 2113)).dial.host == "b"


def test_the_sidecars_case_is_said() -> None:
    """CoreDNS cannot compare case, and a comment says so."""
    text = Overrides((SidecarRule("A.test", "b"),)).to_corefile()
    assert text.startswith("# the sidecar compares upper and lower case")


def test_server_blocks_are_written_for_zones() -> None:
    """A zone that only excludes names gets a block of its own."""
    scope = Scope(("",), ("k.test",))
    rules = Overrides((Rewrite(NameMatch.EXACT, "a", "b", scope=scope),))
    again = Overrides.from_corefile(rules.to_corefile())
    assert again == rules


WITH_PORT = Override(exact="a", target="b:1")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((WITH_PORT,), "dials a port"),
        ((Override(exact="a", target="b", port=1),), "matches a port"),
        ((Override(exact="a", target="b", server_name="c"),), "names server_name"),
        ((Override(exact="a", target="b", otherwise="advertised"),), "has otherwise"),
        ((Override(exact="a", target=["b", "c"]),), "several names"),
        ((Override(exact="a", target="10.0.0.1", then="continue"),), "goes on with"),
        ((Override(exact="a", target=["fd00::1", "10.0.0.1"]),), "IPv4 before IPv6"),
        ((Override(exact="a", target="fe80::1%eth0"),), "no IPv6 scope"),
        ((Override(exact="a", target="b c"),), "is no host"),
        ((Override(substring="a", target="b"),), "nothing like substring"),
        ((Override(cidr="10.0.0.0/8", target="b"),), "nothing like cidr"),
        ((Override(regex="a$|b", target="c"),), "anchor for the end"),
        ((Override(regex=r"\Qa", target="c"),), r"without \\E"),
        ((Override(regex="(a)", target="{1}"),), "ends in a group"),
        ((SidecarRule("a|b", "c", regex=True),), "alternative"),
        ((SidecarRule("a*?", "c", regex=True),), "lazy"),
        ((SidecarRule("a", "{1}", regex=True),), "braces as text"),
        ((SidecarRule("(a)", "$1", regex=True),), "ends in a group"),
        ((Rewrite(NameMatch.EXACT, "a b\\", "c"),), "no way to quote"),
        (
            (HostsEntry("a", ("10.0.0.1",)), Override(exact="b", target="c")),
            "results of other rules",
        ),
        (
            (HostsEntry("a", ("10.0.0.1",)), Rewrite(NameMatch.EXACT, "b", "c")),
            "after all rewrites",
        ),
        (
            (
                Rewrite(NameMatch.EXACT, "b", "c"),
                Rewrite(NameMatch.EXACT, "b", "c", scope=Scope(("d",))),
            ),
            "overlaps",
        ),
    ],
    ids=str,
)
def test_what_has_no_form_is_refused_by_name(
    rules: tuple[Rule, ...], reason: str
) -> None:
    """The error carries the source, each rule with its number, and the reason."""
    given = Overrides((*rules, WITH_PORT) if len(rules) == 1 else rules, "my.toml")
    with pytest.raises(InvalidOverride, match=reason) as caught:
        given.to_corefile()
    assert caught.value.source == "my.toml"
    assert "rule 1 (" in caught.value.problem
