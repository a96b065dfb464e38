"""The client gossip: what any node says about all of them.

Not to be confused with the gossip between nodes (`event_store.cluster.Gossip`), which
needs system rights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf.message import DecodeError

from kurrent_conn.core.cluster import NO_INSTANCE, Member, NodeState
from kurrent_conn.core.endpoint import MAX_PORT, Endpoint
from kurrent_conn.wire.identifier import decode_uuid, encode_structured
from kurrent_conn.wire.malformed import MalformedMessage
from kurrent_conn.wire.protos import gossip_pb2

READ_METHOD: Final = "/event_store.client.gossip.Gossip/Read"
"""The path of the call, unary. It may never be answered: give it a deadline.

Source: server, `Protos/Grpc/gossip.proto`; `GossipServiceBase.cs` leaves the call of
a starting node unanswered.
"""

READ_REQUEST: Final = b""
"""The request, serialised: an empty message."""

TICKS_PER_S: Final = 10_000_000
"""Time stamps count 100 ns from the Unix epoch.

Source: server, `EpochExtensions.cs`.
"""


def decode_cluster_info(answer: bytes) -> tuple[Member, ...]:
    """Read a gossip answer.

    An entry that nobody can be told to dial (no endpoint, no address, port 0 or above
    65535) is left out; an unlisted state number and an unreadable id are not a reason
    to lose an entry.

    Args:
        answer: The answer, serialised.

    Returns:
        The members in the order of the answer, dead ones and `Manager` entries
        included.

    Raises:
        MalformedMessage: The bytes are no `ClusterInfo`.
    """
    try:
        info = gossip_pb2.ClusterInfo.FromString(answer)
    except DecodeError as error:
        raise MalformedMessage("ClusterInfo", len(answer), str(error)) from error
    return tuple(
        _member(entry)
        for entry in info.members
        if entry.http_end_point.address and 1 <= entry.http_end_point.port <= MAX_PORT
    )


def encode_cluster_info(members: Iterable[Member]) -> bytes:
    """Write a gossip answer, the ids in two halves as the server writes them.

    Args:
        members: In the order in which they are to be listed.
    """
    return gossip_pb2.ClusterInfo(
        members=[_entry(member) for member in members]
    ).SerializeToString()


def _member(entry: gossip_pb2.MemberInfo) -> Member:
    return Member(
        advertised=Endpoint(entry.http_end_point.address, entry.http_end_point.port),
        state=_state(entry.state),
        is_alive=entry.is_alive,
        instance_id=decode_uuid(entry.instance_id) or NO_INSTANCE,
        time_stamp_s=entry.time_stamp / TICKS_PER_S,
    )


def _state(number: int) -> NodeState | int:
    try:
        return NodeState(number)
    except ValueError:
        return number


def _entry(member: Member) -> gossip_pb2.MemberInfo:
    return gossip_pb2.MemberInfo(
        instance_id=encode_structured(member.instance_id),
        time_stamp=round(member.time_stamp_s * TICKS_PER_S),
        state=int(member.state),
        is_alive=member.is_alive,
        http_end_point=gossip_pb2.EndPoint(
            address=member.advertised.host, port=member.advertised.port
        ),
    )
