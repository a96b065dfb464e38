"""Everything at once: nodes, network, a client, and what is demanded of it.

A seed decides all of it: the cluster's size, how the client reaches it, what it was
told to do.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random
from typing import Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import RulesChanged
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.route import Router
from kurrent_conn.core.state import Plan
from kurrent_conn.testing.simulated_world.client import Client
from kurrent_conn.testing.simulated_world.clock import Clock
from kurrent_conn.testing.simulated_world.cluster import Cluster
from kurrent_conn.testing.simulated_world.network import Network
from kurrent_conn.testing.simulated_world.node import Node
from kurrent_conn.testing.simulated_world.promise import Watch

NODES: Final = tuple(Endpoint(f"n{number}.kurrent.test") for number in range(5))
BALANCER: Final = Endpoint("db.kurrent.test")
HOLE: Final = Endpoint("hole.kurrent.test")
INSIDE: Final = Endpoint("10.0.0.1", 21130)
MANAGER: Final = Endpoint("n1.internal", 2113)

_SETTLED: Final = (NodeState.FOLLOWER, NodeState.READ_ONLY_REPLICA)

RULES: Final[tuple[Router, ...]] = (
    Overrides(),
    Overrides((Override(exact=NODES[0].host, target=str(INSIDE)),)),
    Overrides(
        (
            Override(exact=NODES[0].host, target=str(INSIDE)),
            Override(exact=NODES[1].host, target=(HOLE.host, NODES[1].host)),
        )
    ),
)


class World:
    """A cluster and one client.

    Args:
        random: Decides everything that happens.
        size: How many nodes vote.
        replicas: How many only read.
        plan: What the client is to do; None draws one.
        seed: The client's own.
        transcript: Where to write what happened; None saves the time.
    """

    def __init__(
        self,
        random: Random,
        *,
        size: int = 3,
        replicas: int = 0,
        plan: Plan | None = None,
        seed: int = 0,
        transcript: list[str] | None = None,
    ) -> None:
        self.random = random
        self.clock = Clock()
        nodes = [
            Node(index, NODES[index], is_replica=index >= size)
            for index in range(size + replicas)
        ]
        self.cluster = Cluster(self.clock, random, nodes)
        behind = {node.endpoint: (node.index,) for node in nodes}
        dials = {
            **behind,
            INSIDE: (0,),
            HOLE: (),
            BALANCER: tuple(node.index for node in nodes),
        }
        self.network = Network(self.clock, random, self.cluster, dials)
        self.plan = plan or _draw_plan(random, [node.endpoint for node in nodes])
        self.watch = Watch(self.plan, transcript)
        self.client = Client(self.clock, self.network, self.plan, seed, self.watch)
        self._rules = self.plan.router
        self._lists_managers = False

    @property
    def nodes(self) -> list[Node]:
        """All nodes, in index order."""
        return self.cluster.nodes

    @property
    def leads(self) -> Node | None:
        """The node that can commit appends now."""
        return next((n for n in self.nodes if self.cluster.commits(n.index)), None)

    def list_managers(self) -> None:
        """Let every node list a gossip seed that is no node yet."""
        entry = Member(MANAGER, NodeState.MANAGER, is_alive=True)
        for node in self.nodes:
            node.view[len(self.nodes)] = entry

    def follow_rules(self, router: Router) -> None:
        """Let the client's overrides be others, as soon as its process runs."""
        self._rules = router
        change = partial(self.client.take, RulesChanged(router))
        self.client.at(self.clock.now, change)

    def heal(self) -> None:
        """End every fault; what was held up arrives."""
        if self._rules != self.plan.router:
            self.follow_rules(self.plan.router)
        for node in self.nodes:
            node.lie, node.delay_s = None, 0.0005
            node.is_busy = node.hangs_calls = False
            self.network.thaw(node.index)
            self.cluster.start(node.index)
        self.network.duplicates = 0.0
        self.network.mend()
        self.cluster.join()
        for node in self.nodes:
            self.network.release(node.index)

    @property
    def is_settled(self) -> bool:
        """Whether every node is up and believes the same, truly."""
        leads = self.leads
        if leads is None:
            return False
        return all(
            node.leader == leads.index
            and node.state in {*_SETTLED, leads.state}
            and all(
                other.index in node.view
                and node.view[other.index].is_alive
                and node.view[other.index].state == other.state
                for other in self.nodes
            )
            for node in self.nodes
        )


def _draw_plan(random: Random, endpoints: list[Endpoint]) -> Plan:
    """Draw what a client is told: mostly a cluster's seeds, sometimes one host."""
    seeds = list(endpoints)
    kind = random.random()
    if kind < 0.1:  # noqa: PLR2004 - a share
        seeds = [random.choice(endpoints)]
    elif kind < 0.2:  # noqa: PLR2004 - a share
        seeds = [BALANCER]
    elif kind < 0.4:  # noqa: PLR2004 - a share
        seeds = [HOLE, random.choice(endpoints)]
    plan = Plan(
        seeds=tuple(seeds),
        router=random.choice(RULES),
        trusted_names=random.choice([None, None, ("*.kurrent.test",), ("db.*",)]),
        has_credentials=random.random() < 0.5,  # noqa: PLR2004 - a coin
        may_send_credentials=random.random() < 0.8,  # noqa: PLR2004 - a share
        gossip_timeout_s=random.choice([0.5, 2.0, 5.0]),
        max_rounds=random.choice([3, 10, None]),
        condemn_s=random.choice([2.0, 20.0]),
    )
    if len(seeds) == 1 and random.random() < 0.7:  # noqa: PLR2004 - a share
        follow = random.random() < 0.8  # noqa: PLR2004 - a share
        return replace(plan, by_gossip=False, follow=follow)
    return plan
