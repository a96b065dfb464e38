"""Where calls go after a node has said that it does not lead."""

from __future__ import annotations

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import direct
from kurrent_conn.testing.virtual.simulation import Says, Simulation
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


def test_a_route_that_leads_to_another_node_is_not_used_for_ever() -> None:
    """A cluster of one behind a balancer grows: its leader is then dialled itself.

    A node on its own speaks for itself by whatever address. Later that address leads
    to the others as well, who name the node that the connection takes them for.
    """
    balancer = Endpoint("db.test")
    scene = Scene(member(A, LEADER))
    simulation = Simulation(plan(balancer, Endpoint("other.test")), scene)
    simulation.want()
    simulation.run(1)
    node = simulation.opened[NodePreference.LEADER]
    assert (node.advertised, node.route.named) != (A, direct(A))
    grown = (member(A, LEADER), member(B), member(C))
    scene.members = grown
    scene.replies[B] = Says(grown)
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, A))
    simulation.want()
    simulation.run(2)
    assert simulation.opened[NodePreference.LEADER].route.named == direct(A)
