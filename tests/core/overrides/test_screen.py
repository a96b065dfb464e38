"""Which of many regexes can match."""

from __future__ import annotations

from kurrent_conn.core.overrides.screen import Screen


def test_candidates_are_given_in_order_across_chunks() -> None:
    """Two hundred patterns in several sets answer as one."""
    places = list(range(0, 400, 2))
    screen = Screen(
        places, [f"a{place}|.*7" for place in places], whole=True, fold_case=False
    )
    assert screen.candidates("a64") == [64]
    assert screen.candidates("x7") == places
    assert screen.candidates("nothing") == []


def test_patterns_that_do_not_fit_together_are_all_candidates() -> None:
    """A set that is too large to compile says nothing, so all are asked."""
    patterns = ["(a{1,900}b){1,1}" * 40] * 20
    screen = Screen(list(range(20)), patterns, whole=False, fold_case=False)
    assert screen.candidates("x") in ([], list(range(20)))
