"""The index leaves out only rules that cannot match, and keeps the order."""

from __future__ import annotations

from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.overrides.index import Index
from kurrent_conn.core.overrides.prepared import Asked, prepare


def test_candidates_are_few_and_in_order() -> None:
    """An exact rule of another name is left out, any rule that is no name is not."""
    rules = (
        Override(exact="b.test", target="x.test"),
        Override(suffix="other", target="x.test"),
        Override(exact="a.test", target="x.test"),
        Override(prefix="a", target="y"),
        Override(exact="a.test", target="y.test"),
    )
    index = Index(rules, [prepare(rule) for rule in rules])
    assert list(index.candidates(Asked("A.test", "a.test"), 0)) == [1, 2, 3, 4]
    later = list(index.candidates(Asked("A.test", "a.test"), 3))
    assert [place for place in later if place >= 3] == [3, 4]


def test_many_regexes_are_screened() -> None:
    """Of fifty patterns only those that match are candidates."""
    rules = tuple(Override(regex=rf"n{i}-.*", target="x.test") for i in range(50))
    index = Index(rules, Overrides(rules)._plan.ready)
    assert list(index.candidates(Asked("n7-a.test", "n7-a.test"), 0)) == [7]
