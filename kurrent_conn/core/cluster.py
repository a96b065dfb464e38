"""What a gossip answer says: members, their states, and the snapshot we publish.

Values only. Who is chosen is decided in `selection`, what is believed in `belief`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

from kurrent_conn.core.endpoint import Endpoint


class NodePreference(StrEnum):
    """Which role a connection asks for; the values are those of `nodePreference`."""

    LEADER = "leader"
    FOLLOWER = "follower"
    RANDOM = "random"
    READ_ONLY_REPLICA = "readonlyreplica"


class NodeState(IntEnum):
    """The state that a member reports, by its number on the wire.

    Source: server, `src/Protos/Grpc/gossip.proto` (`MemberInfo.VNodeState`) and
    `Data/VNodeState.cs`: new states are appended, so a newer server may send numbers
    that are not listed; `Member.state` keeps such a number as a plain int.
    """

    INITIALIZING = 0
    DISCOVER_LEADER = 1
    UNKNOWN = 2
    PRE_REPLICA = 3
    CATCHING_UP = 4
    CLONE = 5
    FOLLOWER = 6
    PRE_LEADER = 7
    LEADER = 8
    MANAGER = 9
    SHUTTING_DOWN = 10
    SHUTDOWN = 11
    READ_ONLY_LEADERLESS = 12
    PRE_READ_ONLY_REPLICA = 13
    READ_ONLY_REPLICA = 14
    RESIGNING_LEADER = 15


NO_INSTANCE: Final = UUID(int=0)
"""The instance id of a `Manager` entry: a gossip seed that is no node yet.

Source: server, `Services/Gossip/GossipServiceBase.cs`.
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One node as a gossip answer describes it.

    Args:
        advertised: The endpoint that the member tells clients to use: its identity.
        state: Its state; an int that `NodeState` does not list is kept as it came.
        is_alive: Whether the answering node believes it alive. A dead node stays
            listed for 30 minutes with its last state.
        instance_id: Changes when the process restarts; zero for `Manager` entries.
        time_stamp_s: Unix time of the member's last word, in seconds, by the clock
            of the node that answered. Not part of equality: it changes with every
            answer, and news is what differs otherwise.
    """

    advertised: Endpoint
    state: NodeState | int
    is_alive: bool
    instance_id: UUID = NO_INSTANCE
    time_stamp_s: float = field(default=0.0, compare=False)

    @property
    def state_name(self) -> str:
        """The state as the server spells it, or `State<n>` for an unlisted number."""
        if isinstance(self.state, NodeState):
            return "".join(part.capitalize() for part in self.state.name.split("_"))
        return f"State{self.state}"


@dataclass(frozen=True, slots=True)
class Topology:
    """The immutable snapshot of what a connection believes now.

    Args:
        members: The members of the answer believed last, in its order.
        leader: The advertised endpoint believed to lead; None while nobody does.
        generation: Counts published snapshots from 1; 0 means that no answer has
            come yet.
        told_by: The endpoint whose answer this is; None at generation 0 and after
            a redirect that no gossip has confirmed yet.
    """

    members: tuple[Member, ...] = ()
    leader: Endpoint | None = None
    generation: int = 0
    told_by: Endpoint | None = None

    def member(self, advertised: Endpoint) -> Member | None:
        """Find a member by what it advertises.

        Args:
            advertised: The member's identity.

        Returns:
            The member, or None when the snapshot does not list it.
        """
        return next((m for m in self.members if m.advertised == advertised), None)
