"""Operators can make a node resign or shut down, as its API has it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing import SimulatedCluster
from patience import wait_for
from raw_call import ADMIN, DEADLINE_S, channel_to, failure_of

OPERATIONS = "/event_store.client.operations.Operations/"


def ask(cluster: SimulatedCluster, index: int, method: str) -> None:
    """Call one of the operations."""
    with channel_to(cluster, cluster.nodes[index]) as channel:
        call: Any = channel.unary_unary(OPERATIONS + method)
        call(b"", timeout=DEADLINE_S, metadata=ADMIN)


def test_a_leader_resigns(cluster: SimulatedCluster) -> None:
    """The leader becomes a ResigningLeader; a follower that is asked does nothing."""
    ask(cluster, 1, "ResignNode")
    ask(cluster, 0, "ResignNode")
    wait_for(lambda: cluster.nodes[0].state is NodeState.RESIGNING_LEADER)
    assert cluster.nodes[1].state is NodeState.FOLLOWER


def test_a_node_shuts_down(cluster: SimulatedCluster) -> None:
    """It answers, and is gone."""
    ask(cluster, 1, "Shutdown")
    wait_for(lambda: not cluster.nodes[1].is_alive)
    assert cluster.leader is cluster.nodes[0]


def test_operations_need_a_user(cluster: SimulatedCluster) -> None:
    """Nobody without a name operates anything."""
    with channel_to(cluster, cluster.nodes[0]) as channel:
        call: Any = channel.unary_unary(OPERATIONS + "Shutdown")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=DEADLINE_S)
    assert failure_of(caught.value).code is grpc.StatusCode.PERMISSION_DENIED
