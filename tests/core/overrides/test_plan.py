"""The order in which rules are asked, chains, and what all routes share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides, Rewrite, SidecarRule
from kurrent_conn.core.overrides.coredns import HostsEntry, NameMatch
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride

A = Endpoint("a.test", 2113)


def dials(rules: Overrides, advertised: Endpoint = A) -> list[str]:
    """Give what is dialled, best first."""
    return [str(route.dial) for route in rules.routes(advertised)]


def test_the_first_match_wins_though_exact_rules_are_indexed() -> None:
    """A suffix rule above an exact one wins, below it loses."""
    suffix = Override(suffix="test", target="svc")
    exact = Override(exact="a.test", target="b")
    assert dials(Overrides((suffix, exact))) == ["a.svc:2113"]
    assert dials(Overrides((exact, suffix))) == ["b:2113"]


def test_a_rule_may_be_about_one_advertised_port() -> None:
    """A rule for another port is passed over, an exact one too."""
    rules = Overrides(
        (
            Override(exact="a.test", port=443, target="x"),
            Override(suffix="test", port=80, target="y"),
            Override(exact="a.test", target="z:1"),
        )
    )
    assert dials(rules) == ["z:1"]
    assert dials(rules, Endpoint("a.test", 443)) == ["x:443"]
    assert dials(rules, Endpoint("a.test", 80)) == ["a.y:80"]


def test_several_targets_are_an_order_of_preference() -> None:
    """Targets in their order, then the advertised endpoint; one certificate name."""
    rules = Overrides(
        (
            Override(
                exact="a.test", target=["10.0.0.1", "b:443"], otherwise="advertised"
            ),
        )
    )
    assert rules.routes(A) == (
        Route(Endpoint("10.0.0.1", 2113), "a.test"),
        Route(Endpoint("b", 443), "a.test"),
        Route(A, "a.test"),
    )


@pytest.mark.parametrize(
    ("server_name", "expected"),
    [(None, "a.test"), ("advertised", "a.test"), ("target", "b"), ("c", "c")],
)
def test_the_certificate_name(server_name: str | None, expected: str) -> None:
    """Advertised unless the rule says otherwise; the same on every route."""
    rule = Override(
        exact="a.test", target="b", server_name=server_name, otherwise="advertised"
    )
    names = {route.server_name for route in Overrides((rule,)).routes(A)}
    assert names == {expected}


def test_continue_lets_each_target_go_on_by_itself() -> None:
    """Results come in the order of preference, ports and names are carried on."""
    rules = Overrides(
        (
            Override(
                exact="a.test",
                target=["b:443", "c"],
                server_name="db.test",
                then="continue",
            ),
            Override(exact="b", target=["b1", "b2"], port=443),
            Override(suffix="a.test", target="never"),
        )
    )
    assert dials(rules) == ["b1:443", "b2:443", "c:2113"]
    assert {route.server_name for route in rules.routes(A)} == {"db.test"}
    assert rules.route(A).rule == (
        'exact "a.test" -> b:443, c, as db.test, continue; then '
        'exact "b" -> b1, b2, port 443'
    )


def test_a_later_rule_may_ask_for_the_advertised_name_again() -> None:
    """`server_name = "advertised"` resets what a continue rule said."""
    rules = Overrides(
        (
            Override(exact="a.test", target="b", server_name="x", then="continue"),
            Override(exact="b", target="c", server_name="advertised"),
        )
    )
    assert rules.route(A).server_name == "a.test"


def test_routes_that_would_verify_different_names_are_refused() -> None:
    """Which name is verified may not depend on which route answers."""
    rules = Overrides(
        (
            Override(exact="a.test", target=["b", "c"], then="continue"),
            Override(regex="b|c", target="x", server_name="y"),
            Override(exact="c", target="z", server_name="other"),
        )
    )
    assert rules.route(A).server_name == "y"
    mixed = Overrides(
        (
            Override(exact="a.test", target=["b", "c"], then="continue"),
            Override(exact="b", target="x", server_name="y"),
        )
    )
    with pytest.raises(InvalidOverride, match="different names"):
        mixed.routes(A)


def test_a_chain_that_multiplies_is_bounded() -> None:
    """More than 64 routes are refused, and long before memory is."""
    rule = Override(suffix="test", target=["test", "x.test"], then="continue")
    with pytest.raises(InvalidOverride, match="more than 64 routes"):
        Overrides((rule,) * 30).routes(A)


def test_a_name_that_is_too_long_is_refused() -> None:
    """254 characters cannot be a host; 253 and a dot can."""
    rules = Overrides((Override(regex="(a+)+$", target="b"),))
    longest = ".".join(["a"] * 127)
    assert rules.route(Endpoint(longest + ".", 1)).rule is None
    with pytest.raises(InvalidOverride, match="at most 253"):
        rules.route(Endpoint(longest + "b", 1))
    assert Overrides().route(Endpoint(longest + "b", 1)).rule is None


def test_hosts_entries_are_asked_after_a_rewrite_stopped() -> None:
    """CoreDNS: stop ends the rewrites, then the hosts plugin runs."""
    rules = Overrides(
        (
            Rewrite(NameMatch.EXACT, "a.test", "b.test"),
            Rewrite(NameMatch.EXACT, "b.test", "c.test"),
            HostsEntry("b.test", ("10.0.0.1", "fd00::1")),
        )
    )
    assert dials(rules) == ["10.0.0.1:2113", "[fd00::1]:2113"]


def test_the_sidecar_compares_case_and_others_do_not() -> None:
    """Rules of all formats may stand in one set, each with its own semantics."""
    rules = Overrides(
        (SidecarRule("A.test", "x"), Rewrite(NameMatch.EXACT, "A.TEST", "y"))
    )
    assert dials(rules) == ["y:2113"]
    assert dials(rules, Endpoint("A.test", 2113)) == ["x:2113"]


NAMES = st.lists(st.sampled_from(["a", "b", "db-0", "x"]), min_size=1, max_size=3).map(
    ".".join
)


@given(
    st.lists(
        st.one_of(
            st.builds(lambda n: Override(exact=n, target="e" + n), NAMES),
            st.builds(lambda n: Override(regex=n, target="r"), NAMES),
            st.builds(lambda n: Override(regex=f"({n}|x.*)", target="{1}y"), NAMES),
            st.builds(lambda n: Override(suffix=n, target="s"), NAMES),
            st.builds(lambda n: SidecarRule(n, "c" + n), NAMES),
            st.builds(lambda n: SidecarRule(n, "d", regex=True), NAMES),
            st.builds(lambda n: Rewrite(NameMatch.REGEX, n, "z"), NAMES),
            st.builds(lambda n: Rewrite(NameMatch.EXACT, n, "w"), NAMES),
        ),
        max_size=12,
    ),
    NAMES,
)
def test_index_and_screens_never_change_who_matches_first(
    rules: list[Override | Rewrite | SidecarRule], host: str
) -> None:
    """The set answers as its first rule that matches when it stands alone."""
    asked = Endpoint(host, 2113)
    alone = (Overrides((rule,)).route(asked) for rule in rules)
    first = next((route for route in alone if route.rule is not None), None)
    together = Overrides(tuple(rules)).route(asked)
    assert together == (first or Route(asked, host))
    assert together.rule == (first.rule if first else None)
