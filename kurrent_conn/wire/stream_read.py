"""The read of a stream: the call that asks for the least, of any node.

With `requires-leader` it tells who leads: a leader serves it, also for a stream that
does not exist, and everybody else names the leader. It writes nothing.
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.wire.protos import shared_pb2, streams_pb2

READ_METHOD: Final = "/event_store.client.streams.Streams/Read"
"""The path of the call, unary request and a stream of responses.

Source: server, `Protos/Grpc/streams.proto`.
"""

_EMPTY: Final = shared_pb2.Empty()


def read_request(stream: str, *, count: int, backwards: bool) -> streams_pb2.ReadReq:
    """Write a read of a stream from one of its ends.

    Args:
        stream: The stream's name.
        count: At most so many events.
        backwards: From the newest to older ones.
    """
    options = streams_pb2.ReadReq.Options
    from_end = options.StreamOptions(
        stream_identifier=shared_pb2.StreamIdentifier(stream_name=stream.encode())
    )
    (from_end.end if backwards else from_end.start).SetInParent()
    return streams_pb2.ReadReq(
        options=options(
            stream=from_end,
            read_direction=options.Backwards if backwards else options.Forwards,
            count=count,
            no_filter=_EMPTY,
            uuid_option=options.UUIDOption(string=_EMPTY),
        )
    )
