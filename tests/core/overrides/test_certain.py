"""The short ways through the rules lead where the long one does."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.overrides.certain import certain_rules
from kurrent_conn.core.overrides.plan import Plan
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride

HOSTS = ("a.test", "b.test", "A.test", "a.test.", "10.0.0.1")
TARGETS = ("b.test", "c.test:443", "10.0.0.9", "b.test.", "a.test")


def rule(
    kind: str, host: str, targets: list[str], port: int | None, extra: dict[str, str]
) -> Override | None:
    """Make a rule; None where these words make none."""
    with suppress(InvalidOverride):
        return Override(**{kind: host}, target=tuple(targets), port=port, **extra)
    return None


RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from(["exact", "exact", "exact", "suffix", "regex", "wildcard"]),
        st.sampled_from([*HOSTS, "*.test"]),
        st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2),
        st.sampled_from([None, None, 2113, 443]),
        st.sampled_from(
            [
                {},
                {},
                {"then": "continue"},
                {"otherwise": "advertised"},
                {"server_name": "target"},
                {"server_name": "x.test"},
            ]
        ),
    ).filter(lambda made: made is not None),
    max_size=5,
)
ENDPOINTS = st.builds(Endpoint, st.sampled_from(HOSTS), st.sampled_from([2113, 443]))


def outcome(plan: Plan, advertised: Endpoint, *, short: bool) -> object:
    """Give the routes with the text of their rules, or the error."""
    try:
        routes = plan.routes(advertised) if short else plan._all(advertised)
    except InvalidOverride as error:
        return str(error)
    return [(route, route.rule) for route in routes]


@given(RULES, ENDPOINTS)
def test_the_short_ways_change_nothing(
    rules: list[Override], advertised: Endpoint
) -> None:
    """Routes, texts and errors are those of the walk through all rules."""
    try:
        plan = Overrides(tuple(rules))._plan
    except InvalidOverride:
        return
    assert outcome(plan, advertised, short=True) == outcome(
        plan, advertised, short=False
    )


@pytest.mark.parametrize(
    ("rules", "certain"),
    [
        ((Override(exact="A.test", target="b.test"),), {"a.test"}),
        ((Override(exact="a.test", target="b.test", port=2113),), set()),
        ((Override(exact="a.test", target=("b.test", "c.test")),), set()),
        ((Override(exact="a.test", target="b.test", then="continue"),), set()),
        (
            (Override(exact="a.test", target="b.test", otherwise="advertised"),),
            set(),
        ),
        (
            (
                Override(exact="a.test", target="b.test", port=2113),
                Override(exact="a.test", target="c.test"),
            ),
            set(),
        ),
        (
            (
                Override(exact="a.test", target="b.test"),
                Override(suffix="test", target="other"),
                Override(exact="b.test", target="c.test"),
            ),
            {"a.test"},
        ),
    ],
    ids=[
        "plain",
        "with a port",
        "two targets",
        "continues",
        "otherwise",
        "second for its host",
        "behind a suffix",
    ],
)
def test_what_is_certain(rules: tuple[Override, ...], certain: set[str]) -> None:
    """Only an exact rule that no other rule can get ahead of, with one plain result."""
    plan = Overrides(rules)._plan
    assert set(certain_rules(rules, plan.ready)) == certain


def test_the_port_is_kept_unless_the_rule_has_one() -> None:
    """A certain rule maps host and port as any other."""
    rules = Overrides(
        (
            Override(exact="a.test", target="b.test"),
            Override(exact="c.test", target="d.test:443"),
        )
    )
    assert rules.route(Endpoint("a.test", 7)).dial == Endpoint("b.test", 7)
    assert rules.route(Endpoint("a.test", 2113)).dial == Endpoint("b.test", 2113)
    assert rules.routes(Endpoint("c.test", 7)) == (
        Route(Endpoint("d.test", 443), "c.test"),
    )
