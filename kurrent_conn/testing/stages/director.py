"""Makes the cluster happen: each order changes the model, then the nodes.

All of it runs in one event loop. The order matters where somebody could watch: a leader
is told that it leads before anybody is told to go there; the log's gate closes before
a leader is killed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import WELL_BEHAVED, Conduct, Snare
from kurrent_conn.testing.model import cluster_model as step
from kurrent_conn.testing.model.cluster_model import Seat
from kurrent_conn.testing.model.gossip_view import view_of
from kurrent_conn.testing.services.node_context import Errand
from kurrent_conn.testing.stages.proxy import Proxy
from kurrent_conn.testing.stages.stage import Gate, NodePlan, Stage

_LAST_WORDS_S: Final = 0.05
"""How long a node that was asked to shut down still answers, as not ready."""


class Director:
    """The nodes of one cluster.

    Args:
        stage: Where they live.
        plans: What does not change about each, in index order.
        seats: What each is at first.
        certificates: What each presents; None entries for plaintext.
        settle_s: How long after an election, or after its start, a node takes to
            report that it follows the leader, in seconds.
        seeds: Gossip seeds that no node merged with.
    """

    def __init__(
        self,
        stage: Stage,
        plans: Sequence[NodePlan],
        seats: Sequence[Seat],
        certificates: Sequence[KeyPair | None],
        *,
        settle_s: float,
        seeds: Sequence[Endpoint] = (),
    ) -> None:
        self.model = step.founded(seats, time.time())
        self.conducts = [WELL_BEHAVED for _ in plans]
        self.certificates = list(certificates)
        self._settle_s = settle_s
        self._seeds = tuple(seeds)
        self._stage = stage
        self._plans = plans
        self._nodes = [stage.node(plan, self._errand_of(plan.index)) for plan in plans]
        self._snares: dict[int, Callable[[], Coroutine[Any, Any, Any]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._settled = asyncio.Event()
        self._gate: Gate | None = None

    async def start(self) -> None:
        """Bring everything up, with node 0 as the leader and all others following."""
        await self._stage.open()
        now_s = time.time()
        model = step.elected(self.model, 0, now_s)
        self.model = step.reported(model, now_s)
        await self._set_gate()
        await asyncio.gather(*(self._bring_up(plan.index) for plan in self._plans))
        self._settled.set()

    async def stop(self) -> None:
        """End everything."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stage.close()

    def pid(self, index: int) -> int | None:
        """Give a node's process id, where it has one.

        Args:
            index: The node.
        """
        return self._nodes[index].pid

    def proxy(self, index: int) -> Proxy:
        """Give what passes a node's bytes on.

        Args:
            index: The node.

        Raises:
            LookupError: The node is a process without a proxy.
        """
        proxy = self._nodes[index].proxy
        if proxy is None:
            raise LookupError(f"node {index} has no proxy: start with proxied=True")
        return proxy

    async def kill(self, index: int, noticed_after_s: float = 0.0) -> None:
        """End a node without warning.

        Args:
            index: The node.
            noticed_after_s: How long the others take it for alive, in seconds.
        """
        if not self.model.seats[index].is_running:
            return
        self.model = step.killed(self.model, index)
        # The node dies first: what it acknowledges until then is in the log.
        await self._nodes[index].kill()
        if noticed_after_s > 0:
            await self._set_gate()
            self._later(noticed_after_s, self._miss(index))
        else:
            await self._miss(index)

    async def freeze(self, index: int) -> None:
        """Stop a node in its tracks.

        Args:
            index: The node.
        """
        if self.model.seats[index].is_awake:
            self.model = step.frozen(self.model, index)
            await self._nodes[index].freeze()
            await self._set_gate()

    async def thaw(self, index: int) -> None:
        """Let a frozen node go on.

        Args:
            index: The node.
        """
        if self.model.seats[index].is_frozen:
            self.model = step.thawed(self.model, index, time.time())
            await self._nodes[index].thaw()
            await self._publish()
            self._settle_soon()

    async def restart(self, index: int, silent_s: float = 0.0) -> None:
        """Start a node again, killing it first where it lives.

        Args:
            index: The node.
            silent_s: How long it takes calls without answering, in seconds.
        """
        await self.kill(index)
        if silent_s > 0:
            usual = self.conducts[index]
            self.conducts[index] = replace(usual, is_silent=True)
            self._later(silent_s, self.behave(index, usual))
        self.model = step.restarted(self.model, index, uuid4(), time.time())
        await self._bring_up(index)
        await self._publish()
        self._settle_soon()

    async def resign(self, index: int) -> None:
        """Let the leader prepare to step down.

        Args:
            index: The leader.
        """
        if self.model.leader == index:
            self.model = step.resigning(self.model, index, time.time())
            await self._publish()

    async def assume(self, index: int, state: NodeState) -> None:
        """Put a node into a state.

        Args:
            index: The node.
            state: The state.
        """
        self.model = step.assumed(self.model, index, state, time.time())
        await self._publish()

    async def begin_election(self, index: int) -> None:
        """Leave the cluster without a leader.

        Args:
            index: Who is going to win.
        """
        self._settled.clear()
        self.model = step.election_started(self.model, index, time.time())
        await self._publish()

    async def elect(
        self, index: int, done: Callable[[float], None] = lambda _: None
    ) -> None:
        """Make a node the leader.

        Args:
            index: The node.
            done: Called with the monotonic instant at which it led, as soon as that
                is known; the others hear of it after.

        Raises:
            RuntimeError: The node cannot lead.
        """
        seat = self.model.seats[index]
        if not seat.is_awake or seat.is_read_only:
            raise RuntimeError(f"node {index} cannot lead: {seat}")
        self.model = step.elected(self.model, index, time.time())
        await self._set_gate()
        done(await self._tell(index))
        await self._publish(skip=index)
        self._settle_soon()

    async def partition(self, sides: Iterable[Iterable[int]]) -> None:
        """Cut the nodes into sides.

        Args:
            sides: The indices of each.
        """
        self.model = step.partitioned(self.model, sides)
        await self._publish()

    async def deafen(self, indices: Iterable[int]) -> None:
        """Let some nodes hear only each other, while the others hear them.

        Args:
            indices: Who.
        """
        self.model = step.deafened(self.model, indices)
        await self._publish()

    async def cut_off(self, index: int) -> None:
        """Let a node notice that it has lost the others.

        Args:
            index: The node.
        """
        self.model = step.cut_off(self.model, index, time.time())
        await self._publish()

    async def heal(self) -> None:
        """Join the sides again."""
        self.model = step.healed(self.model, time.time())
        await self._publish()
        self._settle_soon()

    async def behave(self, index: int, conduct: Conduct) -> None:
        """Change how a node misbehaves.

        Args:
            index: The node.
            conduct: From now on.
        """
        self.conducts[index] = conduct
        if self.model.seats[index].is_awake:
            await self._tell(index)

    async def present(self, index: int, certificate: KeyPair) -> None:
        """Change a node's certificate for new handshakes.

        Args:
            index: The node.
            certificate: From now on, restarts included.
        """
        self.certificates[index] = certificate
        if self.model.seats[index].is_running:
            await self._nodes[index].present(certificate)

    async def set_snare(
        self, index: int, snare: Snare, happen: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        """Let something happen when a node meets a call; the call waits for it.

        Args:
            index: The node.
            snare: Which call.
            happen: What.

        Raises:
            RuntimeError: It waits for a call already.
        """
        if self.conducts[index].snare is not None:
            raise RuntimeError(f"node {index} waits for a call already")
        self._snares[index] = happen
        await self.behave(index, replace(self.conducts[index], snare=snare))

    async def _spring(self, index: int) -> None:
        happen = self._snares.pop(index, None)
        try:
            if happen is not None:
                await happen()
        finally:
            await self.behave(index, replace(self.conducts[index], snare=None))

    async def settled(self) -> None:
        """Wait until everybody who hears the leader follows it."""
        await self._settled.wait()

    def schedule(self, delay_s: float, order: Coroutine[Any, Any, Any]) -> None:
        """Do something later, unless the cluster is stopped before.

        Args:
            delay_s: How much later, in seconds.
            order: What.
        """
        self._later(delay_s, order)

    async def _miss(self, index: int) -> None:
        self.model = step.missed(self.model, index, time.time())
        await self._publish()

    def _settle_soon(self) -> None:
        self._settled.clear()
        self._later(self._settle_s, self._settle())

    async def _settle(self) -> None:
        self.model = step.reported(self.model, time.time())
        await self._publish()
        if self.model.leader is not None:
            self._settled.set()

    async def _bring_up(self, index: int) -> None:
        await self._nodes[index].start(
            view_of(self.model, index, self._seeds),
            self.conducts[index],
            self.certificates[index],
        )

    async def _publish(self, skip: int | None = None) -> None:
        await self._set_gate()
        awake = [
            index
            for index, seat in enumerate(self.model.seats)
            if seat.is_awake and index != skip
        ]
        await asyncio.gather(*map(self._tell, awake))

    async def _tell(self, index: int) -> float:
        return await self._nodes[index].tell(
            view_of(self.model, index, self._seeds), self.conducts[index]
        )

    async def _set_gate(self) -> None:
        gate = Gate(self.model.term, self.model.is_leader_serving)
        if gate != self._gate:
            self._gate = gate
            await self._stage.set_gate(gate)

    def _errand_of(self, index: int) -> Any:
        def run(errand: Errand) -> None:
            match errand:
                case Errand.RESIGN:
                    self._later(0, self.resign(index))
                case Errand.SHUT_DOWN:
                    self._later(0, self.assume(index, NodeState.SHUTTING_DOWN))
                    self._later(_LAST_WORDS_S, self.kill(index))
                case Errand.BURY:
                    self._later(0, self.kill(index))
                case Errand.SPRING:
                    self._later(0, self._spring(index))

        return run

    def _later(self, delay_s: float, order: Coroutine[Any, Any, Any]) -> None:
        async def run() -> None:
            try:
                await asyncio.sleep(delay_s)
            except asyncio.CancelledError:
                order.close()
                raise
            await order

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
