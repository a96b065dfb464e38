"""A route is found among those that rules gave, at whichever address it goes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route

NAMES = st.sampled_from(("a.test", "b.test"))
ROUTES = st.builds(
    Route, st.builds(Endpoint, NAMES), NAMES, rule=st.sampled_from((None, "a rule"))
)


@given(st.lists(ROUTES), ROUTES, st.sampled_from((None, "10.0.0.1")))
def test_its_place_is_that_of_the_same_route_before_its_name_was_resolved(
    routes: list[Route], named: Route, address: str | None
) -> None:
    """The first equal one; behind all of them when it is none."""
    route = replace(named, address=address)
    place = routes.index(named) if named in routes else len(routes)
    assert route.place_in(routes) == place
    assert route.is_among(routes) == (named in routes)
    assert route.named == named
