"""A stage that writes down what happens on it, whatever its nodes are made of."""

from __future__ import annotations

from collections.abc import Callable

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.chronicle import Chronicle, conduct_change, differences
from kurrent_conn.testing.conduct import WELL_BEHAVED, Conduct
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.services.node_context import Errand
from kurrent_conn.testing.stages.proxy import Proxy
from kurrent_conn.testing.stages.stage import Gate, NodeDriver, NodePlan, Stage


class WatchedStage:
    """Passes every order on and writes down what it changes.

    Args:
        stage: Where the nodes really live.
        chronicle: What happened goes here.
    """

    def __init__(self, stage: Stage, chronicle: Chronicle) -> None:
        self._stage = stage
        self._chronicle = chronicle

    async def open(self) -> None:
        """Get ready for nodes."""
        await self._stage.open()

    def node(self, plan: NodePlan, request: Callable[[Errand], None]) -> NodeDriver:
        """Make a node's body.

        Args:
            plan: What does not change about it.
            request: Where its errands go.
        """
        body = self._stage.node(plan, request)
        return _WatchedNode(plan.index, body, self._chronicle)

    async def set_gate(self, gate: Gate) -> None:
        """Say from whom the log takes commands.

        Args:
            gate: The current election and whether its leader is there.
        """
        await self._stage.set_gate(gate)

    async def close(self) -> None:
        """End everything."""
        await self._stage.close()


class _WatchedNode:
    def __init__(self, index: int, body: NodeDriver, chronicle: Chronicle) -> None:
        self._index = index
        self._body = body
        self._chronicle = chronicle
        self._view: NodeView | None = None
        self._conduct = WELL_BEHAVED

    @property
    def pid(self) -> int | None:
        return self._body.pid

    @property
    def proxy(self) -> Proxy | None:
        return self._body.proxy

    async def start(
        self, view: NodeView, conduct: Conduct, certificate: KeyPair | None
    ) -> None:
        self._view = None
        self._note(view, conduct)
        await self._body.start(view, conduct, certificate)

    async def tell(self, view: NodeView, conduct: Conduct) -> float:
        self._note(view, conduct)
        return await self._body.tell(view, conduct)

    async def present(self, certificate: KeyPair) -> None:
        self._say("presents another certificate")
        await self._body.present(certificate)

    async def kill(self) -> None:
        self._say("is killed")
        await self._body.kill()

    async def freeze(self) -> None:
        self._say("is frozen")
        await self._body.freeze()

    async def thaw(self) -> None:
        self._say("goes on")
        await self._body.thaw()

    def _note(self, view: NodeView, conduct: Conduct) -> None:
        for difference in differences(self._view, view):
            self._say(difference)
        if change := conduct_change(self._conduct, conduct):
            self._say(change)
        self._view, self._conduct = view, conduct

    def _say(self, text: str) -> None:
        self._chronicle.add(text, self._index)
