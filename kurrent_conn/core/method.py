"""Which methods of the KurrentDB services only read.

Source: server, `src/Protos/Grpc/*.proto` and `proto/kurrentdb/protocol/v2/`; paths are
`/<package>.<Service>/<Method>`. Everything that is not listed may write.
"""

from __future__ import annotations

from typing import Final

_V1: Final = "/event_store.client"

READ_ONLY: Final = frozenset(
    {
        f"{_V1}.gossip.Gossip/Read",
        f"{_V1}.monitoring.Monitoring/Stats",
        f"{_V1}.persistent_subscriptions.PersistentSubscriptions/GetInfo",
        f"{_V1}.persistent_subscriptions.PersistentSubscriptions/List",
        f"{_V1}.projections.Projections/Result",
        f"{_V1}.projections.Projections/State",
        f"{_V1}.projections.Projections/Statistics",
        f"{_V1}.server_features.ServerFeatures/GetSupportedMethods",
        f"{_V1}.streams.Streams/Read",
        f"{_V1}.users.Users/Details",
        "/kurrentdb.protocol.v2.streams.StreamsService/ReadSession",
    }
)


def is_read_only(method: str) -> bool:
    """Tell whether a method changes nothing, so that it may be repeated.

    Args:
        method: The full path, such as `/event_store.client.streams.Streams/Read`.
    """
    return method in READ_ONLY
