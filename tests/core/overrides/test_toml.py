"""The overrides file."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import (
    HostsEntry,
    NameMatch,
    Override,
    Overrides,
    Rewrite,
    Scope,
    SidecarRule,
    Then,
)
from kurrent_conn.core.overrides import toml as format_module
from kurrent_conn.errors import InvalidOverride


def test_every_key_of_a_rule_is_read() -> None:
    """The keys are the words of `Override`."""
    rules = Overrides.from_toml(
        """
        [[override]]
        wildcard = "*.kurrent.test"
        port = 2113
        target = ["{1}.svc:443", "[fd00::1]"]
        server_name = "db.test"
        then = "continue"
        otherwise = "advertised"
        """
    )
    assert rules.rules == (
        Override(
            wildcard="*.kurrent.test",
            port=2113,
            target=("{1}.svc:443", "[fd00::1]"),
            server_name="db.test",
            then=Then.CONTINUE,
            otherwise="advertised",
        ),
    )


def test_imported_rules_are_carried_in_the_words_of_their_format() -> None:
    """Order, zones and semantics are kept."""
    rules = Overrides.from_toml(
        r"""
        [[override]]
        rewrite = 'continue name regex "a b" {0}x'
        zones = ["a.test", "."]
        not_zones = ["b.a.test"]
        [[override]]
        rewrite = "ttl suffix a 30"
        [[override]]
        hosts = "*.c"
        target = ["10.0.0.1"]
        [[override]]
        sidecar = { host = '(d)\.e', result = "$1", regex = true }
        """.replace("{0}", "")
    )
    assert rules.rules == (
        Rewrite(
            NameMatch.REGEX,
            "a b",
            "x",
            Then.CONTINUE,
            Scope(("a.test", ""), ("b.a.test",)),
        ),
        Rewrite(NameMatch.SUFFIX, "a", None),
        HostsEntry("*.c", ("10.0.0.1",)),
        SidecarRule(r"(d)\.e", "$1", regex=True),
    )
    assert Overrides.from_toml(rules.to_toml()) == rules


def test_the_documented_file_is_read() -> None:
    """The example in the module's docstring loads, line by line."""
    text = (format_module.__doc__ or "").split("in order.", 1)[1]
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    rules = Overrides.from_toml("\n".join(lines))
    assert len(rules) == 4
    assert rules.route(Endpoint("db-7.my", 2113)).dial.host == "db-7.svc"


def test_a_file_without_rules_is_an_empty_set() -> None:
    """An empty set is written so that it can be read again."""
    assert Overrides.from_text(Overrides().to_toml()) == Overrides()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[override]", "is not TOML"),
        ("rule = 1", "has the key 'rule'"),
        ("[override]\nexact = 'a'", "two brackets"),
        ("override = [1]", "rule 1: is not a table"),
        ("[[override]]\nexcat = 'a'", "rule 1: the key 'excat' is not known"),
        ("[[override]]\nexact = 'a'", "rule 1: there is no target"),
        ("[[override]]\nexact = 1\ntarget = 'b'", "exact is a string in quotes"),
        ("[[override]]\nexact = 'a'\ntarget = [1]", "target is a string in quotes"),
        ("[[override]]\nexact = 'a'\ntarget = 'b'\nport = '1'", "port is a number"),
        ("[[override]]\nexact = 'a'\ntarget = 'b'\nport = true", "port is a number"),
        ("[[override]]\nrewrite = 'name a'", "needs FROM and TO"),
        ("[[override]]\nrewrite = 'continue ttl a 1'", "dropped"),
        ("[[override]]\nrewrite = 'name a b'\ntarget = 'c'", "'target' is not known"),
        ("[[override]]\nhosts = 'a'\ntarget = 'b'", "needs addresses, not 'b'"),
        ("[[override]]\nhosts = 'a'\ntarget = []", "needs an address"),
        ("[[override]]\nsidecar = 'a'", "sidecar is a table"),
        ("[[override]]\nsidecar = { host = 'a' }", "result is a string in quotes, abs"),
        (
            "[[override]]\nsidecar = { host = 'a', result = 'b', regex = 1 }",
            "regex is true or false",
        ),
    ],
)
def test_a_wrong_file_names_the_rule_and_the_mistake(text: str, problem: str) -> None:
    """Nothing is guessed; an unknown key is never ignored."""
    with pytest.raises(InvalidOverride, match=problem) as caught:
        Overrides.from_toml(text, source="my.toml")
    assert caught.value.source == "my.toml"
