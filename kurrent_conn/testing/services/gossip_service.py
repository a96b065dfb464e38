"""Client gossip and server features, as a node answers them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import grpc

from kurrent_conn.core.cluster import Member
from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.server_version import has_service
from kurrent_conn.testing.services.service import Call, guarded, unary
from kurrent_conn.wire.gossip import READ_METHOD, encode_cluster_info
from kurrent_conn.wire.server_features import (
    GET_SUPPORTED_METHODS,
    ServerFeatures,
    SupportedMethod,
    encode_supported_methods,
)

STREAMS: Final = "event_store.client.streams.streams"
PERSISTENT: Final = (
    "event_store.client.persistent_subscriptions.persistentsubscriptions"
)
OPERATIONS: Final = "event_store.client.operations.operations"
V2_STREAMS: Final = "kurrentdb.protocol.v2.streams.streamsservice"

METHODS: Final = (
    SupportedMethod("event_store.client.gossip.gossip", "read"),
    SupportedMethod(STREAMS, "read", ("position", "events")),
    SupportedMethod(STREAMS, "append"),
    SupportedMethod(STREAMS, "delete"),
    SupportedMethod(STREAMS, "tombstone"),
    SupportedMethod(STREAMS, "batchappend", ("deadline_duration",)),
    SupportedMethod(
        "event_store.client.server_features.serverfeatures", "getsupportedmethods"
    ),
    *(
        SupportedMethod(PERSISTENT, method, ("stream", "all"))
        for method in ("create", "delete", "read")
    ),
    SupportedMethod(OPERATIONS, "resignnode"),
    SupportedMethod(OPERATIONS, "shutdown"),
    SupportedMethod(V2_STREAMS, "appendsession"),
    SupportedMethod(V2_STREAMS, "appendrecords"),
)
"""What every node claims, in the server's lower case.

Source: server, `Services/Transport/Grpc/ServerFeatures.cs`.
"""


def gossip_handlers(
    node: NodeContext,
) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Make the two methods, by path.

    Args:
        node: The node that answers.
    """

    async def read(_: bytes, __: Call) -> bytes:
        await node.meet("gossip")
        return encode_cluster_info(listed(node))

    async def supported(_: bytes, __: Call) -> bytes:
        methods = [m for m in METHODS if has_service(node.version, m.service)]
        return encode_supported_methods(ServerFeatures(node.version, tuple(methods)))

    anonymous_gossip = node.access.anonymous_gossip
    return {
        READ_METHOD: unary(guarded(node, read, allow_anonymous=anonymous_gossip)),
        GET_SUPPORTED_METHODS: unary(guarded(node, supported, allow_anonymous=True)),
    }


def listed(node: NodeContext) -> tuple[Member, ...]:
    """Give the members that a node's gossip names now.

    Args:
        node: The node that is asked.
    """
    if node.conduct.lie is not None:
        return node.conduct.lie
    now_s = time.time()
    return tuple(
        # A node's word about itself is always of this moment.
        replace(member, time_stamp_s=now_s)
        if member.advertised == node.advertised
        else member
        for member in node.view.members
    )
