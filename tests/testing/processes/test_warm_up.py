"""`testing.warm_up` greets a server and never stands in anybody's way."""

from __future__ import annotations

import pytest

from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.processes.warm_up import warm_up
from kurrent_conn.testing.stages.reserved_port import ReservedPort


@pytest.mark.parametrize("tls", [True, False])
async def test_a_node_is_greeted(tls: bool) -> None:
    """A node of either kind takes the greeting, and the next caller."""
    with SimulatedCluster(1, tls=tls) as cluster:
        for _ in range(2):
            await warm_up(cluster.nodes[0].endpoint, tls=tls)


async def test_a_port_that_refuses_is_left_alone() -> None:
    """Nothing is raised where nobody listens."""
    port = ReservedPort()
    try:
        await warm_up(port.endpoint, tls=True)
    finally:
        port.close()
