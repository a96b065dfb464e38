"""The unmodified `kurrentdbclient` works against the cluster, and survives what it can.

Its own documentation says what each call gives; here those words meet the harness.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio
from kurrentdbclient import (
    AsyncKurrentDBClient,
    CaughtUp,
    Checkpoint,
    KurrentDBClient,
    NewEvent,
    StreamState,
)
from kurrentdbclient.exceptions import (
    FailedPreconditionError,
    NotFoundError,
    StreamIsDeletedError,
    WrongCurrentVersionError,
)

from kurrent_conn.testing import SimulatedCluster

DEADLINE_S = 10.0


def event(data: bytes = b"{}", type_: str = "Ordered") -> NewEvent:
    """Make an event with an id of its own."""
    return NewEvent(type=type_, data=data, id=uuid4())


@pytest.fixture
def client(cluster: SimulatedCluster) -> Iterator[KurrentDBClient]:
    """A blocking client, connected by the plain connection string."""
    opened = KurrentDBClient(cluster.connection_string())
    yield opened
    opened.close()


@pytest_asyncio.fixture
async def aio_client(cluster: SimulatedCluster) -> AsyncIterator[AsyncKurrentDBClient]:
    """An asyncio client, connected by the plain connection string."""
    opened = AsyncKurrentDBClient(cluster.connection_string())
    await opened.connect()
    yield opened
    await opened.close()


def append_until_taken(client: KurrentDBClient, new: NewEvent) -> None:
    """Append one event, however often it takes; the id makes that safe."""
    ends_at = time.monotonic() + DEADLINE_S
    while True:
        try:
            client.append_to_stream(
                "orders", current_version=StreamState.ANY, events=new
            )
        except Exception:
            if time.monotonic() > ends_at:
                raise
        else:
            return


def test_appends_are_read_back(client: KurrentDBClient) -> None:
    """One event, then several at once, come back in order, in both directions."""
    one, two, three = event(b"1"), event(b"2"), event(b"3")
    first = client.append_to_stream(
        "orders", current_version=StreamState.NO_STREAM, events=one
    )
    second = client.append_to_stream("orders", current_version=0, events=[two, three])
    assert first < second
    assert [e.data for e in client.get_stream("orders")] == [b"1", b"2", b"3"]
    backwards = client.get_stream("orders", backwards=True, limit=2)
    assert [(e.data, e.stream_position) for e in backwards] == [(b"3", 2), (b"2", 1)]
    assert [e.id for e in client.get_stream("orders", stream_position=1)] == [
        two.id,
        three.id,
    ]
    assert client.get_current_version("orders") == 2
    assert client.get_commit_position() == second


def test_all_is_read_in_commit_order(client: KurrentDBClient) -> None:
    """$all has every event once, from any position, forwards and backwards."""
    positions = [
        client.append_to_stream(
            f"s{n}", current_version=StreamState.ANY, events=event(b"%d" % n)
        )
        for n in range(4)
    ]
    assert [e.data for e in client.read_all()] == [b"0", b"1", b"2", b"3"]
    from_second = client.read_all(commit_position=positions[1])
    assert [e.commit_position for e in from_second] == positions[1:]
    assert [e.data for e in client.read_all(backwards=True, limit=2)] == [b"3", b"2"]


def test_filters_choose_by_type_and_by_stream(client: KurrentDBClient) -> None:
    """Include and exclude, by regular expression and by prefix."""
    for name, type_ in [("a-1", "Added"), ("b-1", "Removed"), ("a-2", "Removed")]:
        client.append_to_stream(
            name, current_version=StreamState.ANY, events=event(type_=type_)
        )
    assert [e.stream_name for e in client.read_all(filter_include=["Removed"])] == [
        "b-1",
        "a-2",
    ]
    assert [e.stream_name for e in client.read_all(filter_exclude=["Removed"])] == [
        "a-1"
    ]
    by_stream = client.read_all(filter_include=["a-.*"], filter_by_stream_name=True)
    assert [e.stream_name for e in by_stream] == ["a-1", "a-2"]
    by_prefix = client.read_all(
        filter_include=["b-"], filter_by_stream_name=True, filter_by_prefix=True
    )
    assert [e.stream_name for e in by_prefix] == ["b-1"]


def test_a_missing_stream_is_not_found(client: KurrentDBClient) -> None:
    """Reading what was never written raises the client's own error."""
    with pytest.raises(NotFoundError):
        client.get_stream("nothing")


def test_a_wrong_expectation_is_refused(client: KurrentDBClient) -> None:
    """Single and multiple appends name the stream's real version."""
    client.append_to_stream(
        "orders", current_version=StreamState.NO_STREAM, events=event()
    )
    for events in (event(), [event(), event()]):
        with pytest.raises(WrongCurrentVersionError):
            client.append_to_stream("orders", current_version=5, events=events)
        with pytest.raises(WrongCurrentVersionError):
            client.append_to_stream(
                "orders", current_version=StreamState.NO_STREAM, events=events
            )
        with pytest.raises(WrongCurrentVersionError):
            client.append_to_stream("other", current_version=0, events=events)


def test_a_repeated_append_is_one_append(client: KurrentDBClient) -> None:
    """The same ids with the same expectation give the same answer and no new event."""
    events = [event(b"1"), event(b"2")]
    for version in (StreamState.NO_STREAM, StreamState.ANY):
        positions = {
            client.append_to_stream("orders", current_version=version, events=events)
            for _ in range(2)
        }
        assert len(positions) == 1
    assert len(client.get_stream("orders")) == 2


def test_a_stream_subscription_catches_up_and_lives(client: KurrentDBClient) -> None:
    """Old events come first, new ones as they are appended."""
    client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=event(b"1")
    )
    with client.subscribe_to_stream("orders") as subscription:
        assert next(subscription).data == b"1"
        client.append_to_stream(
            "other", current_version=StreamState.ANY, events=event()
        )
        client.append_to_stream("orders", current_version=0, events=event(b"2"))
        assert next(subscription).data == b"2"


def test_an_all_subscription_catches_up_and_lives(client: KurrentDBClient) -> None:
    """The same for $all, from a position on."""
    at = client.append_to_stream(
        "a", current_version=StreamState.ANY, events=event(b"1")
    )
    client.append_to_stream("b", current_version=StreamState.ANY, events=event(b"2"))
    with client.subscribe_to_all(commit_position=at) as subscription:
        assert next(subscription).data == b"2"
        client.append_to_stream(
            "c", current_version=StreamState.ANY, events=event(b"3")
        )
        assert next(subscription).data == b"3"


def test_a_filtered_subscription_says_how_far_it_is(client: KurrentDBClient) -> None:
    """Checkpoints come for events that were looked at and not wanted."""
    for n in range(4):
        client.append_to_stream(
            f"s-{n}", current_version=StreamState.ANY, events=event(type_="Dull")
        )
    at = client.get_commit_position()
    with client.subscribe_to_all(
        filter_include=["Wanted"],
        include_checkpoints=True,
        include_caught_up=True,
        window_size=2,
        checkpoint_interval_multiplier=2,
    ) as subscription:
        first, second = next(subscription), next(subscription)
        assert isinstance(first, Checkpoint)
        assert first.commit_position == at
        assert isinstance(second, CaughtUp)
        client.append_to_stream(
            "s", current_version=StreamState.ANY, events=event(b"1", "Wanted")
        )
        assert next(subscription).data == b"1"


def test_a_subscription_from_the_end_is_caught_up(client: KurrentDBClient) -> None:
    """It begins with that word and gives what comes after."""
    client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=event(b"1")
    )
    with client.subscribe_to_stream(
        "orders", from_end=True, include_caught_up=True
    ) as subscription:
        assert isinstance(next(subscription), CaughtUp)
        client.append_to_stream("orders", current_version=0, events=event(b"2"))
        assert next(subscription).data == b"2"


def test_a_live_subscription_stays_on_a_node_that_leads_no_more(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """A catch-up subscription survives an election, and hears of new events."""
    with client.subscribe_to_all() as subscription:
        append_until_taken(client, event(b"1"))
        assert next(subscription).data == b"1"
        cluster.elect(1)
        cluster.wait_until_settled()
        other = KurrentDBClient(cluster.connection_string())
        try:
            append_until_taken(other, event(b"2"))
        finally:
            other.close()
        assert next(subscription).data == b"2"


def test_links_are_followed_when_asked(client: KurrentDBClient) -> None:
    """A link event gives its target, and only to who wants that."""
    client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=event(b"1")
    )
    link = NewEvent(
        type="$>", data=b"0@orders", id=uuid4(), content_type="application/octet-stream"
    )
    client.append_to_stream("index", current_version=StreamState.ANY, events=link)
    (plain,) = client.get_stream("index")
    (followed,) = client.get_stream("index", resolve_links=True)
    assert plain.data == b"0@orders"
    assert (followed.data, followed.stream_name) == (b"1", "orders")


def test_deleted_streams_can_be_written_again(client: KurrentDBClient) -> None:
    """Delete hides what was there; the next event continues the numbers."""
    client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=[event(), event()]
    )
    client.delete_stream("orders", current_version=1)
    with pytest.raises(NotFoundError):
        client.get_stream("orders")
    client.append_to_stream(
        "orders", current_version=StreamState.NO_STREAM, events=event(b"new")
    )
    assert [(e.data, e.stream_position) for e in client.get_stream("orders")] == [
        (b"new", 2)
    ]


def test_a_tombstone_is_for_ever(client: KurrentDBClient) -> None:
    """Reads and appends of a tombstoned stream raise the client's own error."""
    client.append_to_stream("orders", current_version=StreamState.ANY, events=event())
    client.tombstone_stream("orders", current_version=StreamState.ANY)
    with pytest.raises(StreamIsDeletedError):
        client.get_stream("orders")
    for events, error in (
        # Of single appends the client only passes the status code on.
        (event(), FailedPreconditionError),
        ([event(), event()], StreamIsDeletedError),
    ):
        with pytest.raises(error, match="deleted"):
            client.append_to_stream(
                "orders", current_version=StreamState.ANY, events=events
            )


def test_stream_metadata_truncates(client: KurrentDBClient) -> None:
    """`$maxCount` and `$tb` hide old events from readers."""
    client.append_to_stream(
        "orders",
        current_version=StreamState.ANY,
        events=[event(b"%d" % n) for n in range(5)],
    )
    metadata, version = client.get_stream_metadata("orders")
    assert (metadata, version) == ({}, StreamState.NO_STREAM)
    client.set_stream_metadata(
        "orders", metadata={"$maxCount": 2}, current_version=version
    )
    assert [e.data for e in client.get_stream("orders")] == [b"3", b"4"]
    metadata, version = client.get_stream_metadata("orders")
    assert metadata == {"$maxCount": 2}
    client.set_stream_metadata("orders", metadata={"$tb": 4}, current_version=version)
    assert [e.data for e in client.get_stream("orders")] == [b"4"]


def test_followers_and_replicas_serve_their_preference() -> None:
    """`nodePreference` leads to a node of that kind, and reads work there."""
    with SimulatedCluster(read_only_replicas=1) as cluster:
        for preference in ("leader", "follower", "readonlyreplica"):
            client = KurrentDBClient(
                cluster.connection_string(nodePreference=preference)
            )
            try:
                with pytest.raises(NotFoundError):
                    client.get_stream("nothing")
                target = client.connection_target
            finally:
                client.close()
            (node,) = [n for n in cluster.nodes if str(n.endpoint) == target]
            expected = {
                "leader": "LEADER",
                "follower": "FOLLOWER",
                "readonlyreplica": "READ_ONLY_REPLICA",
            }
            assert node.state.name == expected[preference]


def test_a_killed_leader_is_survived(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """After an election the same client appends on; nothing acknowledged is lost."""
    before, after = event(b"before"), event(b"after")
    client.append_to_stream("orders", current_version=StreamState.ANY, events=before)
    assert cluster.leader is not None
    cluster.leader.kill()
    assert cluster.leader is None
    cluster.elect(cluster.nodes[1], after_s=0.1)
    append_until_taken(client, after)
    assert [e.id for e in client.get_stream("orders")] == [before.id, after.id]


def test_a_restarted_node_leads_again(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """A node that was killed comes back on its port with the whole log."""
    first, second = event(b"1"), event(b"2")
    append_until_taken(client, first)
    cluster.nodes[0].kill()
    cluster.elect(1)
    append_until_taken(client, second)
    cluster.nodes[0].restart()
    cluster.wait_until_settled()
    assert [n.state.name for n in cluster.nodes] == ["FOLLOWER", "LEADER", "FOLLOWER"]
    cluster.elect(0)
    again = KurrentDBClient(cluster.connection_string())
    try:
        assert again.connection_target == str(cluster.nodes[0].endpoint)
        assert [e.id for e in again.get_stream("orders")] == [first.id, second.id]
    finally:
        again.close()


def test_an_election_redirects_to_the_new_leader(
    cluster: SimulatedCluster, client: KurrentDBClient
) -> None:
    """A deposed leader that lives sends the client on, which follows."""
    append_until_taken(client, event(b"1"))
    cluster.elect(2)
    cluster.wait_until_settled()
    append_until_taken(client, event(b"2"))
    assert client.connection_target == str(cluster.nodes[2].endpoint)


async def test_asyncio_appends_reads_and_subscribes(
    aio_client: AsyncKurrentDBClient,
) -> None:
    """The asyncio client does the same: append, read back, catch up, live."""
    client = aio_client
    await client.append_to_stream(
        "orders", current_version=StreamState.NO_STREAM, events=event(b"1")
    )
    await client.append_to_stream(
        "orders", current_version=0, events=[event(b"2"), event(b"3")]
    )
    assert [e.data for e in await client.get_stream("orders")] == [b"1", b"2", b"3"]
    async with await client.subscribe_to_all() as subscription:
        seen = [(await anext(subscription)).data for _ in range(3)]
        await client.append_to_stream(
            "other", current_version=StreamState.ANY, events=event(b"4")
        )
        seen.append((await anext(subscription)).data)
    assert seen == [b"1", b"2", b"3", b"4"]
    with pytest.raises(NotFoundError):
        await client.get_stream("nothing")
    with pytest.raises(WrongCurrentVersionError):
        await client.append_to_stream("orders", current_version=9, events=event())


async def test_asyncio_survives_a_killed_leader(
    cluster: SimulatedCluster, aio_client: AsyncKurrentDBClient
) -> None:
    """After an election the same asyncio client appends on."""
    before, after = event(b"before"), event(b"after")
    await aio_client.append_to_stream(
        "orders", current_version=StreamState.ANY, events=before
    )
    assert cluster.leader is not None
    cluster.leader.kill()
    cluster.elect(cluster.nodes[2], after_s=0.1)
    ends_at = time.monotonic() + DEADLINE_S
    while True:
        try:
            await aio_client.append_to_stream(
                "orders", current_version=StreamState.ANY, events=after
            )
        except Exception:
            if time.monotonic() > ends_at:
                raise
        else:
            break
    stored = await aio_client.get_stream("orders")
    assert [e.id for e in stored] == [before.id, after.id]


def test_plaintext_needs_no_credentials() -> None:
    """Without TLS nobody is asked who they are, as with the server's Insecure."""
    with SimulatedCluster(1, tls=False) as cluster:
        client = KurrentDBClient(cluster.connection_string())
        try:
            append_until_taken(client, event(b"1"))
            assert [e.data for e in client.get_stream("orders")] == [b"1"]
        finally:
            client.close()
