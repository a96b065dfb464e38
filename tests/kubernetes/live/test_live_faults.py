"""Faults that take real DNS, balancers and Ingresses: named alone, and mended."""

from __future__ import annotations

from typing import Any

import pytest

from kurrent_conn import Overrides
from kurrent_conn.kubernetes import Location, Solution
from tests.kubernetes.live.live import Live, live_plan
from tests.topology.lab.plan import Record

pytestmark = pytest.mark.system

NO_RULES = Overrides()


def counted(diagnosis: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings that have to be mended."""
    return [found for found in diagnosis["findings"] if found["counts"]]


def rule_of(found: dict[str, Any]) -> Overrides:
    """The rules that a finding says to paste."""
    fix = next(each for each in found["fixes"] if each["kind"] == "override rule")
    return Overrides.from_toml(fix["text"])


def test_names_that_lead_the_wrong_way() -> None:
    """A hairpin and swapped views, each alone; its rule, or the right view, heals."""
    with live_plan(Solution.ANYWHERE) as live:
        hairpin_and_its_rule(live)
        swapped_views_and_the_right_ones(live)


def hairpin_and_its_rule(live: Live) -> None:
    """A pod without rules goes through the balancer; with the proposed one no byte."""
    (found,) = counted(live.examined(Location.SAME_CLUSTER, NO_RULES))
    assert found["kind"] == "hairpin"
    assert len(found["endpoints"]) == 3
    live.lab.reset_flows()
    mended = live.examined(Location.SAME_CLUSTER, rule_of(found))
    assert mended["healthy"], mended["verdict"]
    assert live.lab.balancer_bytes("in") == 0


def swapped_views_and_the_right_ones(live: Live) -> None:
    """A client outside is told the addresses inside; then it is told its own."""
    views = live.lab.lab.views
    inside = [
        Record(record.name, f"10.10.0.{record.value.rpartition('.')[2]}")
        for record in views["public"]
    ]
    live.lab.change_names("public", inside)
    (found,) = counted(live.examined(Location.OUTSIDE))
    assert found["kind"] == "wrong-dns-view"
    assert len(found["endpoints"]) == 3
    live.lab.change_names("public", views["public"])
    assert live.examined(Location.OUTSIDE)["healthy"]


def test_a_port_that_the_ingress_does_not_serve_is_named() -> None:
    """Without AdvertiseNodePortToClientAs nodes send clients to 2113; it is the fix."""

    def forget(text: str) -> str:
        return text.replace("AdvertiseNodePortToClientAs: 443", "LogLevel: Default")

    with live_plan(Solution.INGRESS, forget) as live:
        (found,) = counted(live.examined(Location.OUTSIDE))
        assert found["kind"] == "wrong-port"
        manifest, _ = found["fixes"]
        assert "AdvertiseNodePortToClientAs: 443" in manifest["text"]
        mended = live.examined(Location.OUTSIDE, rule_of(found))
        assert mended["healthy"], mended["verdict"]
