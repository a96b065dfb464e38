"""Connection strings of a simulated cluster with other seeds."""

from __future__ import annotations

from collections.abc import Sequence

from kurrent_conn.testing import SimulatedCluster


def with_seeds(cluster: SimulatedCluster, seeds: Sequence[str]) -> str:
    """Write a connection string with these seeds, in this order.

    Args:
        cluster: Whose credentials and CA.
        seeds: `host:port` of each.
    """
    text = cluster.connection_string()
    before, _, rest = text.partition("@")
    return f"{before}@{','.join(seeds)}?{rest.partition('?')[2]}"
