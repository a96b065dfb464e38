"""The map says who dials whom, and in which tone."""

from __future__ import annotations

from kurrent_conn import Overrides
from kurrent_conn.diagnose import Vantage
from kurrent_conn.diagnose.page.chart import (
    BALANCER,
    CLIENT,
    DNS,
    StopKind,
    Tone,
    chart_of,
)
from tests.diagnose.rules.test_hairpin import HERE, STRING, world
from tests.diagnose.sketch import World, examined

NODE = "mydb-0.mydb.kurrent.test:2113"


def tones(string: str, nodes: World, **options: object) -> dict[tuple[str, str], Tone]:
    """The legs of a case's map."""
    chart = chart_of(examined(nodes, string, **options))
    return {(leg.start, leg.end): leg.tone for leg in chart.legs}


def test_a_hairpin_is_out_and_back_and_the_straight_way_beside_it() -> None:
    """Through DNS and balancer in one tone, straight in another."""
    legs = tones(STRING, world(), surroundings=HERE)
    assert legs[CLIENT, DNS] is Tone.HAIRPIN
    assert legs[DNS, BALANCER] is Tone.HAIRPIN
    assert legs[BALANCER, NODE] is Tone.HAIRPIN
    assert legs[CLIENT, NODE] is Tone.PROPOSED


def test_outside_the_same_way_is_fine() -> None:
    """Each node has a balancer's address of its own, and nobody goes astray."""
    legs = tones(STRING, world(), vantage=Vantage.OUTSIDE)
    assert set(legs.values()) == {Tone.FINE}
    assert (DNS, NODE) in legs


def test_an_address_needs_no_dns() -> None:
    """By a rule to an address the client dials the node itself."""
    rules = Overrides.from_mapping({NODE: "10.10.0.10"})
    legs = tones(f"kurrentdb://{NODE}", world(), overrides=rules, surroundings=HERE)
    assert legs[CLIENT, NODE] is Tone.FINE


def test_a_broken_way_says_where_it_breaks() -> None:
    """The node is drawn broken, with the step that failed."""
    case = examined(World([], names={"n1": "10.0.0.9"}), "kurrentdb://n1,n2")
    chart = chart_of(case)
    nodes = {stop.title: stop for stop in chart.of(StopKind.NODE)}
    assert nodes["n1:2113"].mark == "TCP: timed out"
    assert nodes["n2:2113"].mark == "no address"
    assert {stop.tone for stop in nodes.values()} == {Tone.BROKEN}


def test_a_shared_address_is_a_balancer() -> None:
    """Several names at one place: an Ingress."""
    hosts = [f"n{index}.kurrent.test" for index in range(3)]
    nodes = World(
        [f"{host}:443" for host in hosts],
        names=dict.fromkeys(hosts, "203.0.113.20"),
        places={"203.0.113.20:443": 0},
    )
    legs = tones(f"kurrentdb://{hosts[0]}:443", nodes, vantage=Vantage.OUTSIDE)
    assert {start for start, end in legs if end.endswith(":443")} == {BALANCER}
