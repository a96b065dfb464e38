"""Members advertise names that resolve nowhere; overrides lead to them all the same.

Run it: `python examples/overrides.py`. It needs the runtime dependencies only.
"""

from __future__ import annotations

import kurrent_conn
from kurrent_conn import Endpoint, Overrides
from kurrent_conn.testing import SimulatedCluster


def main() -> None:
    """Connect to a cluster whose names mean nothing here."""
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as cluster:
        rules = Overrides.from_mapping(
            {node.advertised.host: str(node.endpoint) for node in cluster.nodes}
        )
        route = rules.route(Endpoint("mydb-0.kurrent.test"))
        print(f"mydb-0 is dialled as {route.dial}, verified as {route.server_name}")
        with kurrent_conn.connect(
            cluster.connection_string(), overrides=rules
        ) as connection:
            print(f"the leader is {connection.topology.leader}")


if __name__ == "__main__":
    main()
