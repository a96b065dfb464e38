"""The asyncio front end: the same names as `kurrent_conn`, awaited where they wait.

    from kurrent_conn import aio

    async with aio.connect("kurrentdb://admin:changeit@n1,n2,n3") as connection:
        stub = AnyGeneratedStub(connection.channel)  # survives failover

A connection belongs to the loop on which it was made.
"""

from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.cluster import Member, NodePreference, NodeState, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failover import Failover
from kurrent_conn.core.failure import Outcome
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.report import Diagnostics, Pong
from kurrent_conn.core.retry import RetryPolicy
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.errors import (
    ConfigurationError,
    ConnectionClosed,
    DiscoveryError,
    InvalidConnectionString,
    InvalidOverride,
    InvalidTlsFile,
    KurrentConnError,
    Problem,
    TlsError,
    UntrustedName,
)
from kurrent_conn.shells.aio.channel import Channel
from kurrent_conn.shells.aio.connecting import connect
from kurrent_conn.shells.aio.connection import Connection
from kurrent_conn.shells.rpc import outcome

__all__ = [
    "Attempt",
    "Channel",
    "ConfigurationError",
    "Connection",
    "ConnectionClosed",
    "Diagnostics",
    "DiscoveryError",
    "Endpoint",
    "Failover",
    "FindingKind",
    "InvalidConnectionString",
    "InvalidOverride",
    "InvalidTlsFile",
    "KurrentConnError",
    "Member",
    "NodePreference",
    "NodeState",
    "Outcome",
    "Override",
    "Overrides",
    "Phase",
    "Pong",
    "Problem",
    "RetryPolicy",
    "Route",
    "Settings",
    "TlsError",
    "TlsFinding",
    "Topology",
    "UntrustedName",
    "connect",
    "outcome",
]
