"""Calls without any client: bytes on a channel, as the wire has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc

from kurrent_conn.core.cluster import Member
from kurrent_conn.testing import SimulatedCluster, SimulatedNode
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.wire.gossip import READ_METHOD, READ_REQUEST, decode_cluster_info
from kurrent_conn.wire.identifier import encode_text
from kurrent_conn.wire.protos import shared_pb2, streams_pb2

STREAMS = "/event_store.client.streams.Streams/"
ADMIN = (("authorization", "Basic YWRtaW46Y2hhbmdlaXQ="),)
INSISTING = (*ADMIN, ("requires-leader", "true"))
DEADLINE_S = 10.0

Metadata = tuple[tuple[str, str], ...]


@contextmanager
def channel_to(
    cluster: SimulatedCluster,
    node: SimulatedNode,
    *options: tuple[str, str | int],
    certificate: KeyPair | None = None,
) -> Iterator[grpc.Channel]:
    """Open a channel of its own connections to one node, perhaps with a certificate."""
    chosen = [("grpc.use_local_subchannel_pool", 1), *options]
    ca_file = cluster.ca_file
    channel = (
        grpc.insecure_channel(str(node.endpoint), chosen)
        if ca_file is None
        else grpc.secure_channel(
            str(node.endpoint),
            grpc.ssl_channel_credentials(
                ca_file.read_bytes(),
                None if certificate is None else certificate.key_pem,
                None if certificate is None else certificate.certificate_pem,
            ),
            chosen,
        )
    )
    with channel:
        yield channel


def gossip(
    channel: grpc.Channel, metadata: Metadata = (), timeout_s: float = DEADLINE_S
) -> tuple[Member, ...]:
    """Ask for the members."""
    call: Any = channel.unary_unary(READ_METHOD)
    answer: bytes = call(READ_REQUEST, timeout=timeout_s, metadata=metadata)
    return decode_cluster_info(answer)


def read_request(
    stream: str | None, *, subscribe: bool = False, **options: Any
) -> bytes:
    """Write a read, forwards from the start unless told otherwise."""
    request = streams_pb2.ReadReq()
    chosen = request.options
    if stream is None:
        chosen.all.start.SetInParent()
    else:
        chosen.stream.stream_identifier.stream_name = stream.encode()
        chosen.stream.start.SetInParent()
    if subscribe:
        chosen.subscription.SetInParent()
    else:
        chosen.count = 1000
    chosen.no_filter.SetInParent()
    chosen.uuid_option.string.SetInParent()
    chosen.MergeFrom(streams_pb2.ReadReq.Options(**options))
    return request.SerializeToString()


def read(
    channel: grpc.Channel,
    stream: str | None,
    metadata: Metadata = ADMIN,
    **options: Any,
) -> list[streams_pb2.ReadResp]:
    """Read a stream, or $all, to its end."""
    call: Any = channel.unary_stream(STREAMS + "Read")
    answers = call(
        read_request(stream, **options), timeout=DEADLINE_S, metadata=metadata
    )
    return [streams_pb2.ReadResp.FromString(answer) for answer in answers]


def proposed(data: bytes) -> streams_pb2.ProposedMessage:
    """Make an event with an id of its own."""
    return streams_pb2.ProposedMessage(
        id=encode_text(uuid4()),
        metadata={"type": "Ordered", "content-type": "application/json"},
        data=data,
    )


def append(
    channel: grpc.Channel,
    stream: str,
    *events: streams_pb2.ProposedMessage,
    metadata: Metadata = ADMIN,
    timeout_s: float = DEADLINE_S,
) -> streams_pb2.AppendResp:
    """Append with any expectation."""
    options = streams_pb2.AppendReq.Options(
        stream_identifier=shared_pb2.StreamIdentifier(stream_name=stream.encode())
    )
    options.any.SetInParent()
    requests = [
        streams_pb2.AppendReq(options=options),
        *(streams_pb2.AppendReq(proposed_message=event) for event in events),
    ]
    call: Any = channel.stream_unary(STREAMS + "Append")
    answer: bytes = call(
        (request.SerializeToString() for request in requests),
        timeout=timeout_s,
        metadata=metadata,
    )
    return streams_pb2.AppendResp.FromString(answer)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call ended."""

    code: grpc.StatusCode
    details: str
    trailers: dict[str, str | bytes]


def failure_of(error: grpc.RpcError) -> Failure:
    """Take a failed call apart."""
    assert isinstance(error, grpc.Call)
    return Failure(
        error.code(), error.details() or "", dict(error.trailing_metadata() or ())
    )
