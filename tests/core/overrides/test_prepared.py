"""Every kind of rule behind one face."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides import (
    HostsEntry,
    NameMatch,
    Override,
    Rewrite,
    Rule,
    Scope,
    SidecarRule,
    Then,
)
from kurrent_conn.core.overrides.prepared import After, Asked, Spelling, prepare

GO_ON = Then.CONTINUE


@pytest.mark.parametrize(
    ("rule", "after", "key", "screened"),
    [
        (Override(exact="A.", target="b"), After.NOTHING, "a", None),
        (Override(prefix="a", target="b", then="continue"), After.ALL, None, None),
        (Override(regex="a", target="b"), After.NOTHING, None, Spelling.LOWER),
        (Rewrite(NameMatch.EXACT, "A", "b"), After.HOSTS_ENTRIES, "a", None),
        (Rewrite(NameMatch.EXACT, r"a\.b", "b"), After.HOSTS_ENTRIES, None, None),
        (Rewrite(NameMatch.REGEX, "a", "b", GO_ON), After.ALL, None, Spelling.NAME),
        (HostsEntry("A", ("10.0.0.1",)), After.NOTHING, "a", None),
        (HostsEntry("*.a", ("10.0.0.1",)), After.NOTHING, None, None),
        (SidecarRule("A", "b"), After.NOTHING, "A", None),
        (SidecarRule("a", "b", regex=True), After.NOTHING, None, Spelling.BARE),
    ],
    ids=str,
)  # fmt: skip
def test_what_the_plan_needs_to_know(
    rule: Rule, after: After, key: str | None, screened: Spelling | None
) -> None:
    """What is asked next, the one host it can match, and the spelling of a regex."""
    ready = prepare(rule)
    assert (ready.after, ready.key, ready.screened) == (after, key, screened)


@pytest.mark.parametrize(
    "rule",
    [
        Rewrite(NameMatch.SUFFIX, "a", "b", scope=Scope(("x",))),
        HostsEntry("a", ("10.0.0.1",), Scope(("x",))),
    ],
    ids=str,
)
def test_the_advertised_host_decides_about_the_block(rule: Rule) -> None:
    """Not the name that earlier rules made of it."""
    find = prepare(rule).find
    assert find(Asked("a", "a")) is None
    assert find(Asked("a", "any.x")) is not None
