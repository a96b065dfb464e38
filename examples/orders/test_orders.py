"""What the shop promises: a confirmed order is on record, once, whatever dies.

The plugin `kurrent_conn.testing.pytest_plugin` is there once the package is installed;
from a source tree: `pytest -p kurrent_conn.testing.pytest_plugin examples/orders`.
"""

from __future__ import annotations

import pytest

from desk import OrderDesk
from kurrent_conn.testing import WatchedCluster, fault

pytestmark = pytest.mark.kurrent_cluster(size=3, tls=False)


def test_orders_are_recorded(desk: OrderDesk) -> None:
    """On a calm day."""
    for order in ("tea", "milk", "sugar"):
        desk.place(order)
    assert desk.on_record() == desk.confirmed == ["tea", "milk", "sugar"]


def test_orders_go_to_the_new_leader(
    desk: OrderDesk, kurrent_cluster: WatchedCluster
) -> None:
    """The leader dies between two orders; even a careless desk survives that."""
    desk.place("tea")
    kurrent_cluster.apply("kill", node="leader")
    kurrent_cluster.apply("elect", node=1, after_s=0.3)
    assert desk.on_record() == ["tea"]  # a read is repeated; now the desk knows
    desk.place("milk")
    assert desk.on_record() == desk.confirmed == ["tea", "milk"]


def test_an_order_in_flight_is_not_lost(
    desk: OrderDesk, kurrent_cluster: WatchedCluster
) -> None:
    """The leader dies while it has an order in its hands."""
    desk.place("tea")
    kurrent_cluster.apply("slow", node="leader", delay_s=0.4)
    kurrent_cluster.apply("kill", node="leader", after_s=0.2)
    kurrent_cluster.apply(fault.Elect(node=1), after_s=0.3)
    desk.place("milk")
    assert desk.on_record() == desk.confirmed == ["tea", "milk"]
