"""Persistent subscriptions: competing readers, acknowledgement, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    AlreadyExistsError,
    CancelledByClientError,
    KurrentDBClientError,
    NotFoundError,
)

from kurrent_conn.testing import SimulatedCluster


@pytest.fixture
def client(cluster: SimulatedCluster) -> Iterator[KurrentDBClient]:
    """A blocking client, connected by the plain connection string."""
    opened = KurrentDBClient(cluster.connection_string())
    yield opened
    opened.close()


def append(client: KurrentDBClient, *data: bytes) -> None:
    """Append events with ids of their own."""
    events = [NewEvent(type="Ordered", data=d, id=uuid4()) for d in data]
    client.append_to_stream("orders", current_version=StreamState.ANY, events=events)


def test_a_group_reads_acknowledges_and_retries(client: KurrentDBClient) -> None:
    """Events come in order; a retried one comes again, an acknowledged one does not."""
    append(client, b"1", b"2")
    client.create_subscription_to_stream("group", "orders")
    with client.read_subscription_to_stream("group", "orders") as subscription:
        first, second = next(subscription), next(subscription)
        assert [first.data, second.data] == [b"1", b"2"]
        assert not first.retry_count
        subscription.ack(first)
        subscription.nack(second, "retry")
        again = next(subscription)
        assert (again.data, again.retry_count) == (b"2", 1)
        subscription.ack(again)
        append(client, b"3")
        third = next(subscription)
        assert third.data == b"3"
        subscription.ack(third)


def test_a_group_reads_all_through_a_filter(client: KurrentDBClient) -> None:
    """$all without system events, its own checkpoints included."""
    append(client, b"1", b"2", b"3")
    client.create_subscription_to_all("group")
    with client.read_subscription_to_all("group") as subscription:
        for expected in (b"1", b"2", b"3"):
            event = next(subscription)
            assert event.data == expected
            subscription.ack(event)


def test_groups_exist_or_do_not(client: KurrentDBClient) -> None:
    """Creating twice, reading or deleting what is not there: its own errors."""
    client.create_subscription_to_stream("group", "orders")
    with pytest.raises(AlreadyExistsError):
        client.create_subscription_to_stream("group", "orders")
    client.delete_subscription("group", "orders")
    with pytest.raises(NotFoundError):
        client.read_subscription_to_stream("group", "orders")
    with pytest.raises(NotFoundError):
        client.delete_subscription("group", "orders")


# The client waits five seconds for its own end of a stream that was dropped: once is
# enough.
@pytest.mark.parametrize("isolation", ["process"])
def test_a_new_leader_drops_readers_and_knows_the_group(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """The reader at the old leader is told; at the new one the group goes on."""
    append(client, b"1", b"2")
    client.create_subscription_to_stream("group", "orders")
    dropped = client.read_subscription_to_stream("group", "orders")
    dropped.ack(next(dropped))
    next(dropped)
    cluster.elect(1)
    with pytest.raises((KurrentDBClientError, CancelledByClientError)):
        next(dropped)
    cluster.wait_until_settled()
    again = KurrentDBClient(cluster.connection_string())
    try:
        with again.read_subscription_to_stream("group", "orders") as subscription:
            seen = next(subscription).data
            # The acknowledgement may not have reached the old leader in time.
            assert seen in (b"1", b"2")
            if seen == b"1":
                assert next(subscription).data == b"2"
    finally:
        again.close()
