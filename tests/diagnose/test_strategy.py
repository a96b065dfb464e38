"""The strategy in use is read off what members advertise."""

from __future__ import annotations

import pytest

from kurrent_conn.diagnose import Strategy, Vantage
from kurrent_conn.diagnose.strategy import strategy_of
from tests.diagnose.sketch import World, examined

FQDNS = ["n0.kurrent.test", "n1.kurrent.test", "n2.kurrent.test"]


@pytest.mark.parametrize(
    ("members", "strategy"),
    [
        ([f"{host}:2113" for host in FQDNS], Strategy.FQDN),
        ([f"{host}:443" for host in FQDNS], Strategy.ENTRY),
        (["mydb-0.mydb.ns.svc.cluster.local:2113"], Strategy.SERVICE_NAME),
        (["10.10.0.11:2113", "10.10.0.12:2113"], Strategy.ADDRESS),
        (["10.10.0.11:2113", "n1.kurrent.test:2113"], Strategy.MIXED),
        ([], Strategy.UNKNOWN),
    ],
)
def test_a_strategy(members: list[str], strategy: Strategy) -> None:
    """By kind of name, and by the port of HTTPS."""
    world = World(members, places={"10.0.0.1:2113": 0})
    case = examined(world, "kurrentdb://10.0.0.1", vantage=Vantage.OUTSIDE)
    assert strategy_of(case) is strategy


def test_one_place_for_several_names_is_an_entry() -> None:
    """An Ingress on a port of its own is recognised by being shared."""
    names = dict.fromkeys(FQDNS, "203.0.113.20")
    world = World(
        [f"{host}:8443" for host in FQDNS],
        names=names,
        places={"203.0.113.20:8443": 0},
    )
    case = examined(world, f"kurrentdb://{FQDNS[0]}:8443", vantage=Vantage.OUTSIDE)
    assert strategy_of(case) is Strategy.ENTRY
