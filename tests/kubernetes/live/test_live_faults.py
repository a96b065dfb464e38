"""Faults that take real DNS, balancers and Ingresses: named alone, and mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kurrent_conn import Overrides
from kurrent_conn.kubernetes import Location, Solution
from tests.kubernetes.live.live import Live, live_plan
from tests.topology.lab.plan import Record

pytestmark = pytest.mark.system

NO_RULES = Overrides()


@pytest.fixture(scope="module")
def anywhere() -> Iterator[Live]:
    """Nodes behind balancers, public names, clients inside and outside."""
    with live_plan(Solution.ANYWHERE) as running:
        yield running


def counted(diagnosis: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings that have to be mended."""
    return [found for found in diagnosis["findings"] if found["counts"]]


def rule_of(found: dict[str, Any]) -> Overrides:
    """The rules that a finding says to paste."""
    fix = next(each for each in found["fixes"] if each["kind"] == "override rule")
    return Overrides.from_toml(fix["text"])


def test_a_hairpin_is_named_and_its_rule_ends_it(anywhere: Live) -> None:
    """A pod without rules goes through the balancer; with the proposed one no byte."""
    (found,) = counted(anywhere.examined(Location.SAME_CLUSTER, NO_RULES))
    assert found["kind"] == "hairpin"
    assert len(found["endpoints"]) == 3
    anywhere.lab.reset_flows()
    mended = anywhere.examined(Location.SAME_CLUSTER, rule_of(found))
    assert mended["healthy"], mended["verdict"]
    assert anywhere.lab.balancer_bytes("in") == 0


def test_swapped_views_are_named_and_their_fix_heals(anywhere: Live) -> None:
    """A client outside that is told the addresses inside; then it is told its own."""
    views = anywhere.lab.lab.views
    inside = [
        Record(record.name, f"10.10.0.{record.value.rpartition('.')[2]}")
        for record in views["public"]
    ]
    anywhere.lab.change_names("public", inside)
    try:
        (found,) = counted(anywhere.examined(Location.OUTSIDE))
        assert found["kind"] == "wrong-dns-view"
        assert len(found["endpoints"]) == 3
    finally:
        anywhere.lab.change_names("public", views["public"])
    assert anywhere.examined(Location.OUTSIDE)["healthy"]


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
