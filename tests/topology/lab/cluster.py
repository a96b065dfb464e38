"""The harness's cluster with nodes that listen in namespaces.

A socket belongs to the namespace in which it was opened, whoever uses it: nodes that
are threads of one process stand in several networks.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from kurrent_conn.testing import KeyPair, WatchedCluster
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from tests.topology.lab.network import entered, home_of
from tests.topology.lab.plan import Lab, Node


class PlacedPort(ReservedPort):
    """A port in the namespace that its address belongs to.

    Args:
        port: Which.
        host: The address.
    """

    def opened(self) -> socket.socket:
        """Open a TCP socket there."""
        with entered(home_of(self.host)):
            return super().opened()


class PlacedCluster(WatchedCluster):
    """The cluster of a lab.

    Args:
        lab: What it is made of.
        certificates: What each node presents.
        options: More arguments of `SimulatedCluster`.
    """

    def __init__(
        self, lab: Lab, certificates: Sequence[KeyPair], **options: object
    ) -> None:
        self._placed = lab.nodes
        replicas = sum(node.is_replica for node in lab.nodes)
        super().__init__(
            len(lab.nodes) - replicas,
            read_only_replicas=replicas,
            hosts=[f"{node.address}:{node.port}" for node in lab.nodes],
            advertise=[advertised(node) for node in lab.nodes],
            certificates=certificates.__getitem__,
            **options,
        )

    def _port(self, index: int) -> ReservedPort:
        node = self._placed[index]
        return PlacedPort(node.port, node.address)


def advertised(node: Node) -> str:
    """Say what a node tells clients to use.

    Args:
        node: The node.
    """
    return node.advertise or f"{node.address}:{node.port}"
