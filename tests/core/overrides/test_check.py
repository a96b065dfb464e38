"""What is odd about a set of rules."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import (
    FindingKind,
    HostsEntry,
    NameMatch,
    Override,
    Overrides,
    Rewrite,
    Rule,
    Scope,
    SidecarRule,
)

DEAD, SHADOWED = FindingKind.DEAD, FindingKind.SHADOWED
LOOP, NO_HOST = FindingKind.LOOP, FindingKind.NO_HOST
EXACT = Override(exact="a.test", target="b")
TEN = Override(cidr="10.0.0.0/8", target="b")
TEN_ONE = Override(cidr="10.0.0.0/16", target="c")
TO_B = Rewrite(NameMatch.SUFFIX, "test", "b")
IN_X = Rewrite(NameMatch.EXACT, "a", "b", scope=Scope(("x",)))
SUFFIX = Override(suffix="test", target="svc")


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ((EXACT, SUFFIX), []),
        ((SUFFIX, EXACT), [(DEAD, 2, 1)]),
        ((EXACT, EXACT), [(DEAD, 2, 1)]),
        ((Override(exact="a.test", port=1, target="b"), EXACT), []),
        ((EXACT, Override(exact="a.test", port=1, target="b")), [(DEAD, 2, 1)]),
        ((SUFFIX, Override(suffix="k.test", target="b")), [(DEAD, 2, 1)]),
        ((Override(suffix=".test", target="b"), SUFFIX), [(SHADOWED, 2, 1)]),
        ((SUFFIX, Override(wildcard="*.test", target="b")), [(DEAD, 2, 1)]),
        ((SUFFIX, Override(prefix="a.", target="b.")), []),
        (
            (Override(prefix="a", target="b"), Override(prefix="ab", target="c")),
            [(DEAD, 2, 1)],
        ),
        (
            (Override(substring="b", target="c"), Override(substring="ab", target="c")),
            [(DEAD, 2, 1)],
        ),
        ((TEN, TEN_ONE), [(DEAD, 2, 1)]),
        ((TEN_ONE, TEN), [(SHADOWED, 2, 1)]),
        ((Override(prefix="10.", target="b"), TEN), [(SHADOWED, 2, 1)]),
        (
            (Override(regex=".*", target="b"), EXACT),
            [(SHADOWED, 2, 1)],
        ),
        (
            (Override(regex="a+", target="b"), Override(regex="a+", target="c")),
            [(DEAD, 2, 1)],
        ),
        (
            (Override(regex="a+", target="b", then="continue"),) * 2,
            [],
        ),
        (
            (Rewrite(NameMatch.REGEX, "a+", "b"), Rewrite(NameMatch.REGEX, "a+", "c")),
            [(DEAD, 2, 1)],
        ),
        (
            (
                EXACT,
                Override(exact="z", target="a.test", then="continue"),
                Override(exact="a.test", target="c"),
            ),
            [(SHADOWED, 3, 1)],
        ),
        (
            (
                Override(regex="b+", target="c"),
                Override(exact="z", target="b", then="continue"),
                Override(regex="b+", target="d"),
            ),
            [],
        ),
        ((Override(suffix="test", target="b", then="continue"), EXACT), []),
        ((SidecarRule("a.test", "b"), EXACT), [(SHADOWED, 2, 1)]),
        ((SidecarRule("a", "b"), SidecarRule("a", "c")), [(DEAD, 2, 1)]),
        ((SidecarRule("a+", "b", regex=True),) * 2, [(DEAD, 2, 1)]),
        ((TO_B, Rewrite(NameMatch.PREFIX, "a", "b")), []),
        ((TO_B, HostsEntry("a.test", ("10.0.0.1",))), []),
        ((HostsEntry("*.a", ("10.0.0.1",)),) * 2, [(DEAD, 2, 1)]),
        ((IN_X, Override(exact="a", target="c")), []),
        (
            (Override(exact="a", target="b"), Override(exact="b", target="a")),
            [(LOOP, 1, 2), (LOOP, 2, 1)],
        ),
        ((Override(exact="a", target="a"),), []),
        (
            (
                Override(exact="a", target="b"),
                Override(exact="b", target="c"),
                Override(exact="c", target="b"),
            ),
            [(LOOP, 2, 3), (LOOP, 3, 2)],
        ),
        ((Override(exact="a", target="b c"),), [(NO_HOST, 1, None)]),
        ((Override(exact="a", target="b", server_name="c d"),), [(NO_HOST, 1, None)]),
        ((Override(regex="(a)", target="{1}..b"),), [(NO_HOST, 1, None)]),
        ((Rewrite(NameMatch.EXACT, "a", "b..c"),), [(NO_HOST, 1, None)]),
        ((Rewrite(NameMatch.EXACT, "a", "10.0.0.1"),), [(NO_HOST, 1, None)]),
        ((Rewrite(NameMatch.REGEX, "(a)", "$1"),), [(NO_HOST, 1, None)]),
        ((Rewrite(NameMatch.SUBSTRING, "a", "b"),), []),
        ((SidecarRule("(a)", "${1}.$2", regex=True),), []),
        ((SidecarRule("(a)", ".$2x", regex=True),), [(NO_HOST, 1, None)]),
        ((SidecarRule("a", "b:1"),), [(NO_HOST, 1, None)]),
    ],
    ids=str,
)  # fmt: skip
def test_findings(
    rules: tuple[Rule, ...], found: list[tuple[FindingKind, int, int | None]]
) -> None:
    """Kind, the rule's number, and the other rule that takes part."""
    findings = Overrides(rules).check()
    assert [(f.kind, f.number, f.by) for f in findings] == found


def test_a_dead_rule_never_matches() -> None:
    """The finding names the example, the other rule and what to do."""
    rules = Overrides((SUFFIX, EXACT))
    (finding,) = rules.check()
    assert str(finding) == (
        'rule 2 (exact "a.test" -> b): dead: rule 1 comes first and takes all that it '
        "matches; remove one of the two, or put this one first"
    )
    assert rules.route(Endpoint("a.test", 1)).dial.host == "a.svc"
