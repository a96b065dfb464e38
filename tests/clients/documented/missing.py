"""What is documented and does not hold, and why: in the harness, or in the client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kurrentdbclient.exceptions import GrpcError, NotFoundError

from tests.clients.behaviour import Gaps, Scene, new_event

GAPS = Gaps()

_INDEXES = "the harness has no secondary indexes: they have no part in a failover"


@GAPS.because(_INDEXES)
def an_index_is_read(scene: Scene) -> None:
    """`read_index` gives the events of a secondary index."""
    scene.written(1)
    with pytest.raises(NotFoundError):
        list(scene.client.read_index("et-Ordered"))


@GAPS.because(_INDEXES)
def an_index_is_subscribed_to(scene: Scene) -> None:
    """`subscribe_to_index` gives the events of a secondary index, and what comes."""
    with pytest.raises(NotFoundError):
        scene.client.subscribe_to_index("et-Ordered")


@GAPS.because("a node tells so when it drops from live; the harness's nodes keep up")
def falling_behind_is_told(scene: Scene) -> None:
    """With `include_fell_behind` a subscription says when it is no longer live."""
    stream = scene.written(1)
    with scene.client.subscribe_to_stream(
        stream, include_fell_behind=True
    ) as subscription:
        for number in range(50):
            scene.client.append_to_stream(
                stream, current_version=number, events=new_event()
            )
        found = [next(subscription) for _ in range(51)]
    assert not any(event.is_fell_behind for event in found)


@GAPS.because("`delete_stream` of the client returns None, whatever the node answers")
def delete_gives_a_position(scene: Scene) -> None:
    """A delete answers with a commit position."""
    delete: Callable[..., object] = scene.client.delete_stream
    assert delete(scene.written(1), current_version=0) is None


@GAPS.because("the client upper-cases fields first, and keeps the last of a name")
def the_first_of_repeated_fields_counts(scene: Scene) -> None:
    """Of fields that are repeated in another case, the first counts."""
    uri = scene.cluster.connection_string(NODEPREFERENCE="follower")
    client = scene.connect(f"{uri}&nodePreference=leader")
    assert client.connection_target == str(scene.cluster.nodes[0].endpoint)


def _absent(reason: str, claims: dict[str, tuple[str, dict[str, str]]]) -> None:
    # The rows that differ in one call only.
    for name, (claim, given) in claims.items():

        def check(
            scene: Scene, name: str = name, given: dict[str, str] = given
        ) -> None:
            method = getattr(scene.client, name)
            with pytest.raises(GrpcError, match="UNIMPLEMENTED"):
                method(**given)

        check.__name__, check.__doc__ = name, claim
        GAPS.because(reason)(check)


_GROUP = {"group_name": "g"}
_NAME = {"name": "p"}

_absent(
    "the harness serves create, delete and read of groups, no management",
    {
        "update_subscription_to_all": ("A group's settings are changed.", _GROUP),
        "update_subscription_to_stream": (
            "The settings of a stream's group are changed.",
            {**_GROUP, "stream_name": "s"},
        ),
        "replay_parked_events": ("Parked events are sent again.", _GROUP),
        "get_subscription_info": ("A group's figures are given.", _GROUP),
        "list_subscriptions": ("Groups are listed.", {}),
        "list_subscriptions_to_stream": (
            "The groups of a stream are listed.",
            {"stream_name": "s"},
        ),
    },
)
_absent(
    "the harness has no projections: they have no part in a failover",
    {
        "create_projection": ("A projection is made.", {**_NAME, "query": ""}),
        "get_projection_state": ("A projection's state is given.", _NAME),
        "update_projection": ("A projection's query changes.", {**_NAME, "query": ""}),
        "get_projection_statistics": ("A projection's figures are given.", _NAME),
        "list_all_projection_statistics": ("All figures are given.", {}),
        "list_continuous_projection_statistics": ("Figures of endless ones.", {}),
        "disable_projection": ("A projection is paused.", _NAME),
        "enable_projection": ("A projection goes on.", _NAME),
        "abort_projection": ("A projection ends at once.", _NAME),
        "reset_projection": ("A projection begins again.", _NAME),
        "delete_projection": ("A projection is deleted.", _NAME),
        "restart_projections_subsystem": ("All projections restart.", {}),
    },
)
