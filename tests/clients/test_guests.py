"""Every client, unmodified, works against the harness and survives what it can.

The claims are the same for all of them; where their sources differ, `roster` says so.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.cluster import Isolation
from tests.clients.address import a_stream, one_host, uri_of
from tests.clients.driver import Client, Failed, event, ids, until_done
from tests.clients.roster import Guest, ManySeeds, Redirect

Open = Callable[[str], Client]


def test_one_host(calm: SimulatedCluster, guest: Guest, open_client: Open) -> None:
    """A connection string with one host leads to that node."""
    client, stream, ordered = open_client(one_host(calm, guest, 0)), a_stream(), event()
    client.append(stream, ordered)
    assert ids(client.read(stream)) == ids([ordered])


def test_several_hosts(calm: SimulatedCluster, guest: Guest, open_client: Open) -> None:
    """With several hosts the client asks for the members and goes to the leader."""
    client, stream, ordered = open_client(uri_of(calm, guest)), a_stream(), event()
    client.append(stream, ordered, **guest.insist)
    assert ids(client.read(stream, **guest.insist)) == ids([ordered])


def test_discover(calm: SimulatedCluster, guest: Guest, open_client: Open) -> None:
    """With `+discover` it does so too, from a seed that is a follower."""
    client = open_client(one_host(calm, guest, 1, discover=True))
    stream, ordered = a_stream(), event()
    client.append(stream, ordered, **guest.insist)
    assert ids(client.read(stream, **guest.insist)) == ids([ordered])


def test_discover_with_several_hosts(
    cluster: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """No client makes use of the second host, though two of three are alive."""
    cluster.nodes[0].kill()
    cluster.elect(1)
    text = uri_of(cluster, guest, maxDiscoverAttempts=3)
    text = text.replace("://", "+discover://")
    with pytest.raises(Failed) as caught:
        open_client(text).append(a_stream(), event())
    if guest.many_seeds is ManySeeds.FIRST_ONLY:
        assert caught.value.message == "Failed to discover after 3 attempts."
    else:
        assert caught.value.type == "ValueError"


def test_appends_and_reads(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """Events come back as they were written, in order, alone or several at once."""
    client, stream = open_client(uri_of(calm, guest)), a_stream()
    ordered = [event(n, f"Type{n}") for n in range(4)]
    client.append(stream, ordered[0], expect="no_stream")
    client.append(stream, *ordered[1:3], expect=0)
    client.append(stream, ordered[3], expect="stream_exists")
    found = client.read(stream)
    expected = [{**e, "stream": stream, "revision": n} for n, e in enumerate(ordered)]
    assert found == expected
    assert [e for e in client.read_all() if e["stream"] == stream] == expected


def test_an_append_is_idempotent(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """The same event twice is one event, and no error."""
    client, stream, ordered = open_client(uri_of(calm, guest)), a_stream(), event()
    answers = {client.append(stream, ordered, expect="no_stream") for _ in range(2)}
    assert len(answers) == 1
    assert ids(client.read(stream)) == ids([ordered])


@pytest.mark.parametrize("everything", [False, True], ids=["stream", "all"])
def test_subscribes(
    cluster: SimulatedCluster, guest: Guest, open_client: Open, everything: bool
) -> None:
    """A subscription gives what was there and then what comes."""
    client, stream = open_client(uri_of(cluster, guest)), a_stream()
    ordered = [event(n) for n in range(4)]
    client.append(stream, *ordered[:2])
    subscription = client.subscribe(None if everything else stream)
    found = [subscription.next(), subscription.next()]
    client.append(stream, ordered[2])
    found.append(subscription.next())
    client.append(stream, ordered[3])
    found.append(subscription.next())
    assert ids(found) == ids(ordered)
    subscription.end()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("expect", ["no_stream", 7])
def test_a_wrong_expectation(
    calm: SimulatedCluster,
    guest: Guest,
    open_client: Open,
    count: int,
    expect: str | int,
) -> None:
    """It is raised as the client's own type, and nothing was written."""
    client, stream, ordered = open_client(uri_of(calm, guest)), a_stream(), event()
    client.append(stream, ordered)
    with pytest.raises(Failed) as caught:
        client.append(stream, *(event(n) for n in range(count)), expect=expect)
    assert caught.value.type == guest.wrong_version
    assert ids(client.read(stream)) == ids([ordered])


def test_a_missing_stream(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """It is raised as the client's own type."""
    client, stream = open_client(uri_of(calm, guest)), a_stream()
    with pytest.raises(Failed) as caught:
        client.read(stream)
    assert caught.value.type == guest.not_found


def test_wrong_credentials(
    calm: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """They are raised as the client's own type."""
    text = uri_of(calm, guest, maxDiscoverAttempts=2).replace("changeit", "guess")
    with pytest.raises(Failed) as caught:
        open_client(text).append(a_stream(), event())
    assert caught.value.type == guest.denied


def test_a_redirect_is_followed(
    cluster: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """A leader that was deposed and lives sends the client to the new one."""
    client, stream = open_client(uri_of(cluster, guest)), a_stream()
    before, refused, after = event("before"), event("refused"), event("after")
    client.append(stream, before, **guest.insist)
    cluster.elect(2)
    cluster.wait_until_settled()
    if guest.redirect is Redirect.NEXT_CALL:
        with pytest.raises(Failed) as caught:
            client.append(stream, refused, **guest.insist)
        assert caught.value.type == guest.not_leader
        leader = cluster.nodes[2].endpoint
        assert caught.value.fields["leader"] == {
            "address": leader.host,
            "port": leader.port,
        }
    client.append(stream, after, **guest.insist)
    assert ids(client.read(stream)) == ids([before, after])


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_appends_survive_a_killed_leader(
    guest: Guest, open_client: Open, isolation: Isolation
) -> None:
    """Repeated, they reach the next leader; what was acknowledged is there, once."""
    with SimulatedCluster(isolation=isolation) as cluster:
        client, stream = open_client(uri_of(cluster, guest)), a_stream()
        before, after = event("before"), event("after")
        client.append(stream, before)
        cluster.nodes[0].kill()
        cluster.elect(1, after_s=0.1)
        raised = client.append_until_taken(stream, after)
        assert set(raised) <= guest.gone
        reader = open_client(uri_of(cluster, guest))
        assert ids(reader.read(stream)) == ids([before, after])


def test_reads_after_a_killed_leader(
    cluster: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """They move to another node, but for the client whose reads never leave one."""
    client, stream, ordered = open_client(uri_of(cluster, guest)), a_stream(), event()
    client.append(stream, ordered)
    assert ids(client.read(stream)) == ids([ordered])
    cluster.nodes[0].kill()
    cluster.elect(1)
    cluster.wait_until_settled()
    if not guest.has_rust_half:
        assert set(until_done(lambda: client.read(stream))) <= guest.gone
        return
    client.append_until_taken(stream, event("later"))
    for _ in range(5):
        with pytest.raises(Failed) as caught:
            client.read(stream)
        assert caught.value.type == "UnavailableError"
        client.append(stream, event("and later"))


def test_a_subscription_ends_with_its_node(
    cluster: SimulatedCluster, guest: Guest, open_client: Open
) -> None:
    """No client resumes it; a new one, on the next leader, gives everything."""
    client, stream = open_client(uri_of(cluster, guest)), a_stream()
    before, after = event("before"), event("after")
    client.append(stream, before)
    subscription = client.subscribe(stream)
    assert ids([subscription.next()]) == ids([before])
    cluster.nodes[0].kill()
    cluster.elect(1)
    with pytest.raises(Failed) as caught:
        subscription.next()
    assert caught.value.type in guest.gone
    client.append_until_taken(stream, after)
    again = client.subscribe(stream)
    assert ids([again.next(), again.next()]) == ids([before, after])
    again.end()
