"""What only the Node clients do, and what they are known not to do.

The newer one reads through a half written in Rust, which has its own connections.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kurrent_conn.testing import SimulatedCluster
from tests.clients.address import a_stream, one_host, uri_of
from tests.clients.driver import Client, Failed, event, ids, until_done
from tests.clients.roster import KURRENT_NODE, NODE, Guest, of_roster

Open = Callable[[str], Client]


@pytest.fixture(params=of_roster(*NODE))
def guest(request: pytest.FixtureRequest) -> Guest:
    """Both Node clients, one after another."""
    chosen: Guest = request.param
    return chosen


only_kurrent = pytest.mark.parametrize("guest", of_roster(KURRENT_NODE))


def test_a_follower_forwards_appends(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """They do not ask for the leader unless told so: a follower passes appends on."""
    client, stream, ordered = open_client(one_host(calm, guest, 1)), a_stream(), event()
    client.append(stream, ordered)
    # The half in Rust asks for the leader all by itself, is sent on, and goes there.
    refused = [guest.not_leader] if guest.has_rust_half else []
    assert until_done(lambda: client.read(stream)) == refused
    assert ids(client.read(stream)) == ids([ordered])


def test_even_a_single_host_is_left_for_the_leader(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """Told that another node leads, they go there, though it was not in the string."""
    client, stream, ordered = open_client(one_host(calm, guest, 1)), a_stream(), event()
    with pytest.raises(Failed) as caught:
        client.append(stream, event(), **guest.insist)
    assert caught.value.type == guest.not_leader
    client.append(stream, ordered, **guest.insist)
    other = open_client(uri_of(calm, guest))
    assert ids(other.read(stream)) == ids([ordered])


def test_a_node_that_was_down_at_the_first_read(
    guest: Guest, open_client: Open
) -> None:
    """Appends work once it is up; the reads of the Rust half never do again."""
    with SimulatedCluster(1) as cluster:
        client, stream, ordered = (
            open_client(uri_of(cluster, guest)),
            a_stream(),
            event(),
        )
        cluster.nodes[0].kill()
        with pytest.raises(Failed):
            client.read(stream)
        cluster.nodes[0].restart()
        cluster.elect(0)
        client.append_until_taken(stream, ordered)
        if not guest.has_rust_half:
            until_done(lambda: client.read(stream))
            return
        for _ in range(3):
            with pytest.raises(Failed):
                client.read(stream)
        other = open_client(uri_of(cluster, guest))
        assert ids(other.read(stream)) == ids([ordered])


@only_kurrent
def test_one_attempt_at_discovery_is_none(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """With `maxDiscoverAttempts=1` appends work, and reads never connect."""
    client = open_client(uri_of(calm, guest, maxDiscoverAttempts=1))
    stream = a_stream()
    client.append(stream, event())
    for _ in range(2):
        with pytest.raises(Failed):
            client.read(stream)


@only_kurrent
def test_several_streams_at_once(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """Events for two streams are appended by one call of the second protocol."""
    client, one, two = open_client(uri_of(calm, guest)), a_stream(), a_stream()
    ordered = [event(n) for n in range(3)]
    client.append_to_streams({one: ordered[:2], two: ordered[2:]})
    assert ids(client.read(one)) == ids(ordered[:2])
    assert ids(client.read(two)) == ids(ordered[2:])


@only_kurrent
def test_a_redirect_of_the_second_protocol_is_not_understood(
    cluster: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """It raises again and again, until an append of the first protocol moves on."""
    client, stream = open_client(uri_of(cluster, guest)), a_stream()
    client.append(stream, event(), **guest.insist)
    cluster.elect(1)
    cluster.wait_until_settled()
    for _ in range(2):
        with pytest.raises(Failed) as caught:
            client.append_to_streams({stream: [event()]})
        assert caught.value.type == "UnknownError"
    with pytest.raises(Failed):
        client.append(stream, event(), **guest.insist)
    client.append_to_streams({stream: [event()]})
