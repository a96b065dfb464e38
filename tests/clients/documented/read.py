"""What is documented of reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from kurrentdbclient import DEFAULT_EXCLUDE_FILTER, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    GrpcDeadlineExceededError,
    NotFoundError,
    StreamIsDeletedError,
    UnauthenticatedError,
)

from kurrent_conn.testing import Conduct
from tests.clients.behaviour import Rows, Scene, new_event, new_stream

ROWS = Rows("read")


@ROWS.holds
def a_stream_is_read_forwards(scene: Scene) -> None:
    """By default all events of a stream come, in the order of recording."""
    found = scene.client.get_stream(scene.written(3))
    assert isinstance(found, tuple)
    assert [event.data for event in found] == [b"0", b"1", b"2"]


@ROWS.holds
def a_stream_is_read_from_a_position(scene: Scene) -> None:
    """`stream_position` is where reading begins; the event there is included."""
    found = scene.client.get_stream(scene.written(3), stream_position=1)
    assert [event.data for event in found] == [b"1", b"2"]


@ROWS.holds
def a_stream_is_read_backwards(scene: Scene) -> None:
    """`backwards` gives the newest first, from the end or from a position, included."""
    stream = scene.written(3)
    found = scene.client.get_stream(stream, backwards=True)
    assert [event.data for event in found] == [b"2", b"1", b"0"]
    found = scene.client.get_stream(stream, backwards=True, stream_position=1)
    assert [event.data for event in found] == [b"1", b"0"]


@ROWS.holds
def a_read_is_limited(scene: Scene) -> None:
    """`limit` bounds how many events come, in both directions."""
    stream = scene.written(3)
    found = scene.client.get_stream(stream, limit=2)
    assert [event.data for event in found] == [b"0", b"1"]
    found = scene.client.get_stream(stream, limit=1, backwards=True)
    assert [event.data for event in found] == [b"2"]


@ROWS.holds
def a_recorded_event_says_where_it_is(scene: Scene) -> None:
    """A recorded event has its stream, both positions, its time, and no link."""
    stream = scene.written(1)
    (found,) = scene.client.get_stream(stream)
    assert (found.stream_name, found.stream_position) == (stream, 0)
    assert found.commit_position == scene.client.get_commit_position()
    assert found.recorded_at is not None
    assert abs(datetime.now(UTC) - found.recorded_at) < timedelta(minutes=1)
    assert (found.link, found.retry_count, found.ack_id) == (None, None, found.id)


@ROWS.holds
def a_recorded_event_says_what_it_is(scene: Scene) -> None:
    """Properties tell system events, links, and messages that are no events."""
    stream = scene.written(1)
    scene.client.set_stream_metadata(stream, metadata={})
    (plain,) = scene.client.get_stream(stream)
    (system,) = scene.client.get_stream(f"$${stream}")
    assert (plain.is_system_event, system.is_system_event) == (False, True)
    assert not any(
        (
            plain.is_link_event,
            plain.is_resolved_event,
            plain.is_checkpoint,
            plain.is_caught_up,
            plain.is_fell_behind,
        )
    )


@ROWS.holds
def a_missing_stream_is_not_found(scene: Scene) -> None:
    """Getting a stream that never existed raises `NotFoundError`."""
    with pytest.raises(NotFoundError):
        scene.client.get_stream(new_stream())


@ROWS.holds
def a_missing_stream_is_missed_late(scene: Scene) -> None:
    """Reading such a stream raises only when the iteration begins."""
    response = scene.client.read_stream(new_stream())
    with pytest.raises(NotFoundError):
        next(response)


@ROWS.holds
def a_tombstoned_stream_is_deleted(scene: Scene) -> None:
    """Getting a tombstoned stream raises `StreamIsDeletedError`."""
    stream = scene.written(1)
    scene.client.tombstone_stream(stream, current_version=0)
    with pytest.raises(StreamIsDeletedError):
        scene.client.get_stream(stream)


@ROWS.holds
def a_read_response_is_an_iterator(scene: Scene) -> None:
    """A read gives one event after another, and stops by itself."""
    response = scene.client.read_stream(scene.written(2))
    assert [next(response).data, next(response).data] == [b"0", b"1"]
    with pytest.raises(StopIteration):
        next(response)


@ROWS.holds
def a_read_response_can_be_stopped(scene: Scene) -> None:
    """`stop` ends a read, and so does the end of its `with`."""
    response = scene.client.read_stream(scene.written(2))
    next(response)
    response.stop()
    assert list(response) == []
    with scene.client.read_all() as every:
        next(every)
    assert list(every) == []


@ROWS.holds
def links_are_given_as_they_are(scene: Scene) -> None:
    """Without `resolve_links` a link is an event as any other."""
    index, _ = _linked(scene)
    (found,) = scene.client.get_stream(index)
    assert found.is_link_event
    assert not found.is_resolved_event


@ROWS.holds
def links_are_resolved(scene: Scene) -> None:
    """With `resolve_links` comes what the link names, with the link beside it."""
    index, stream = _linked(scene)
    (found,) = scene.client.get_stream(index, resolve_links=True)
    assert (found.stream_name, found.data) == (stream, b"0")
    assert found.is_resolved_event
    assert found.link is not None
    assert found.link.stream_name == index
    assert found.ack_id == found.link.id != found.id


def _linked(scene: Scene) -> tuple[str, str]:
    stream, index = scene.written(1), new_stream()
    link = NewEvent(
        type="$>",
        data=f"0@{stream}".encode(),
        content_type="application/octet-stream",
        id=uuid4(),
    )
    scene.client.append_to_stream(index, current_version=StreamState.ANY, events=link)
    return index, stream


@ROWS.holds_when_it_fails
def a_read_ends_at_its_timeout(scene: Scene) -> None:
    """`timeout` bounds a read, in seconds."""
    stream = scene.written(1)
    scene.cluster.nodes[0].behave(Conduct(is_silent=True))
    with pytest.raises(GrpcDeadlineExceededError):
        scene.client.get_stream(stream, timeout=0.1)


@ROWS.holds
def a_read_takes_credentials_of_its_own(scene: Scene) -> None:
    """`credentials` replace those of the connection string for one read."""
    wrong = scene.client.construct_call_credentials("admin", "guess")
    with pytest.raises(UnauthenticatedError):
        scene.client.get_stream(scene.written(1), credentials=wrong)


@ROWS.holds
def the_version_of_a_missing_stream_is_no_stream(scene: Scene) -> None:
    """`get_current_version` gives `NO_STREAM` for what never existed."""
    assert scene.client.get_current_version(new_stream()) is StreamState.NO_STREAM


@ROWS.holds
def everything_is_read_in_the_order_of_recording(scene: Scene) -> None:
    """Reading all gives the events of every stream, oldest first, once."""
    streams = [scene.written(2), scene.written(1)]
    found = [e for e in scene.client.read_all() if e.stream_name in streams]
    assert [e.stream_name for e in found] == [streams[0], streams[0], streams[1]]
    positions = [e.commit_position for e in found]
    assert positions == sorted(filter(None, positions))


@ROWS.holds
def everything_is_read_from_a_position(scene: Scene) -> None:
    """`commit_position` is where reading begins; forwards, the event is included."""
    first, *rest = scene.client.get_stream(scene.written(3))
    found = scene.client.read_all(commit_position=first.commit_position)
    assert [e.id for e in found][:3] == [first.id, *(e.id for e in rest)]


@ROWS.holds
def everything_is_read_backwards(scene: Scene) -> None:
    """Backwards the newest comes first; the event at the position is left out."""
    one, two, three = scene.client.get_stream(scene.written(3))
    newest = scene.client.read_all(backwards=True, limit=2)
    assert [e.id for e in newest] == [three.id, two.id]
    before = scene.client.read_all(
        backwards=True, commit_position=two.commit_position, limit=1
    )
    assert [e.id for e in before] == [one.id]


@ROWS.holds
def the_limit_counts_what_passed_the_filter(scene: Scene) -> None:
    """`limit` applies after the filter, on the server."""
    wanted = f"T{uuid4().hex}"
    stream = scene.written(3)
    for number in range(2):
        scene.client.append_to_stream(
            stream,
            current_version=StreamState.ANY,
            events=new_event(b"%d" % number, wanted),
        )
    found = scene.client.read_all(filter_include=[wanted], limit=2)
    assert [e.data for e in found] == [b"0", b"1"]


@ROWS.holds
def system_events_are_left_out(scene: Scene) -> None:
    """By default system events are excluded; without a filter they come."""
    stream = scene.written(1)
    at = scene.client.get_commit_position()
    scene.client.set_stream_metadata(stream, metadata={})
    left_out = scene.client.read_all(commit_position=at)
    assert not any(e.is_system_event for e in left_out)
    every = scene.client.read_all(commit_position=at, filter_exclude=())
    assert [e.type for e in every][-1] == "$metadata"


@ROWS.holds
def the_default_filter_can_be_extended(scene: Scene) -> None:
    """`DEFAULT_EXCLUDE_FILTER` and more expressions together exclude both."""
    at, stream = _typed(scene, "Snapshot", "Ordered")
    found = scene.client.read_all(
        commit_position=at, filter_exclude=(*DEFAULT_EXCLUDE_FILTER, ".*Snapshot")
    )
    assert [e.type for e in found if e.stream_name == stream] == ["Ordered"]


@ROWS.holds
def include_and_exclude_are_opposites(scene: Scene) -> None:
    """What one expression includes is exactly what it would exclude."""
    at, stream = _typed(scene, "Added", "Removed", "AddedToo")
    included = scene.client.read_all(commit_position=at, filter_include=["Added"])
    excluded = scene.client.read_all(commit_position=at, filter_exclude=["Added"])
    assert [e.type for e in included if e.stream_name == stream] == ["Added"]
    rest = [e.type for e in excluded if e.stream_name == stream]
    assert rest == ["Removed", "AddedToo"]


@ROWS.holds
def expressions_are_anchored(scene: Scene) -> None:
    """An expression matches whole names; wildcards match parts of them."""
    at, stream = _typed(scene, "OrderAdded", "Order", "ReOrder")
    whole = scene.client.read_all(commit_position=at, filter_include=["Order"])
    assert [e.type for e in whole if e.stream_name == stream] == ["Order"]
    part = scene.client.read_all(commit_position=at, filter_include=["Order.*"])
    assert [e.type for e in part if e.stream_name == stream] == ["OrderAdded", "Order"]


@ROWS.holds
def include_goes_before_exclude(scene: Scene) -> None:
    """`filter_exclude` is ignored where `filter_include` says something."""
    at, stream = _typed(scene, "Added", "Removed")
    found = scene.client.read_all(
        commit_position=at, filter_include=["Added"], filter_exclude=["Added"]
    )
    assert [e.type for e in found if e.stream_name == stream] == ["Added"]


@ROWS.holds
def filters_apply_to_stream_names(scene: Scene) -> None:
    """With `filter_by_stream_name` the expressions are about streams."""
    one, two = scene.written(1), scene.written(1)
    found = scene.client.read_all(filter_include=[one], filter_by_stream_name=True)
    assert {e.stream_name for e in found} == {one}
    rest = scene.client.read_all(filter_exclude=[one], filter_by_stream_name=True)
    names = {e.stream_name for e in rest}
    assert two in names
    assert one not in names


def _typed(scene: Scene, *types: str) -> tuple[int, str]:
    stream = new_stream()
    first, *_ = [
        scene.client.append_to_stream(
            stream, current_version=StreamState.ANY, events=new_event(b"{}", type_)
        )
        for type_ in types
    ]
    return first, stream


@ROWS.holds
def the_commit_position_is_that_of_the_last_event(scene: Scene) -> None:
    """`get_commit_position` is where the newest event is that passes the filter."""
    at, _ = _typed(scene, "Wanted", "Other")
    (newest,) = scene.client.read_all(backwards=True, limit=1)
    assert scene.client.get_commit_position() == newest.commit_position
    assert scene.client.get_commit_position(filter_include=["Wanted"]) == at


@ROWS.holds
def a_follower_serves_reads(scene: Scene) -> None:
    """With preference follower, what needs no leader is served there."""
    stream = scene.written(2)
    client = scene.connect(NodePreference="follower")
    assert len(client.get_stream(stream)) == 2


@ROWS.holds_when_it_fails
def getting_a_stream_reconnects(scene: Scene) -> None:
    """`get_stream` survives a node that is gone: it reconnects and repeats."""
    stream = scene.written(2)
    scene.cluster.nodes[0].kill()
    scene.cluster.elect(1)
    assert len(scene.client.get_stream(stream)) == 2
    assert scene.client.connection_target == str(scene.cluster.nodes[1].endpoint)
