"""The same in asyncio: calls wait out an election and go on.

Run it: `python examples/asyncio_failover.py`. It needs the runtime dependencies only.
"""

from __future__ import annotations

import asyncio

from kurrent_conn import aio
from kurrent_conn.testing import SimulatedCluster

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"


async def main() -> None:
    """Call before, during and after an election."""
    with SimulatedCluster(size=3) as cluster:
        async with aio.connect(cluster.connection_string()) as connection:
            features = connection.channel.unary_unary(FEATURES)
            await features(b"")
            print(f"before: {connection.topology.leader}")
            cluster.nodes[0].kill()
            cluster.elect(cluster.nodes[1], after_s=0.2)
            answers = await asyncio.gather(*(features(b"") for _ in range(8)))
            print(f"{len(answers)} calls waited for {connection.topology.leader}")


if __name__ == "__main__":
    asyncio.run(main())
