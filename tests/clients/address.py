"""Connection strings of a cluster as each client likes them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from kurrent_conn.testing import SimulatedCluster
from tests.clients.roster import Guest


def uri_of(cluster: SimulatedCluster, guest: Guest, **options: Any) -> str:
    """Write a connection string with all members, as the client likes it."""
    written = cluster.connection_string(**{**guest.settings, **options})
    return written.replace("kurrentdb://", f"{guest.scheme}://")


def one_host(
    cluster: SimulatedCluster, guest: Guest, index: int, *, discover: bool = False
) -> str:
    """Write a connection string with one member."""
    written = uri_of(cluster, guest).replace(
        ",".join(str(node.endpoint) for node in cluster.nodes),
        str(cluster.nodes[index].endpoint),
    )
    return written.replace("://", "+discover://") if discover else written


def a_stream() -> str:
    """Name a stream of its own."""
    return f"orders-{uuid4()}"
