"""What is documented of catch-up subscriptions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from uuid import uuid4

import pytest
from kurrentdbclient import (
    DEFAULT_EXCLUDE_FILTER,
    CaughtUp,
    Checkpoint,
    NewEvent,
    RecordedEvent,
    StreamState,
)
from kurrentdbclient.exceptions import (
    GrpcDeadlineExceededError,
    GrpcError,
    ServiceUnavailableError,
    UnauthenticatedError,
)

from tests.clients.behaviour import Rows, Scene, new_event, new_stream

ROWS = Rows("subscribe")


@ROWS.holds
def a_subscription_goes_on(scene: Scene) -> None:
    """It gives what was recorded, does not stop there, and gives what comes."""
    stream = scene.written(2)
    with scene.client.subscribe_to_stream(stream) as subscription:
        assert _data(subscription, 2) == [b"0", b"1"]
        _append(scene, stream, b"new")
        assert _data(subscription, 1) == [b"new"]


@ROWS.holds
def a_subscription_is_confirmed(scene: Scene) -> None:
    """The server confirms a subscription before the caller has it, and names it."""
    with scene.client.subscribe_to_all() as one, scene.client.subscribe_to_all() as two:
        assert one.subscription_id
        assert one.subscription_id != two.subscription_id


@ROWS.holds
def a_subscription_can_be_stopped(scene: Scene) -> None:
    """`stop` ends it."""
    stream = scene.written(1)
    subscription = scene.client.subscribe_to_stream(stream)
    next(subscription)
    subscription.stop()
    assert list(subscription) == []


@ROWS.holds
def everything_comes_in_the_order_of_recording(scene: Scene) -> None:
    """A subscription to all gives the events of every stream, oldest first."""
    at = scene.client.get_commit_position()
    one, two = scene.written(2), scene.written(1)
    with scene.client.subscribe_to_all(commit_position=at) as subscription:
        found = [next(subscription) for _ in range(3)]
    assert [e.stream_name for e in found] == [one, one, two]


@ROWS.holds
def a_position_is_left_out(scene: Scene) -> None:
    """Only events after the given commit position come: so work is resumed."""
    first, second, _ = scene.client.get_stream(scene.written(3))
    with scene.client.subscribe_to_all(
        commit_position=first.commit_position
    ) as subscription:
        assert next(subscription).id == second.id


@ROWS.holds
def a_stream_position_is_left_out(scene: Scene) -> None:
    """Only events after the given stream position come."""
    stream = scene.written(3)
    with scene.client.subscribe_to_stream(stream, stream_position=1) as subscription:
        assert _data(subscription, 1) == [b"2"]


@ROWS.holds
def everything_from_the_end(scene: Scene) -> None:
    """`from_end` gives what is recorded after the subscription began."""
    scene.written(2)
    with scene.client.subscribe_to_all(from_end=True) as subscription:
        stream = scene.written(1)
        assert next(subscription).stream_name == stream


@ROWS.holds
def a_stream_from_the_end(scene: Scene) -> None:
    """`from_end` of a stream gives what is recorded after the subscription began."""
    stream = scene.written(2)
    with scene.client.subscribe_to_stream(stream, from_end=True) as subscription:
        _append(scene, stream, b"new")
        assert _data(subscription, 1) == [b"new"]


@ROWS.holds
def a_position_goes_before_the_end(scene: Scene) -> None:
    """`from_end` is disregarded beside a position, of everything and of a stream."""
    stream = scene.written(2)
    first, second = scene.client.get_stream(stream)
    with scene.client.subscribe_to_all(
        commit_position=first.commit_position, from_end=True
    ) as subscription:
        assert next(subscription).id == second.id
    with scene.client.subscribe_to_stream(
        stream, stream_position=0, from_end=True
    ) as subscription:
        assert next(subscription).id == second.id


@ROWS.holds
def a_missing_stream_can_be_subscribed_to(scene: Scene) -> None:
    """A subscription waits for the first event of a stream that is not there yet."""
    stream = new_stream()
    with scene.client.subscribe_to_stream(stream) as subscription:
        _append(scene, stream, b"first")
        assert _data(subscription, 1) == [b"first"]


@ROWS.holds
def links_are_resolved(scene: Scene) -> None:
    """With `resolve_links` comes what a link names; without it, the link."""
    stream, index = scene.written(1), new_stream()
    link = NewEvent(
        type="$>",
        data=f"0@{stream}".encode(),
        content_type="application/octet-stream",
        id=uuid4(),
    )
    scene.client.append_to_stream(index, current_version=StreamState.ANY, events=link)
    for resolve, expected in ((True, stream), (False, index)):
        with scene.client.subscribe_to_stream(
            index, resolve_links=resolve
        ) as subscription:
            assert next(subscription).stream_name == expected


@ROWS.holds
def system_events_are_left_out(scene: Scene) -> None:
    """By default system events do not come; without a filter they do."""
    stream = scene.written(1)
    at = scene.client.get_commit_position()
    scene.client.set_stream_metadata(stream, metadata={})
    _append(scene, stream, b"after")
    with scene.client.subscribe_to_all(commit_position=at) as subscription:
        assert _data(subscription, 1) == [b"after"]
    with scene.client.subscribe_to_all(
        commit_position=at, filter_exclude=()
    ) as subscription:
        assert next(subscription).type == "$metadata"


@ROWS.holds
def types_are_filtered(scene: Scene) -> None:
    """Expressions include types, or exclude them."""
    at, stream = scene.client.get_commit_position(), new_stream()
    for type_ in ("Dull", "Wanted"):
        scene.client.append_to_stream(
            stream, current_version=StreamState.ANY, events=new_event(b"{}", type_)
        )
    with scene.client.subscribe_to_all(
        commit_position=at, filter_include=["Wanted"]
    ) as included:
        assert next(included).type == "Wanted"
    with scene.client.subscribe_to_all(
        commit_position=at, filter_exclude=(*DEFAULT_EXCLUDE_FILTER, "Dull")
    ) as rest:
        assert next(rest).type == "Wanted"


@ROWS.holds
def streams_are_filtered(scene: Scene) -> None:
    """With `filter_by_stream_name` they include the events of some streams."""
    at = scene.client.get_commit_position()
    scene.written(2)
    wanted = scene.written(1)
    with scene.client.subscribe_to_all(
        commit_position=at, filter_include=[wanted], filter_by_stream_name=True
    ) as subscription:
        assert next(subscription).stream_name == wanted


@ROWS.holds
def checkpoints_tell_how_far_it_is(scene: Scene) -> None:
    """With `include_checkpoints` a position comes though every event is left out."""
    scene.written(4)
    at = scene.client.get_commit_position()
    with scene.client.subscribe_to_all(
        filter_include=["Nothing"],
        include_checkpoints=True,
        window_size=1,
        checkpoint_interval_multiplier=1,
    ) as subscription:
        while (found := next(subscription)).commit_position != at:
            assert isinstance(found, Checkpoint)
        assert found.is_checkpoint


@ROWS.holds
def a_checkpoint_can_be_resumed_from(scene: Scene) -> None:
    """A checkpoint's position is one to subscribe from, and nothing is missed."""
    scene.written(2)
    with scene.client.subscribe_to_all(
        filter_include=["Nothing"],
        include_checkpoints=True,
        window_size=1,
        checkpoint_interval_multiplier=1,
    ) as subscription:
        position = next(subscription).commit_position
    with scene.client.subscribe_to_all(commit_position=position) as again:
        first = next(again)
    assert first.commit_position is not None
    assert position is not None
    assert first.commit_position > position


@ROWS.holds
def being_caught_up_is_told(scene: Scene) -> None:
    """With `include_caught_up` it says when it has given what was there."""
    stream = scene.written(1)
    with scene.client.subscribe_to_stream(
        stream, include_caught_up=True
    ) as subscription:
        assert next(subscription).data == b"0"
        found = next(subscription)
    assert isinstance(found, CaughtUp)
    assert found.is_caught_up


@ROWS.holds
def being_caught_up_is_not_told_unasked(scene: Scene) -> None:
    """By default only events come."""
    stream = scene.written(1)
    with scene.client.subscribe_to_stream(stream) as subscription:
        next(subscription)
        _append(scene, stream, b"new")
        assert _data(subscription, 1) == [b"new"]


@ROWS.holds
def a_subscription_ends_at_its_timeout(scene: Scene) -> None:
    """`timeout` bounds a subscription, in seconds."""
    stream = scene.written(1)
    subscription = scene.client.subscribe_to_stream(stream, timeout=0.3)
    next(subscription)
    with pytest.raises(GrpcDeadlineExceededError):
        next(subscription)


@ROWS.holds
def a_subscription_takes_credentials_of_its_own(scene: Scene) -> None:
    """`credentials` replace those of the connection string for one subscription."""
    wrong = scene.client.construct_call_credentials("admin", "guess")
    with pytest.raises(UnauthenticatedError):
        scene.client.subscribe_to_all(credentials=wrong)


@ROWS.holds_when_it_fails
def subscribing_reconnects(scene: Scene) -> None:
    """Subscribing survives a node that is gone: the client reconnects and repeats."""
    stream = scene.written(1)
    scene.cluster.nodes[0].kill()
    scene.cluster.elect(1)
    with scene.client.subscribe_to_stream(stream) as subscription:
        assert _data(subscription, 1) == [b"0"]


@ROWS.holds_when_it_fails
def a_broken_subscription_is_for_the_caller(scene: Scene) -> None:
    """When the node goes while one iterates, that raises; one subscribes again."""
    stream = scene.written(1)
    subscription = scene.client.subscribe_to_stream(stream)
    position = next(subscription).stream_position
    scene.cluster.nodes[0].kill()
    scene.cluster.elect(1)
    with pytest.raises(GrpcError) as caught:
        next(subscription)
    assert isinstance(caught.value, ServiceUnavailableError)
    _append(scene, stream, b"new")
    with scene.client.subscribe_to_stream(stream, stream_position=position) as again:
        assert _data(again, 1) == [b"new"]


def _data(subscription: Iterable[RecordedEvent], count: int) -> list[bytes]:
    return [event.data for event in islice(subscription, count)]


def _append(scene: Scene, stream: str, data: bytes) -> None:
    scene.client.append_to_stream(
        stream, current_version=StreamState.ANY, events=new_event(data)
    )
