"""What is documented of appending, deleting and metadata."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from kurrentdbclient import (
    NewEvent,
    NewEvents,
    NewRecord,
    StreamState,
    StreamStateCheck,
)
from kurrentdbclient.exceptions import (
    ConsistencyChecksFailedError,
    FailedPreconditionError,
    GrpcDeadlineExceededError,
    MaximumAppendSizeExceededError,
    MultiAppendToSameStreamError,
    NodeIsNotLeaderError,
    NotFoundError,
    ProgrammingError,
    StreamIsDeletedError,
    UnauthenticatedError,
    WrongCurrentVersionError,
)

from kurrent_conn.testing import Conduct
from tests.clients.behaviour import Rows, Scene, new_event, new_stream

ROWS = Rows("append")


@ROWS.holds
def append_gives_the_position_of_its_last_event(scene: Scene) -> None:
    """An append answers with the commit position of the last event it recorded."""
    stream = new_stream()
    position = scene.client.append_to_stream(
        stream, current_version=StreamState.NO_STREAM, events=[new_event(), new_event()]
    )
    assert scene.client.get_stream(stream)[-1].commit_position == position


@ROWS.holds
def append_takes_one_event_or_several(scene: Scene) -> None:
    """A single event and a sequence are both taken."""
    stream = new_stream()
    scene.client.append_to_stream(
        stream, current_version=StreamState.NO_STREAM, events=new_event()
    )
    scene.client.append_to_stream(
        stream, current_version=0, events=(new_event(), new_event())
    )
    assert len(scene.client.get_stream(stream)) == 3


@ROWS.holds
def commit_positions_grow(scene: Scene) -> None:
    """Commit positions increase with every event, and not by one."""
    first, second = (
        scene.client.append_to_stream(
            new_stream(), current_version=StreamState.NO_STREAM, events=new_event()
        )
        for _ in range(2)
    )
    assert second > first + 1


@ROWS.holds
def stream_positions_have_no_gap(scene: Scene) -> None:
    """Stream positions begin at zero and have no gaps."""
    recorded = scene.client.get_stream(scene.written(4))
    assert [event.stream_position for event in recorded] == [0, 1, 2, 3]


@ROWS.holds
def append_records_all_or_none(scene: Scene) -> None:
    """An append of several events that is refused records none of them."""
    stream = scene.written(1)
    with pytest.raises(WrongCurrentVersionError):
        scene.client.append_to_stream(
            stream, current_version=7, events=[new_event(), new_event()]
        )
    assert len(scene.client.get_stream(stream)) == 1


@ROWS.holds
def current_version_is_the_last_position(scene: Scene) -> None:
    """The version of a stream with two events is 1, and appends by it are taken."""
    stream = scene.written(2)
    scene.client.append_to_stream(stream, current_version=1, events=new_event())
    assert scene.client.get_current_version(stream) == 2


@ROWS.holds
def no_stream_wants_a_new_stream(scene: Scene) -> None:
    """`NO_STREAM` is for streams that are not there: another one is refused."""
    stream = scene.written(1)
    with pytest.raises(WrongCurrentVersionError):
        scene.client.append_to_stream(
            stream, current_version=StreamState.NO_STREAM, events=new_event()
        )


@ROWS.holds
def a_number_wants_that_number(scene: Scene) -> None:
    """A wrong number is refused, for a stream that is there and one that is not."""
    for stream in (scene.written(1), new_stream()):
        with pytest.raises(WrongCurrentVersionError):
            scene.client.append_to_stream(stream, current_version=9, events=new_event())


@ROWS.holds
def any_wants_nothing(scene: Scene) -> None:
    """`ANY` is taken whether the stream is there or not."""
    stream = scene.written(2)
    assert scene.client.get_current_version(stream) == 1


@ROWS.holds
def exists_wants_a_stream(scene: Scene) -> None:
    """`EXISTS` is taken where there are events and refused where there are none."""
    scene.client.append_to_stream(
        scene.written(1), current_version=StreamState.EXISTS, events=new_event()
    )
    with pytest.raises(WrongCurrentVersionError):
        scene.client.append_to_stream(
            new_stream(), current_version=StreamState.EXISTS, events=new_event()
        )


@ROWS.holds
def a_repeated_append_changes_nothing(scene: Scene) -> None:
    """The same ids at the same version give the same position and no new event."""
    stream, events = scene.written(1), [new_event(), new_event()]
    positions = {
        scene.client.append_to_stream(stream, current_version=0, events=events)
        for _ in range(2)
    }
    assert len(positions) == 1
    assert scene.client.get_current_version(stream) == 2


@ROWS.holds
def a_repeated_append_to_any_version_changes_nothing(scene: Scene) -> None:
    """With `ANY` and `EXISTS` the same ids are recognised as well."""
    stream, events = scene.written(1), [new_event(), new_event()]
    positions = {
        scene.client.append_to_stream(stream, current_version=version, events=events)
        for version in (0, StreamState.ANY, StreamState.EXISTS)
    }
    assert len(positions) == 1
    assert scene.client.get_current_version(stream) == 2


@ROWS.holds
def append_has_a_largest_size(scene: Scene) -> None:
    """Events that are too large together raise `MaximumAppendSizeExceededError`."""
    events = [new_event(b"x" * 600_000), new_event(b"x" * 600_000)]
    with pytest.raises(MaximumAppendSizeExceededError):
        scene.client.append_to_stream(
            new_stream(), current_version=StreamState.ANY, events=events
        )


@ROWS.holds
def a_new_id_is_a_new_event(scene: Scene) -> None:
    """Without a given id every event has its own, so that it is recorded again."""
    stream = new_stream()
    for _ in range(2):
        scene.client.append_to_stream(
            stream,
            current_version=StreamState.ANY,
            events=NewEvent(type="Same", data=b"{}"),
        )
    assert len({event.id for event in scene.client.get_stream(stream)}) == 2


@ROWS.holds
def append_keeps_every_field(scene: Scene) -> None:
    """Type, data, metadata, content type and id are recorded as they were given."""
    given = NewEvent(
        type="ImageCreated",
        data=b"\x00\x01\xff",
        metadata=b'{"a": 1}',
        content_type="application/octet-stream",
        id=uuid4(),
    )
    stream = new_stream()
    scene.client.append_to_stream(
        stream, current_version=StreamState.NO_STREAM, events=given
    )
    (found,) = scene.client.get_stream(stream)
    assert found == given
    assert (found.type, found.data, found.metadata, found.content_type, found.id) == (
        given.type,
        given.data,
        given.metadata,
        given.content_type,
        given.id,
    )


@ROWS.holds
def a_new_event_is_json_with_no_metadata(scene: Scene) -> None:
    """By default an event is JSON, has no metadata and a random id."""
    stream = new_stream()
    scene.client.append_to_stream(
        stream,
        current_version=StreamState.NO_STREAM,
        events=NewEvent(type="OrderCreated", data=b'{"name": "Greg"}'),
    )
    (found,) = scene.client.get_stream(stream)
    assert (found.content_type, found.metadata) == ("application/json", b"")
    assert isinstance(found.id, UUID)


@ROWS.holds_when_it_fails
def append_ends_at_its_timeout(scene: Scene) -> None:
    """`timeout` bounds an append, in seconds; the retry has the same again."""
    scene.cluster.nodes[0].behave(Conduct(is_silent=True))
    with pytest.raises(GrpcDeadlineExceededError):
        scene.client.append_to_stream(
            new_stream(),
            current_version=StreamState.ANY,
            events=new_event(),
            timeout=0.1,
        )


@ROWS.holds_when_it_fails
def default_deadline_bounds_appends(scene: Scene) -> None:
    """`DefaultDeadline`, in seconds, bounds appends that say nothing else."""
    client = scene.connect(DefaultDeadline=1)
    scene.cluster.nodes[0].behave(Conduct(is_silent=True))
    with pytest.raises(GrpcDeadlineExceededError):
        client.append_to_stream(
            new_stream(), current_version=StreamState.ANY, events=new_event()
        )


@ROWS.holds
def append_takes_credentials_of_its_own(scene: Scene) -> None:
    """`credentials` replace those of the connection string for one call."""
    wrong = scene.client.construct_call_credentials("admin", "guess")
    right = scene.client.construct_call_credentials("admin", "changeit")
    stream = new_stream()
    with pytest.raises(UnauthenticatedError):
        scene.client.append_to_stream(
            stream,
            current_version=StreamState.ANY,
            events=new_event(),
            credentials=wrong,
        )
    scene.client.append_to_stream(
        stream, current_version=StreamState.ANY, events=new_event(), credentials=right
    )
    assert scene.client.get_current_version(stream) == 0


@ROWS.holds
def a_follower_takes_no_append(scene: Scene) -> None:
    """With preference leader and a single host that follows, appends are refused."""
    client = scene.connect(scene.uri(scene.cluster.nodes[1]))
    with pytest.raises(NodeIsNotLeaderError):
        client.append_to_stream(
            new_stream(), current_version=StreamState.ANY, events=new_event()
        )


@ROWS.holds
def a_follower_takes_no_append_whatever_is_preferred(scene: Scene) -> None:
    """With preference follower, calls that need the leader are refused as well."""
    client = scene.connect(NodePreference="follower")
    with pytest.raises(NodeIsNotLeaderError):
        client.append_to_stream(
            new_stream(), current_version=StreamState.ANY, events=new_event()
        )


@ROWS.holds
def several_streams_are_appended_at_once(scene: Scene) -> None:
    """Events for several streams are recorded by one call, with the last position."""
    one, two = new_stream(), new_stream()
    position = scene.client.multi_append_to_stream(
        [
            NewEvents(
                stream_name=name,
                events=[new_event(), new_event()],
                current_version=StreamState.NO_STREAM,
            )
            for name in (one, two)
        ]
    )
    assert len(scene.client.get_stream(one)) == 2
    assert scene.client.get_stream(two)[-1].commit_position == position


@ROWS.holds
def several_streams_are_appended_all_or_none(scene: Scene) -> None:
    """When one stream of several has another version, none of them changes."""
    one, two = new_stream(), scene.written(1)
    with pytest.raises(WrongCurrentVersionError):
        scene.client.multi_append_to_stream(
            [
                NewEvents(
                    stream_name=name,
                    events=[new_event()],
                    current_version=StreamState.NO_STREAM,
                )
                for name in (one, two)
            ]
        )
    assert scene.client.get_current_version(one) is StreamState.NO_STREAM
    assert scene.client.get_current_version(two) == 0


@ROWS.holds
def one_append_names_a_stream_once(scene: Scene) -> None:
    """Two sequences for one stream in one call are refused."""
    stream = new_stream()
    events = NewEvents(
        stream_name=stream, events=[new_event()], current_version=StreamState.ANY
    )
    with pytest.raises(MultiAppendToSameStreamError):
        scene.client.multi_append_to_stream([events, events])


@ROWS.holds
def metadata_of_several_streams_is_an_object_of_texts(scene: Scene) -> None:
    """Such appends take metadata that is a JSON object with texts, and no other."""
    stream = new_stream()

    def append(metadata: bytes) -> None:
        scene.client.multi_append_to_stream(
            NewEvents(
                stream_name=stream,
                events=[NewEvent(type="Ordered", data=b"{}", metadata=metadata)],
                current_version=StreamState.ANY,
            )
        )

    append(b'{"a": "1"}')
    (found,) = scene.client.get_stream(stream)
    assert found.metadata.replace(b" ", b"") == b'{"a":"1"}'
    for metadata in (b"\xf5d", b'"abcdef"', b'{"a": 1}', b'{"a": {}}'):
        with pytest.raises(ProgrammingError):
            append(metadata)


@ROWS.holds
def records_are_appended_to_streams_in_any_order(scene: Scene) -> None:
    """Records name their streams one by one, and all are recorded."""
    one, two = new_stream(), new_stream()
    scene.client.append_records(
        [
            NewRecord(stream_name=name, type="Ordered", data=b"{}")
            for name in (one, two, one)
        ]
    )
    assert len(scene.client.get_stream(one)) == 2
    assert len(scene.client.get_stream(two)) == 1


@ROWS.holds
def records_are_checked_against_states(scene: Scene) -> None:
    """Checks on states of streams are met, or nothing is recorded."""
    stream, other = new_stream(), scene.written(1)
    record = NewRecord(stream_name=stream, type="Ordered", data=b"{}")
    with pytest.raises(ConsistencyChecksFailedError):
        scene.client.append_records(
            record, StreamStateCheck(other, StreamState.NO_STREAM)
        )
    assert scene.client.get_current_version(stream) is StreamState.NO_STREAM
    scene.client.append_records(record, StreamStateCheck(other, StreamState.EXISTS))
    assert scene.client.get_current_version(stream) == 0


@ROWS.holds
def a_stream_without_metadata_has_none(scene: Scene) -> None:
    """Metadata that nobody set is an empty object, at version `NO_STREAM`."""
    found = scene.client.get_stream_metadata(new_stream())
    assert found == ({}, StreamState.NO_STREAM)


@ROWS.holds
def metadata_is_set_by_its_version(scene: Scene) -> None:
    """Metadata is given back with a version, by which it is set again."""
    stream = scene.written(1)
    version: int | StreamState = StreamState.NO_STREAM
    for number in range(2):
        scene.client.set_stream_metadata(
            stream, metadata={"foo": number}, current_version=version
        )
        metadata, version = scene.client.get_stream_metadata(stream)
        assert (metadata, version) == ({"foo": number}, number)
    with pytest.raises(WrongCurrentVersionError):
        scene.client.set_stream_metadata(stream, metadata={}, current_version=0)


@ROWS.holds
def metadata_may_come_before_events(scene: Scene) -> None:
    """Metadata of a stream can be set before its first event."""
    stream = new_stream()
    scene.client.set_stream_metadata(stream, metadata={"$maxCount": 1})
    assert len(scene.client.get_stream(scene.written(3, stream))) == 1


@ROWS.holds
def a_deleted_stream_goes_on(scene: Scene) -> None:
    """After a delete new events can be appended, and only those are read."""
    stream = scene.written(3)
    scene.client.delete_stream(stream, current_version=2)
    with pytest.raises(NotFoundError):
        scene.client.get_stream(stream)
    assert scene.client.get_current_version(stream) is StreamState.NO_STREAM
    scene.client.append_to_stream(
        stream, current_version=StreamState.NO_STREAM, events=new_event(b"new")
    )
    assert [event.data for event in scene.client.get_stream(stream)] == [b"new"]


@ROWS.holds
def delete_wants_the_version(scene: Scene) -> None:
    """A delete with another version is refused."""
    stream = scene.written(1)
    with pytest.raises(WrongCurrentVersionError):
        scene.client.delete_stream(stream, current_version=5)
    assert len(scene.client.get_stream(stream)) == 1


@ROWS.holds
def a_tombstoned_stream_takes_nothing(scene: Scene) -> None:
    """After a tombstone no event can be appended."""
    stream = scene.written(1)
    scene.client.tombstone_stream(stream, current_version=0)
    with pytest.raises(FailedPreconditionError):
        scene.client.append_to_stream(
            stream, current_version=StreamState.ANY, events=new_event()
        )
    with pytest.raises(StreamIsDeletedError):
        scene.client.append_to_stream(
            stream, current_version=StreamState.ANY, events=[new_event(), new_event()]
        )


@ROWS.holds
def a_tombstoned_stream_cannot_be_deleted(scene: Scene) -> None:
    """Deleting or tombstoning a tombstoned stream raises `StreamIsDeletedError`."""
    stream = scene.written(1)
    scene.client.tombstone_stream(stream, current_version=0)
    for end in (scene.client.delete_stream, scene.client.tombstone_stream):
        with pytest.raises(StreamIsDeletedError):
            end(stream, current_version=StreamState.ANY)


@ROWS.holds
def a_missing_stream_cannot_be_deleted(scene: Scene) -> None:
    """Deleting or tombstoning by version what is not there raises `NotFoundError`."""
    for end in (scene.client.delete_stream, scene.client.tombstone_stream):
        with pytest.raises(NotFoundError):
            end(new_stream(), current_version=0)


@ROWS.holds
def a_deleted_stream_is_not_deleted_again(scene: Scene) -> None:
    """Deleting a deleted stream with `EXISTS` says that it is deleted."""
    stream = scene.written(1)
    scene.client.delete_stream(stream, current_version=0)
    with pytest.raises(StreamIsDeletedError):
        scene.client.delete_stream(stream, current_version=StreamState.EXISTS)


@ROWS.holds
def metadata_of_a_tombstoned_stream_is_gone(scene: Scene) -> None:
    """Metadata of a tombstoned stream can neither be read nor set."""
    stream = scene.written(1)
    scene.client.set_stream_metadata(stream, metadata={"a": 1})
    scene.client.tombstone_stream(stream, current_version=0)
    with pytest.raises(StreamIsDeletedError):
        scene.client.get_stream_metadata(stream)
    with pytest.raises(FailedPreconditionError):
        scene.client.set_stream_metadata(stream, metadata={"a": 2})
