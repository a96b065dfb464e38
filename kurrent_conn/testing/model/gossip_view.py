"""What one node tells its clients: its own state, its leader, and all members."""

from __future__ import annotations

from collections.abc import Iterable

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.value import value
from kurrent_conn.testing.model.cluster_model import Belief, ClusterModel, Seat


@value
class NodeView:
    """All that a node knows of its cluster.

    Args:
        state: Its own state.
        leader: What the node that it takes for the leader advertises, or None.
        members: What its gossip lists.
        term: The election that it heard of last.
        internal: Each listed member's own endpoint, in the same order.
    """

    state: NodeState
    leader: Endpoint | None
    members: tuple[Member, ...]
    term: int
    internal: tuple[Endpoint, ...] = ()


def view_of(
    model: ClusterModel, index: int, seeds: Iterable[Endpoint] = ()
) -> NodeView:
    """Work out what one node tells.

    Nobody is left out, dead or unknown; the order is that of the nodes' own
    endpoints, highest port first, then host. A gossip seed that is spelled unlike
    any node stays listed as a `Manager` that is alive and has no instance.

    Args:
        model: The cluster.
        index: The node.
        seeds: The gossip seeds that no node merged with.

    Source: server, `Cluster/ClientClusterInfo.cs`, `Utils/EndPointComparer.cs`.
    """
    seat = model.seats[index]
    known = zip(model.seats, model.beliefs[index], strict=True)
    listed = [(about.http, _member(about, belief)) for about, belief in known]
    listed += [(seed, Member(seed, NodeState.MANAGER, True)) for seed in seeds]
    listed.sort(key=lambda pair: (pair[0].port, pair[0].host), reverse=True)
    return NodeView(
        state=seat.state,
        leader=None if seat.leader is None else model.seats[seat.leader].advertised,
        members=tuple(member for _, member in listed),
        term=seat.term,
        internal=tuple(endpoint for endpoint, _ in listed),
    )


def _member(seat: Seat, belief: Belief) -> Member:
    return Member(
        advertised=seat.advertised,
        state=belief.state,
        is_alive=belief.is_alive,
        instance_id=belief.instance_id,
        time_stamp_s=belief.since_s,
    )
