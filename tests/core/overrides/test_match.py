"""What each kind of rule of ours means."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.errors import InvalidOverride


def dialled(rule: Override, host: str) -> str | None:
    """Give the dialled host; None when the rule does not match."""
    route = Overrides((rule,)).route(Endpoint(host, 2113))
    return None if route.rule is None else route.dial.host


@pytest.mark.parametrize(
    ("rule", "host", "expected"),
    [
        (Override(exact="a.test", target="b.test"), "A.Test.", "b.test"),
        (Override(exact="a.test", target="b.test"), "x.a.test", None),
        (Override(exact="[fd00::1]", target="[fd00::2]"), "fd00::1", "fd00::2"),
        (Override(prefix="mydb-", target="kdb-"), "mydb-0.x", "kdb-0.x"),
        (Override(prefix="mydb-", target="10.0.0.1"), "mydb-0.x", "10.0.0.1"),
        (Override(prefix="mydb-", target="kdb-"), "x.mydb-0", None),
        (Override(prefix="foo.", target="bar."), "foo.test", "bar.test"),
        (Override(exact="a", target="b.test."), "a", "b.test"),
        (Override(suffix="k.test", target="svc"), "a.b.k.test", "a.b.svc"),
        (Override(suffix="k.test", target="svc"), "k.test", "svc"),
        (Override(suffix=".k.test", target="svc"), "k.test", None),
        (Override(suffix=".k.test", target="svc"), "a.k.test", "a.svc"),
        (Override(suffix="k.test", target=".svc"), "a.k.test", "a.svc"),
        (Override(suffix="k.test", target="svc"), "ak.test", None),
        (Override(suffix="k.test", target="10.0.0.1"), "a.k.test", "10.0.0.1"),
        (Override(substring="eu", target="us"), "eu1.eu.test", "us1.us.test"),
        (Override(substring="eu", target="us"), "a.test", None),
        (Override(regex=r"db-(\d+)\.t", target="n{1}.svc"), "DB-7.t", "n7.svc"),
        (Override(regex=r"db-\d", target="x"), "db-12", None),
        (Override(regex=r"a|ab", target="x"), "ab", "x"),
        (Override(regex=r"(a)?b", target="x{1}y.{0}"), "b", "xy.b"),
        (Override(regex="DB-0", target="x"), "db-0", "x"),
        (Override(wildcard="*.k.test", target="{1}.svc"), "a.k.test", "a.svc"),
        (Override(wildcard="*.k.test", target="{1}.svc"), "a.b.k.test", None),
        (Override(wildcard="db-*.*", target="{2}.{1}.{0}"), "db-0.t", "t.0.db-0.t"),
        (Override(wildcard="db-*.t", target="x"), "db-.t", None),
        (Override(wildcard="db-*.t", target="x"), "db-0.u", None),
        (Override(cidr="10.0.0.0/8", target="db.test"), "10.1.2.3", "db.test"),
        (Override(cidr="10.0.0.0/8", target="db.test"), "11.1.2.3", None),
        (Override(cidr="10.0.0.0/8", target="db.test"), "db.test", None),
        (Override(cidr="10.0.0.0/8", target="db.test"), "10.x.1", None),
        (Override(cidr="fd00::/8", target="db.test"), "fd00::7", "db.test"),
    ],
    ids=str,
)
def test_what_a_rule_makes_of_a_host(
    rule: Override, host: str, expected: str | None
) -> None:
    """Each kind matches as the overrides file says, and replaces its part."""
    assert dialled(rule, host) == expected


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Override(regex="(", target="x"), "is not RE2"),
        (Override(regex="(?=a)", target="x"), "is not RE2"),
        (Override(regex="a" * 10_001, target="x"), "at most 10000"),
        (Override(regex=r"\C", target="x"), "splits characters"),
        (Override(regex="a", target="{1}"), r"has no group"),
        (Override(regex="(a)", target="{2}"), r"has the groups \{0\} to \{1\}"),
        (Override(wildcard="a.test", target="x"), "has no star"),
        (Override(wildcard="*-*.test", target="x"), "several stars"),
        (Override(wildcard="*.test", target="{2}"), "refers to"),
        (Override(cidr="10.0.0.1/8", target="x"), "is no network"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_used_is_refused_when_loaded(
    rule: Override, problem: str
) -> None:
    """The error carries the number and the text of the rule, and the reason."""
    good = Override(exact="a", target="b")
    with pytest.raises(InvalidOverride, match=problem) as caught:
        Overrides((good, rule), "my.toml")
    assert caught.value.rule == f"rule 2 ({rule})"
    assert caught.value.source == "my.toml"


@pytest.mark.parametrize(
    ("rule", "host"),
    [
        (Override(exact="a", target="b..c"), "a"),
        (Override(exact="a", target="b c"), "a"),
        (Override(exact="a", target="{1}"), "a"),
        (Override(prefix="a", target="x."), "a.b"),
        (Override(regex="(a*)b", target="{1}.test"), "b"),
        (Override(suffix="b", target="x" * 64), "a.b"),
        (Override(suffix="b", target=".".join(["x" * 60] * 4)), "aaaaaaaaaaaaaaa.b"),
    ],
    ids=str,
)
def test_a_result_that_is_no_host_is_refused_when_used(
    rule: Override, host: str
) -> None:
    """Loading passes; asking raises with rule, host and result."""
    rules = Overrides((rule,))
    with pytest.raises(InvalidOverride, match="which is no host") as caught:
        rules.routes(Endpoint(host, 2113))
    assert caught.value.rule == f"rule 1 ({rule})"
