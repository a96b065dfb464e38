"""The simulated cluster: who hears whom, who is elected, what everybody believes.

News travels by rounds of gossip, each node's at its own lag; a node that hears a newer
election follows it. A leader that lost its quorum goes on leading in its own eyes for a
while, and an append that it takes commits only with a quorum of its own term.

Source: server, `Services/Gossip/GossipServiceBase.cs`: a peer's word about itself wins;
dead members stay with their last state; whoever is elected is seen as the leader, all
others as Unknown, until they report. `ClusterVNodeController.cs`: 3 s without a quorum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.simulated_world.clock import Clock
from kurrent_conn.testing.simulated_world.node import Node

NO_QUORUM_S: Final = 3.0


class Cluster:
    """All nodes; every method is one thing that happens to them.

    Args:
        clock: Virtual time.
        random: Decides lags and who is elected.
        nodes: The nodes; replicas do not vote.
        lag_s: How long news takes at most.
        election_s: How long an election takes at most.

    Attributes:
        holds_elections: Whether a cluster without a leader elects one by itself.
        ledger: How often each append was executed.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        nodes: list[Node],
        *,
        lag_s: float = 0.2,
        election_s: float = 1.0,
    ) -> None:
        self.clock = clock
        self.random = random
        self.nodes = nodes
        self.endpoints: list[Endpoint] = [node.endpoint for node in nodes]
        self.lag_s = lag_s
        self.election_s = election_s
        self.term = 0
        self.sides = [0] * len(nodes)
        self.holds_elections = True
        self.ledger: dict[int, int] = {}
        self.managers: tuple[Member, ...] = ()
        self._electing = False
        self._quorum = sum(not node.is_replica for node in nodes) // 2 + 1
        self.install(0)
        for node in nodes:
            self._learn(node.index)

    # Who can do what.

    def hears(self, one: int, other: int) -> bool:
        """Whether two nodes exchange gossip now."""
        awake = self.nodes[one].is_awake and self.nodes[other].is_awake
        return awake and self.sides[one] == self.sides[other]

    def commits(self, index: int) -> bool:
        """Whether an append that this node takes would be committed."""
        node = self.nodes[index]
        return node.state is NodeState.LEADER and (
            self._supporters(index) >= self._quorum
        )

    def _supporters(self, index: int) -> int:
        term = self.nodes[index].term
        return sum(
            self.hears(index, other.index) and other.term <= term
            for other in self.nodes
            if not other.is_replica
        )

    def execute(self, number: int) -> None:
        """Write into the ledger that an append took effect."""
        self.ledger[number] = self.ledger.get(number, 0) + 1

    # What happens.

    def install(self, leader: int) -> None:
        """Make a node the leader of a new term, at once for whoever hears it."""
        self.term += 1
        for node in self.nodes:
            if self.hears(leader, node.index) and not node.is_deaf:
                self._follow(node, leader, self.term)
        self.spread()

    def crash(self, index: int) -> None:
        """End a node's process; its memory is gone."""
        node = self.nodes[index]
        node.is_running = node.is_frozen = False
        node.lie = None
        self.changed()

    def start(self, index: int, *, hangs_for_s: float = 0.0) -> None:
        """Start a node anew; before its start is complete gossip hangs."""
        node = self.nodes[index]
        if node.is_running:
            return
        node.is_running, node.is_frozen = True, False
        node.state = NodeState.INITIALIZING
        node.leader, node.term, node.is_deaf = None, 0, True
        node.view = {index: node.member(self.clock.now)}
        node.starts += 1
        self.clock.after(hangs_for_s, partial(self._started, node, node.starts))

    def _started(self, node: Node, start: int) -> None:
        if not node.is_running or node.starts != start:
            return  # it died before it was up
        node.leader, node.term = None, 0
        node.is_deaf = False
        node.state = (
            NodeState.READ_ONLY_LEADERLESS if node.is_replica else NodeState.UNKNOWN
        )
        node.view = {node.index: node.member(self.clock.now)}
        self.changed()

    def freeze(self, index: int) -> None:
        """Let a node's process stand still."""
        self.nodes[index].is_frozen = self.nodes[index].is_running
        self.changed()

    def thaw(self, index: int) -> None:
        """Let it go on, with all that it believed."""
        self.nodes[index].is_frozen = False
        self.changed()

    def split(self, away: Iterable[int]) -> None:
        """Cut some nodes off from the others."""
        for index in away:
            self.sides[index] = 1
        self.changed()

    def join(self) -> None:
        """Let all nodes hear each other."""
        self.sides = [0] * len(self.nodes)
        self.changed()

    def resign(self) -> None:
        """Let the leader resign: it serves reads only until another is elected."""
        for node in self.nodes:
            if node.state is NodeState.LEADER:
                node.state = NodeState.RESIGNING_LEADER
        self.changed()

    def changed(self) -> None:
        """Let the news spread; where nobody can lead any more, an election follows."""
        self.spread()
        for node in self.nodes:
            if node.state is NodeState.LEADER and not self.commits(node.index):
                self.clock.after(NO_QUORUM_S, partial(self._step_down, node))
        may_elect = self.holds_elections and not self._electing
        if may_elect and not self._has_leader():
            self._electing = True
            self.clock.after(self._up_to(self.election_s), self._elect)

    # Elections.

    def _has_leader(self) -> bool:
        return any(self.commits(node.index) for node in self.nodes)

    def _step_down(self, node: Node) -> None:
        if node.is_awake and node.state is NodeState.LEADER:
            if not self.commits(node.index):
                node.state, node.leader = NodeState.UNKNOWN, None
            self.changed()

    def _elect(self) -> None:
        self._electing = False
        if self._has_leader():
            return
        able = [n for n in self.nodes if self._could_lead(n)]
        if not able:
            return  # the next change brings the next election
        self.install(self.random.choice(able).index)

    def _could_lead(self, node: Node) -> bool:
        if node.is_replica or node.is_deaf or not node.is_awake:
            return False
        voters = [o for o in self.nodes if not o.is_replica and not o.is_deaf]
        return sum(self.hears(node.index, o.index) for o in voters) >= self._quorum

    def _follow(self, node: Node, leader: int, term: int) -> None:
        node.term, node.leader = term, leader
        if node.index == leader:
            node.state = NodeState.LEADER
        elif node.is_replica:
            node.state = NodeState.READ_ONLY_REPLICA
        else:
            node.state = NodeState.FOLLOWER
        node.view[node.index] = node.member(self.clock.now)

    # News.

    def spread(self) -> None:
        """Let every node hear the news, each at its own lag."""
        for node in self.nodes:
            self.clock.after(self._up_to(self.lag_s), partial(self._learn, node.index))

    def _learn(self, index: int) -> None:
        node = self.nodes[index]
        if not node.is_awake or node.is_deaf:
            return
        heard = [o for o in self.nodes if self.hears(index, o.index) and not o.is_deaf]
        newest, was = self._newest(heard), node.state
        if newest is not None and (newest.term > node.term or node.leader is None):
            self._follow(node, newest.index, newest.term)
        elif self._is_leaderless(node, heard):
            node.leader = None
            node.state = (
                NodeState.READ_ONLY_LEADERLESS if node.is_replica else NodeState.UNKNOWN
            )
        now = self.clock.now
        for other in self.nodes:
            if other in heard:
                node.view[other.index] = other.member(now)
            elif other.index in node.view:
                known = node.view[other.index]
                node.view[other.index] = replace(known, is_alive=False)
        if node.state is not was:
            self.changed()

    def _newest(self, heard: list[Node]) -> Node | None:
        """Give the leader of the newest term that is heard."""
        term = max(node.term for node in heard)
        leading = (n for n in heard if n.state is NodeState.LEADER and n.term == term)
        return next(leading, None)

    def _is_leaderless(self, node: Node, heard: list[Node]) -> bool:
        """Whether it does not hear its leader any more, or leads an election past."""
        if node.leader is None:
            return False
        if node.leader == node.index:
            return any(other.term > node.term for other in heard)
        leads = self.nodes[node.leader].state is NodeState.LEADER
        return not (leads and self.hears(node.index, node.leader))

    def _up_to(self, most_s: float) -> float:
        return self.random.random() * most_s
