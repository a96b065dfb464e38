"""Reading a Corefile: zones, ports, hosts blocks, notes."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import InvalidOverride

WHOLE = """
(common) {
    errors
    rewrite name shared.test from-snippet.test
}
.:53 {
    import common
    hosts {
        10.0.0.1 a.test b.test     # two names
        fd00::1  a.test
        10.0.0.9 *.wild.test
        fallthrough
        ttl 60
    }
    rewrite name suffix .kurrent.test .svc answer auto
    kubernetes cluster.local
    forward . /etc/resolv.conf
}
dev.kurrent.test, other.test {
    rewrite name suffix .test .elsewhere
}
"""


@pytest.mark.parametrize(
    ("host", "dialled"),
    [
        ("x.kurrent.test", ["x.svc"]),
        ("x.dev.kurrent.test", ["x.dev.kurrent.elsewhere"]),
        ("dev.kurrent.test", ["dev.kurrent.elsewhere"]),
        ("x.other.test", ["x.other.elsewhere"]),
        ("shared.test", ["from-snippet.test"]),
        ("a.test", ["10.0.0.1", "fd00::1"]),
        ("x.wild.test", ["10.0.0.9"]),
        ("x.y.wild.test", ["x.y.wild.test"]),
        ("no.rule", ["no.rule"]),
    ],
)
def test_the_block_with_the_longest_zone_answers(host: str, dialled: list[str]) -> None:
    """Rules of one block never see names of another; hosts entries give addresses."""
    rules = Overrides.from_corefile(WHOLE)
    routes = rules.routes(Endpoint(host, 2113))
    assert [route.dial.host for route in routes] == dialled
    assert {route.server_name for route in routes} == {host}


def test_a_rewrite_does_not_move_a_name_to_another_block() -> None:
    """The asked name decides about the block, whatever it is rewritten to."""
    rules = Overrides.from_corefile(
        ". {\nrewrite name a.test b.dev\n}\ndev {\nrewrite name b.dev c\n}"
    )
    assert rules.route(Endpoint("a.test", 1)).dial.host == "b.dev"
    assert rules.route(Endpoint("b.dev", 1)).dial.host == "c"


def test_hosts_comes_after_rewrite_wherever_it_is_written() -> None:
    """Plugins run in a fixed order; so a rewritten name can be a hosts entry."""
    rules = Overrides.from_corefile(
        "hosts {\n10.0.0.1 b.test\nfallthrough\n}\nrewrite name a.test b.test"
    )
    assert rules.route(Endpoint("a.test", 1)).dial.host == "10.0.0.1"


def test_each_address_family_falls_back_to_the_wildcard_alone() -> None:
    """A name with an A of its own still has the wildcard's AAAA."""
    rules = Overrides.from_corefile(
        "hosts {\n10.0.0.1 a.test\nfd00::9 *.test\n10.0.0.9 *.test\nfallthrough\n}"
    )
    routes = rules.routes(Endpoint("a.test", 1))
    assert [route.dial.host for route in routes] == ["10.0.0.1", "fd00::9"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("hosts /etc/x {\n10.0.0.1 a\nfallthrough\n}", "/etc/x is not read"),
        ("hosts {\n10.0.0.1 a\n}", "has no fallthrough"),
        ("hosts {\nx a\nfallthrough\n}", "'x' is no address"),
        ("hosts /x b.test {\n10.0.0.1 a\nfallthrough\n}", "outside its zones"),
        ("template IN A {\nmatch x\n}\nrewrite name a b", "template is not imported"),
        ("rewrite ttl a 30", "ttl has no meaning"),
        ("rewrite name regex (a) b answer name (b) {1}", "answer rules"),
        (".:53 {\n}\n.:5353 {\nrewrite name a b\n}", "not on the port"),
        (". {\nview x {\n}\nrewrite name a b\n}\n.:53 {\n}", "with a view"),
    ],
)
def test_what_is_left_out_is_noted(text: str, note: str) -> None:
    """Nothing is lost unseen."""
    assert any(note in each for each in Overrides.from_corefile(text).notes)


def test_blocks_on_another_port_alone_are_taken() -> None:
    """When nothing listens on 53, the port of the first block is what clients ask."""
    rules = Overrides.from_corefile("dns://.:1053 {\nrewrite name a b\n}")
    assert rules.route(Endpoint("a", 1)).dial.host == "b"
    reverse = Overrides.from_corefile("10.0.0.0/24 {\nrewrite name a b\n}")
    assert reverse.route(Endpoint("a", 1)).dial.host == "a"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rewrite name a {$TARGET}", "variable of the server's environment"),
        ("hosts {\n{$IP} a\n}", "variable of the server's environment"),
        ("{$ZONE} {\n}", "variable of the server's environment"),
        (". {\n}\n. {\n}", "served twice"),
        ("a..b {\n}", "is no zone"),
        ("hosts {\n1.2.3.4 a\n}\nhosts {\n1.2.3.4 b\n}", "one hosts block"),
        ("hosts {\nfallthrough\n1.2.3.4 a\n}", "above fallthrough"),
        ("hosts\n{\n}", "follows its block"),
        ("rewrite name a b {\n}", "belongs to no rule"),
        ("rewrite stop {\nname a b\n} c", "belongs to no rule"),
        ("rewrite name a b {\nc\n}", "belongs to no rule"),
    ],
)
def test_what_coredns_or_we_cannot_take_is_refused(text: str, problem: str) -> None:
    """The error names the line and what to write."""
    with pytest.raises(InvalidOverride, match=problem) as caught:
        Overrides.from_corefile(text, source="Corefile")
    assert caught.value.source == "Corefile"
    assert caught.value.rule.startswith("line ")
