"""One node of a simulated cluster: what it is, and what can be done to it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.model.cluster_model import Seat
from kurrent_conn.testing.stages.director import Director
from kurrent_conn.testing.stages.stage import NodePlan


class Commanded(Protocol):
    """What a node needs of its cluster."""

    @property
    def director(self) -> Director:
        """What moves the nodes."""
        ...

    def run(self, order: Coroutine[Any, Any, None]) -> None:
        """Carry out an order of the director."""
        ...


class SimulatedNode:
    """One node of a cluster; made by the cluster alone."""

    def __init__(self, cluster: Commanded, plan: NodePlan) -> None:
        self._cluster = cluster
        self._plan = plan

    @property
    def index(self) -> int:
        """Its number, from 0; read-only replicas come after the members."""
        return self._plan.index

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return self._plan.listens

    @property
    def advertised(self) -> Endpoint:
        """What it tells clients to use."""
        return self._plan.advertised

    @property
    def state(self) -> NodeState:
        """The state that it is in; of a dead node the last one."""
        return self._seat.state

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a frozen node is alive."""
        return self._seat.is_running

    @property
    def is_frozen(self) -> bool:
        """Whether it is stopped in its tracks."""
        return self._seat.is_frozen

    @property
    def is_read_only(self) -> bool:
        """Whether it is a read-only replica."""
        return self._seat.is_read_only

    @property
    def pid(self) -> int | None:
        """The process id; None as a thread, or dead."""
        return self._cluster.director.pid(self.index)

    def kill(self, *, noticed_after_s: float = 0.0) -> None:
        """End it as SIGKILL does: connections break, its port refuses, no goodbye.

        Nobody is elected by that. The others list it as dead in its last state.

        Args:
            noticed_after_s: How long the others still list it as alive, in seconds;
                on real clusters about two.
        """
        self._cluster.run(self._cluster.director.kill(self.index, noticed_after_s))

    def freeze(self) -> None:
        """Stop it as SIGSTOP does: connections stay open, nothing answers."""
        self._cluster.run(self._cluster.director.freeze(self.index))

    def thaw(self) -> None:
        """Let it go on; it learns what happened meanwhile."""
        self._cluster.run(self._cluster.director.thaw(self.index))

    def restart(self, *, silent_s: float = 0.0) -> None:
        """Start it again on the same port, killing it first where it lives.

        It answers when this returns, and follows a leader shortly after.

        Args:
            silent_s: How long it takes calls without answering them, in seconds, as
                a node does that has not joined its cluster yet.
        """
        self._cluster.run(self._cluster.director.restart(self.index, silent_s))

    def resign(self) -> None:
        """Make the leader a `ResigningLeader`: it reads and refuses to write.

        Nobody is elected by that.
        """
        self._cluster.run(self._cluster.director.resign(self.index))

    def assume(self, state: NodeState) -> None:
        """Put it into any state, as servers pass through many for a moment.

        It stays there until the next election, restart or order. The others hear of
        it; who leads does not change.

        Args:
            state: The state.
        """
        self._cluster.run(self._cluster.director.assume(self.index, state))

    def behave(self, conduct: Conduct) -> None:
        """Change how it misbehaves while it lives.

        Args:
            conduct: From now on; `Conduct()` is good behaviour.
        """
        self._cluster.run(self._cluster.director.behave(self.index, conduct))

    def present(self, certificate: KeyPair) -> None:
        """Present another certificate from the next handshake on.

        Args:
            certificate: From `SimulatedCluster.authority`, or from any other.
        """
        self._cluster.run(self._cluster.director.present(self.index, certificate))

    @property
    def _seat(self) -> Seat:
        return self._cluster.director.model.seats[self.index]

    def __repr__(self) -> str:
        """Say which node this is and how it fares."""
        life = "frozen" if self.is_frozen else "alive" if self.is_alive else "dead"
        return f"<node {self.index} {self.advertised} {self.state.name} {life}>"
