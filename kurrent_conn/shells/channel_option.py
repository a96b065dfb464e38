"""How a channel to one node is set up: the one table of grpc channel arguments."""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings

MAX_MESSAGE_BYTES: Final = 17 * 1024 * 1024
"""The largest message received; all official clients set 17 MiB.

Source: .NET client, `ChannelFactory.cs` (MaxReceiveMessageLength).
"""

KEEPALIVE_MIN_S: Final = 1.0
"""grpc raises anything less to this, silently."""

_SERVICE_CONFIG: Final = '{"connectionScaling": {"maxConnectionsPerSubchannel": 4}}'
"""A server serves 100 streams a connection, and grpc queues the next one in silence;
this lets it connect again for a burst of calls with one answer (grpcio >= 1.85; older
versions overlook it, and such calls wait for each other). Streams are counted by
`lanes`. It must never hold a retryPolicy: then "never sent" could no longer be
recognised.
"""

Option = tuple[str, str | int]


def target(where: Endpoint) -> str:
    """Write the grpc target of what is dialled.

    Args:
        where: An address and a port: names are resolved before a channel is made.
    """
    return f"ipv6:[{where.host}]:{where.port}" if where.is_ipv6 else f"ipv4:{where}"


def channel_options(
    route: Route, settings: Settings, user_agent: str, server_name: str
) -> tuple[Option, ...]:
    """List the arguments of a channel.

    Args:
        route: Where it goes, and which name its certificate must carry.
        settings: Keepalive and TLS.
        user_agent: What servers log.
        server_name: The name that the certificate must carry; the route's own, but
            where a pin stands for it.
    """
    options: list[Option] = [
        ("grpc.primary_user_agent", user_agent),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", -1),
        # A new channel connects anew: no shared backoff, no shared connection.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.service_config", _SERVICE_CONFIG),
    ]
    if route.server_name != route.connects_to.host:
        options.append(("grpc.default_authority", route.server_name))
    if settings.tls and server_name != route.connects_to.host:
        options.append(("grpc.ssl_target_name_override", server_name))
    if settings.keep_alive_interval_s is not None:
        interval_s = max(settings.keep_alive_interval_s, KEEPALIVE_MIN_S)
        options += [
            ("grpc.keepalive_time_ms", round(interval_s * 1000)),
            # Without these two grpc stops pinging after two pings without data.
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
    if settings.keep_alive_timeout_s is not None:
        timeout_ms = round(max(settings.keep_alive_timeout_s, KEEPALIVE_MIN_S) * 1000)
        options += [
            ("grpc.keepalive_timeout_ms", timeout_ms),
            # grpcio >= 1.59 never arms the timeout above; this one it does.
            ("grpc.http2.ping_timeout_ms", timeout_ms),
        ]
    return tuple(options)
