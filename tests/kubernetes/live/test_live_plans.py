"""Each common solution, rendered and brought to life: it does what it promises.

One test a solution, with a lab of its own: xdist would start a shared one on each
worker.
"""

from __future__ import annotations

from typing import Any

import pytest

from kurrent_conn.kubernetes import Location, Solution
from tests.kubernetes.live.live import Live, live_plan

pytestmark = pytest.mark.system


@pytest.mark.parametrize("solution", Solution)
def test_it_works_from_everywhere_it_promises(solution: Solution) -> None:
    """The rendered strings and overrides append and read; the doctor says healthy."""
    with live_plan(solution) as live:
        told = live.everybody()
        assert set(told) == set(live.plan.locations)
        for location, outcomes in told.items():
            assert len(outcomes) == len(live.strings(location))
            for outcome in outcomes:
                assert_connected(live, outcome)
                assert_healthy(live, location, outcome["diagnosis"])


def assert_connected(live: Live, outcome: dict[str, Any]) -> None:
    """An event was appended and read back, and the leader is who leads."""
    assert outcome["read"] == 1
    assert outcome["leader"] == str(live.lab.lab.nodes[0].advertise)


def assert_healthy(live: Live, location: Location, diagnosis: dict[str, Any]) -> None:
    """Every node works from there, nothing is to be mended, the strategy is known."""
    members = [each for each in diagnosis["endpoints"] if each["is_member"]]
    behind = " behind an Ingress" if live.plan.behind_entry else ""
    assert diagnosis["verdict"].startswith("Healthy"), (location, diagnosis)
    assert diagnosis["code"] == 0
    assert len(members) == len(live.lab.lab.nodes)
    assert all(each["works"] for each in members)
    assert diagnosis["strategy"] == f"{live.plan.client_traffic}{behind}"
