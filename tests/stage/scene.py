"""A stage for tests of the state machine: three nodes a, b, c and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kurrent_conn.core.actions import ReadGossip
from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.state import Plan
from kurrent_conn.testing.virtual.simulation import Fails, Reply, Says, Silent

A, B, C = (Endpoint(f"{name}.test", 2113) for name in "abc")
LEADER, FOLLOWER = NodeState.LEADER, NodeState.FOLLOWER
REPLICA = NodeState.READ_ONLY_REPLICA

__all__ = [
    "FOLLOWER",
    "LEADER",
    "REPLICA",
    "A",
    "B",
    "C",
    "Fails",
    "Says",
    "Scene",
    "Silent",
    "member",
    "plan",
]


def member(
    at: Endpoint,
    state: NodeState | int = FOLLOWER,
    *,
    alive: bool = True,
    stamp_s: float = 0.0,
) -> Member:
    """Make a member."""
    return Member(at, state, is_alive=alive, time_stamp_s=stamp_s)


def plan(*seeds: Endpoint, router: Overrides | None = None) -> Plan:
    """Make the plan of a cluster connection with no override."""
    return Plan(seeds=seeds or (A, B, C), router=router or Overrides())


class Scene:
    """What each endpoint answers; changed by tests as time passes."""

    def __init__(self, *members: Member) -> None:
        self.members = members
        self.replies: dict[Endpoint, Reply] = {}
        self.asked: list[Endpoint] = []

    def __call__(self, action: ReadGossip, now: float) -> Reply:
        """Answer a read: the reply set for the endpoint, else the common view."""
        del now
        self.asked.append(action.endpoint)
        return self.replies.get(action.endpoint, Says(self.members))

    def become(self, states: Mapping[Endpoint, NodeState]) -> None:
        """Change members' states; a member given a state is alive."""
        self.members = tuple(
            replace(m, state=states[m.advertised], is_alive=True)
            if m.advertised in states
            else m
            for m in self.members
        )

    def kill(self, *dead: Endpoint) -> None:
        """Refuse reads of these, and let the others list them as dead."""
        self.replies.update(dict.fromkeys(dead, Fails()))
        self.members = tuple(
            replace(m, is_alive=False) if m.advertised in dead else m
            for m in self.members
        )
