"""Calls of plain grpcio: what a client library is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import uuid4

import grpc

from kurrent_conn.testing.stream_client import APPEND_METHOD, append_requests
from kurrent_conn.wire.gossip import READ_METHOD, READ_REQUEST
from kurrent_conn.wire.protos import streams_pb2

DEADLINE_S: Final = 10.0
DATA: Final = b"counted"
AUTHORIZATION: Final = ("authorization", "Basic YWRtaW46Y2hhbmdlaXQ=")
HEADERS: Final = (
    ("requires-leader", "true"),
    ("connection-name", "benchmark"),
    AUTHORIZATION,
)
"""As many as a client sends."""


@dataclass(frozen=True, slots=True)
class RawTarget:
    """A node as plain grpcio is told of it.

    Args:
        address: `host:port`.
        ca_pem: The CA.
    """

    address: str
    ca_pem: bytes

    @classmethod
    def from_order(cls, order: dict[str, Any]) -> Self:
        """Read it from an order's `address` and `ca_file`.

        Args:
            order: As drivers get it.
        """
        with open(order["ca_file"], "rb") as ca_file:  # noqa: PTH123 - nothing but bytes
            return cls(order["address"], ca_file.read())

    def channel(self) -> grpc.Channel:
        """Open a channel with connections of its own."""
        return grpc.secure_channel(
            self.address,
            grpc.ssl_channel_credentials(self.ca_pem),
            [("grpc.use_local_subchannel_pool", 1)],
        )

    def cold_gossip(self) -> None:
        """Connect, ask for gossip once, and close."""
        with self.channel() as channel:
            gossip_of(channel)(READ_REQUEST, DEADLINE_S)


def gossip_of(channel: Any) -> Any:
    """Make a callable that asks for gossip.

    Args:
        channel: Of either flavour of grpc.
    """
    return channel.unary_unary(READ_METHOD, None, None)


def append_of(channel: Any) -> Any:
    """Make a callable that appends.

    Args:
        channel: Of either flavour of grpc.
    """
    return channel.stream_unary(
        APPEND_METHOD,
        streams_pb2.AppendReq.SerializeToString,
        streams_pb2.AppendResp.FromString,
    )


def new_event(stream: str) -> Any:
    """Write an append of an event with an id of its own.

    Args:
        stream: The stream.
    """
    return append_requests(stream, uuid4(), DATA)
