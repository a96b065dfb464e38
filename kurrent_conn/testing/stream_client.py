"""Just enough of a client to append to a stream and read it back, over any channel.

For the demonstration, the tests and the benchmarks of this package; applications use a
real client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import grpc

from kurrent_conn.wire.identifier import decode_uuid, encode_text
from kurrent_conn.wire.protos import shared_pb2, streams_pb2
from kurrent_conn.wire.stream_read import READ_METHOD, read_request

APPEND_METHOD: Final = "/event_store.client.streams.Streams/Append"

_EMPTY: Final = shared_pb2.Empty()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of a stream, as read back.

    Args:
        event_id: The id that its writer gave it.
        revision: Its number in the stream, from 0.
        data: Its body.
    """

    event_id: UUID
    revision: int
    data: bytes


class WrongRevision(Exception):
    """The stream was not where the append expected it; nothing was written."""


def append_requests(
    stream: str, event_id: UUID, data: bytes
) -> Iterator[streams_pb2.AppendReq]:
    """Write an append of one event, at whatever revision the stream is.

    Args:
        stream: The stream's name.
        event_id: An append repeated with the same id is written once.
        data: The body.
    """
    identifier = shared_pb2.StreamIdentifier(stream_name=stream.encode())
    yield streams_pb2.AppendReq(
        options=streams_pb2.AppendReq.Options(stream_identifier=identifier, any=_EMPTY)
    )
    yield streams_pb2.AppendReq(
        proposed_message=streams_pb2.ProposedMessage(
            id=encode_text(event_id),
            metadata={"type": "counted", "content-type": "application/octet-stream"},
            data=data,
        )
    )


def recorded_of(response: streams_pb2.ReadResp) -> Recorded | None:
    """Read one message of a read's answer; None for one that carries no event.

    Args:
        response: The message.
    """
    if not response.HasField("event"):
        return None
    event = response.event.event
    event_id = decode_uuid(event.id)
    if event_id is None:
        return None
    return Recorded(event_id, event.stream_revision, event.data)


class StreamClient:
    """Appends and reads over a channel.

    Args:
        channel: Any channel; stubs are made once and kept.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._append = channel.stream_unary(
            APPEND_METHOD,
            streams_pb2.AppendReq.SerializeToString,
            streams_pb2.AppendResp.FromString,
        )
        self._read = channel.unary_stream(
            READ_METHOD,
            streams_pb2.ReadReq.SerializeToString,
            streams_pb2.ReadResp.FromString,
        )

    def append(
        self, stream: str, event_id: UUID, data: bytes, timeout_s: float = 10.0
    ) -> int:
        """Append one event.

        Args:
            stream: The stream's name.
            event_id: An append repeated with the same id is written once.
            data: The body.
            timeout_s: The call's deadline.

        Returns:
            The event's revision.

        Raises:
            WrongRevision: The server refused it.
            grpc.RpcError: The call failed.
        """
        answer = self._append(append_requests(stream, event_id, data), timeout_s)
        if not answer.HasField("success"):
            raise WrongRevision(stream)
        return int(answer.success.current_revision)

    def read(
        self,
        stream: str,
        *,
        count: int = 2**32 - 1,
        backwards: bool = False,
        timeout_s: float = 10.0,
    ) -> list[Recorded]:
        """Read a stream; one that does not exist is empty.

        Args:
            stream: The stream's name.
            count: At most so many events.
            backwards: From the newest to older ones.
            timeout_s: The call's deadline.

        Raises:
            grpc.RpcError: The call failed.
        """
        request = read_request(stream, count=count, backwards=backwards)
        found = map(recorded_of, self._read(request, timeout_s))
        return [recorded for recorded in found if recorded is not None]
