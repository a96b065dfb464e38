"""Each common solution, rendered and brought to life: it does what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kurrent_conn.kubernetes import Location, Solution
from tests.kubernetes.live.live import Live, live_plan

pytestmark = pytest.mark.system

Told = dict[Location, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=list(Solution), ids=str)
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    """A solution's first plan, applied."""
    with live_plan(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def told(live: Live) -> Told:
    """What clients and doctors at all its places tell."""
    return live.everybody()


def test_it_connects_from_everywhere_it_promises(live: Live, told: Told) -> None:
    """At each location the rendered strings and overrides append and read."""
    leader = str(live.lab.lab.nodes[0].advertise)
    assert set(told) == set(live.plan.locations)
    for location, outcomes in told.items():
        assert len(outcomes) == len(live.strings(location))
        assert [each["read"] for each in outcomes] == [1] * len(outcomes)
        assert {each["leader"] for each in outcomes} == {leader}


def test_the_doctor_says_healthy_everywhere(live: Live, told: Told) -> None:
    """From each location every node works, and nothing has to be mended."""
    for location, outcomes in told.items():
        for diagnosis in (each["diagnosis"] for each in outcomes):
            members = [e for e in diagnosis["endpoints"] if e["is_member"]]
            assert diagnosis["verdict"].startswith("Healthy"), (location, diagnosis)
            assert diagnosis["code"] == 0
            assert len(members) == len(live.lab.lab.nodes)
            assert all(each["works"] for each in members)


def test_the_strategy_in_use_is_recognised(live: Live, told: Told) -> None:
    """The doctor says which of the guide's strategies it found."""
    behind = " behind an Ingress" if live.plan.behind_entry else ""
    wanted = f"{live.plan.client_traffic}{behind}"
    outcomes = [each for one in told.values() for each in one]
    shown = {each["diagnosis"]["strategy"] for each in outcomes}
    assert shown == {wanted}
