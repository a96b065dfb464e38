"""`wire.gossip` reads every answer a node can give and loses no usable member."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.cluster import NO_INSTANCE, Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.wire.gossip import decode_cluster_info, encode_cluster_info
from kurrent_conn.wire.malformed import MalformedMessage
from kurrent_conn.wire.protos import gossip_pb2, shared_pb2

LOCAL = gossip_pb2.EndPoint(address="n1", port=2113)

members = st.builds(
    Member,
    advertised=st.builds(
        Endpoint, st.text(min_size=1), st.integers(min_value=1, max_value=65535)
    ),
    state=st.sampled_from(NodeState) | st.integers(16, 2**31 - 1),
    is_alive=st.booleans(),
    instance_id=st.uuids(),
    time_stamp_s=st.integers(0, 2**32).map(float),
)


@given(st.lists(members))
def test_what_is_written_is_read(listed: list[Member]) -> None:
    """Members survive the wire, in order, with ids of any sign and unlisted states."""
    assert decode_cluster_info(encode_cluster_info(listed)) == tuple(listed)


@given(st.binary())
def test_any_bytes_give_members_or_a_typed_error(answer: bytes) -> None:
    """Bytes of anybody raise MalformedMessage or give members, nothing else."""
    try:
        decode_cluster_info(answer)
    except MalformedMessage as error:
        assert error.size_bytes == len(answer)  # noqa: PT017 - either way is right


def test_malformed_bytes_name_the_message() -> None:
    """The error is a ValueError that says what was expected."""
    with pytest.raises(ValueError, match="3 bytes are no ClusterInfo"):
        decode_cluster_info(b"\xff\xff\xff")


@pytest.mark.parametrize(
    "entry",
    [
        gossip_pb2.MemberInfo(state=8, is_alive=True),
        gossip_pb2.MemberInfo(http_end_point=gossip_pb2.EndPoint(port=2113)),
        gossip_pb2.MemberInfo(http_end_point=gossip_pb2.EndPoint(address="n2")),
        gossip_pb2.MemberInfo(
            http_end_point=gossip_pb2.EndPoint(address="n2", port=65536)
        ),
    ],
)
def test_entries_that_nobody_can_dial_are_left_out(
    entry: gossip_pb2.MemberInfo,
) -> None:
    """An entry without a usable endpoint costs no other entry."""
    info = gossip_pb2.ClusterInfo(
        members=[entry, gossip_pb2.MemberInfo(http_end_point=LOCAL)]
    )
    assert [m.advertised for m in decode_cluster_info(info.SerializeToString())] == [
        Endpoint("n1", 2113)
    ]


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (shared_pb2.UUID(string=str(UUID(int=7))), UUID(int=7)),
        (
            shared_pb2.UUID(
                structured=shared_pb2.UUID.Structured(
                    most_significant_bits=-1, least_significant_bits=-2
                )
            ),
            UUID(int=2**128 - 2),
        ),
        (shared_pb2.UUID(string="not an id"), NO_INSTANCE),
        (shared_pb2.UUID(), NO_INSTANCE),
    ],
)
def test_ids_are_read_in_both_forms(
    identifier: shared_pb2.UUID, expected: UUID
) -> None:
    """Text, halves, and something unreadable, which counts as no id."""
    info = gossip_pb2.ClusterInfo(
        members=[gossip_pb2.MemberInfo(instance_id=identifier, http_end_point=LOCAL)]
    )
    (member,) = decode_cluster_info(info.SerializeToString())
    assert member.instance_id == expected
