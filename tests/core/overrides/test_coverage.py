"""Names that no certificate covers, from what was presented on each route."""

from __future__ import annotations

import pytest

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides.coverage import Sighting, uncovered
from kurrent_conn.core.route import Route

A, B = Endpoint("a.kurrent.test"), Endpoint("b.kurrent.test")
WILDCARD = PresentedNames(dns=("*.kurrent.test",))


def sighting(advertised: Endpoint, names: PresentedNames | None) -> Sighting:
    """Look at an endpoint by a rule."""
    route = Route(Endpoint("10.0.0.1"), advertised.host, "a rule")
    return Sighting(advertised, route, names, "" if names else "refused")


def test_covered_names_are_not_mentioned() -> None:
    """A wildcard of the right depth covers all."""
    assert uncovered([sighting(A, WILDCARD), sighting(B, WILDCARD)]) == ()


def test_each_route_is_judged_by_what_is_presented_there() -> None:
    """That another node has the right certificate does not help this one."""
    (found,) = uncovered(
        [sighting(A, WILDCARD), sighting(B, PresentedNames(dns=("b.other.test",)))]
    )
    assert (found.advertised, found.presented) == (B, ("b.other.test",))
    assert "b.kurrent.test" in str(found)


@pytest.mark.parametrize(("names", "count"), [(WILDCARD, 0), (None, 0)])
def test_a_route_without_an_answer_is_not_accused(
    names: PresentedNames | None, count: int
) -> None:
    """It may be right from elsewhere, as long as somebody's certificate fits."""
    assert len(uncovered([sighting(A, names), sighting(B, None)])) == count


def test_a_name_that_nobody_carries_is_found_without_an_answer() -> None:
    """Every certificate that was seen is for other names."""
    (found,) = uncovered(
        [
            sighting(A, PresentedNames(dns=("a.kurrent.test",))),
            sighting(B, None),
        ]
    )
    assert found.advertised == B
    assert "refused" in found.hint
