"""Where `kurrentdbclient` is known to fail, it fails against the harness as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kurrentdbclient import KurrentDBClient, StreamState
from kurrentdbclient.exceptions import (
    CancelledByClientError,
    LeaderNotFoundError,
    ServiceUnavailableError,
)

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing import Conduct, SimulatedCluster
from tests.clients.behaviour import new_event


@pytest.fixture
def client(cluster: SimulatedCluster) -> Iterator[KurrentDBClient]:
    """A client that gives discovery up soon."""
    opened = KurrentDBClient(
        cluster.connection_string(maxDiscoverAttempts=2, discoveryInterval=1)
    )
    yield opened
    opened.close()


def test_a_generator_of_events_is_lost(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """The retry finds it exhausted, appends nothing and reports success."""
    cluster.nodes[0].kill()
    cluster.elect(1)
    client.append_to_stream(
        "orders",
        current_version=StreamState.ANY,
        events=(new_event(b"%d" % number) for number in range(3)),
    )
    assert client.get_current_version("orders") is StreamState.NO_STREAM


def test_a_refused_append_ends_a_healthy_subscription(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """Reconnecting after "Server Is Too Busy" closes every stream of the client."""
    client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=new_event()
    )
    subscription = client.subscribe_to_stream("orders")
    next(subscription)
    cluster.nodes[0].behave(Conduct(is_busy=True))
    with pytest.raises(ServiceUnavailableError):
        client.append_to_stream(
            "orders", current_version=StreamState.ANY, events=new_event()
        )
    with pytest.raises(CancelledByClientError):
        next(subscription)


def test_a_dead_leader_in_gossip_hides_the_new_one(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """With a dead and a live leader listed, it finds none."""
    cluster.nodes[0].kill()
    cluster.nodes[1].assume(NodeState.LEADER)
    with pytest.raises(LeaderNotFoundError, match="discovered 2"):
        client.append_to_stream(
            "orders", current_version=StreamState.ANY, events=new_event()
        )
