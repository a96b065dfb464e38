"""What lies between the clients and the nodes: distance, cuts, and what arrives late.

A cut link loses nothing for good: like TCP it delivers, late, once it is whole again.
A process that dies answers what is in flight with a reset; a machine that vanishes
(a crash behind a cut) answers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.simulated_world.clock import Clock
from kurrent_conn.testing.simulated_world.cluster import Cluster
from kurrent_conn.testing.simulated_world.exchange import (
    LOST,
    NEVER_SENT,
    TIMED_OUT,
    CallRequest,
    Exchange,
    GossipRequest,
    Result,
)
from kurrent_conn.testing.simulated_world.node import OPERATION_TIMEOUT_S, Hang, Node

RESEND_S: Final = 0.3
"""TCP sends again so long after a cut has healed, at most."""


class Network:
    """Carries exchanges between clients and the nodes of one cluster.

    Args:
        clock: Virtual time.
        random: Decides distances and what is late.
        cluster: The nodes.
        dials: Which nodes stand behind each address that may be dialled; several
            behind a balancer, none behind a black hole.

    Attributes:
        cut_there: Nodes that no request reaches.
        cut_back: Nodes whose answers reach nobody.
        duplicates: How likely an answer comes twice.
        reads: How many gossip reads each node got.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        cluster: Cluster,
        dials: Mapping[Endpoint, tuple[int, ...]],
    ) -> None:
        self.clock = clock
        self.random = random
        self.cluster = cluster
        self.dials = dials
        self.distance_s = 0.0005
        self.cut_there: set[int] = set()
        self.cut_back: set[int] = set()
        self.duplicates = 0.0
        self.reads = [0] * len(cluster.nodes)
        self._held: list[Callable[[], None]] = []

    def send(self, dial: Endpoint, exchange: Exchange) -> None:
        """Send a request to whoever is behind an address."""
        behind = self.dials[dial]
        if not behind:
            return  # a black hole
        index = behind[0] if len(behind) == 1 else self.random.choice(behind)
        node = self.cluster.nodes[index]
        if index in self.cut_there:
            self._held.append(partial(self._arrive, node, exchange))
        else:
            self.clock.after(self._way_s(), partial(self._arrive, node, exchange))

    # Faults.

    def cut(self, index: int, *, there: bool = True, back: bool = True) -> None:
        """Lose what goes to a node, or comes from it."""
        if there:
            self.cut_there.add(index)
        if back:
            self.cut_back.add(index)

    def mend(self) -> None:
        """Make every link whole; what was held arrives, late."""
        self.cut_there.clear()
        self.cut_back.clear()
        held, self._held = self._held, []
        for deliver in held:
            self.clock.after(self.random.random() * RESEND_S, deliver)

    def crash(self, index: int) -> None:
        """End a node's process; whatever it had in hand is reset."""
        node = self.cluster.nodes[index]
        in_hand = [*node.open, *node.hanging, *node.queue]
        node.open.clear()
        node.hanging.clear()
        node.queue.clear()
        node.ready.clear()
        self.cluster.crash(index)
        for exchange in in_hand:
            self._back(node, exchange, LOST)

    def thaw(self, index: int) -> None:
        """Let a node that stood still go on, with what arrived in the meantime."""
        node = self.cluster.nodes[index]
        self.cluster.thaw(index)
        queue, node.queue = node.queue, []
        ready, node.ready = node.ready, []
        for exchange, result in ready:
            self._done(node, exchange, result)
        for exchange in queue:
            self._serve(node, exchange)

    def release(self, index: int) -> None:
        """Answer what a node that answered nothing still has in hand."""
        node = self.cluster.nodes[index]
        hanging, node.hanging = node.hanging, []
        for exchange in hanging:
            self._serve(node, exchange)

    # The way there.

    def _way_s(self) -> float:
        return self.distance_s * (0.5 + self.random.random())

    def _arrive(self, node: Node, exchange: Exchange) -> None:
        if not node.is_running:
            refused = NEVER_SENT if self.random.random() < 0.8 else LOST  # noqa: PLR2004 - mostly the connection is gone already
            self._back(node, exchange, refused)
            return
        if isinstance(exchange.request, GossipRequest):
            self.reads[node.index] += 1
        if node.is_frozen:
            node.queue.append(exchange)
        else:
            self._serve(node, exchange)

    def _serve(self, node: Node, exchange: Exchange) -> None:
        request = exchange.request
        if isinstance(request, GossipRequest):
            answer = node.gossip(request)
        else:
            answer = node.refusal(request, self.cluster.endpoints)
        if isinstance(answer, Hang):
            node.hanging.append(exchange)
            return
        node.open.append(exchange)
        if isinstance(request, CallRequest) and answer is None and request.writes:
            self._append(node, exchange, request)
        else:
            self.clock.after(node.delay_s, partial(self._done, node, exchange, answer))

    def _append(self, node: Node, exchange: Exchange, request: CallRequest) -> None:
        """Take an append; a follower forwards it to the leader that it follows."""
        leader = node.index if node.leader is None else node.leader
        can = leader == node.index or self.cluster.hears(node.index, leader)
        if can and self.cluster.commits(leader):
            self.cluster.execute(request.number)
            self.clock.after(node.delay_s, partial(self._done, node, exchange, None))
        else:
            late = partial(self._done, node, exchange, TIMED_OUT)
            self.clock.after(OPERATION_TIMEOUT_S, late)

    # The way back.

    def _done(self, node: Node, exchange: Exchange, result: Result) -> None:
        if exchange not in node.open:
            return  # reset when the process died
        if node.is_frozen:
            node.ready.append((exchange, result))
            return
        node.open.remove(exchange)
        self._back(node, exchange, result)

    def _back(self, node: Node, exchange: Exchange, result: Result) -> None:
        if node.index in self.cut_back:
            self._held.append(partial(exchange.finish, result))
            return
        self.clock.after(self._way_s(), partial(exchange.finish, result))
        if self.duplicates and self.random.random() < self.duplicates:
            late_s = self.random.random() * RESEND_S
            self.clock.after(late_s, partial(exchange.finish, result))
