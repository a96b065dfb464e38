"""Values that are frozen to the type checkers alone behave as frozen ones do."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import replace

from kurrent_conn.core.actions import Connect, Retire
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import direct
from kurrent_conn.core.state import Candidate

ROUTE = direct(Endpoint("a.test"))


def test_values_are_compared_and_hashed_by_their_fields() -> None:
    """Two of one class with the same fields are one; of two classes they are not."""
    assert Connect(ROUTE) == Connect(direct(Endpoint("a.test")))
    assert len({Connect(ROUTE), Connect(ROUTE), Retire(ROUTE)}) == 2


def test_values_are_copied_whole() -> None:
    """By `replace`, by `copy`, and into other processes."""
    one = Candidate(Endpoint("a.test"), ROUTE, "seed")
    other = replace(one, source="gossip")
    assert (other.endpoint, other.route, other.source) == (
        one.endpoint,
        ROUTE,
        "gossip",
    )
    assert one.source == "seed"
    assert deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
