"""What the services of one node share: its view, its log, its rules.

Belongs to one event loop. The driver of the node changes `view` and `conduct`; the
services read them at every call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.conduct import WELL_BEHAVED, CallName, Conduct
from kurrent_conn.testing.log.append_rule import Conflict, Gone
from kurrent_conn.testing.log.event_log import (
    Accepted,
    Append,
    AppendDecision,
    Command,
    Decision,
    Delete,
    EventLog,
)
from kurrent_conn.testing.model.access import AccessPolicy
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.model.member_state import (
    Request,
    Verdict,
    requires_leader,
    verdict,
)
from kurrent_conn.testing.services.refusal import (
    FORWARDING_TIMEOUT,
    NOT_READY,
    TOO_BUSY,
    Refused,
    not_leader,
)

TICKS_PER_S: Final = 10_000_000

_PLACES: Final = frozenset(
    {NodeState.LEADER, NodeState.FOLLOWER, NodeState.READ_ONLY_REPLICA}
)
_ENDS: Final = frozenset({NodeState.SHUTTING_DOWN, NodeState.SHUTDOWN})


class Fenced(Enum):
    """The log takes nothing from this node: its term is over, or the leader is away."""

    FENCED = "fenced"


CommitResult = Decision | Fenced


class Commit:
    """One command on its way to the log.

    Args:
        command: What is to happen.
        term: The election that the node heard of last.
        is_forwarded: Whether a follower hands it on for its leader.
    """

    __slots__ = ("command", "is_forwarded", "term")

    def __init__(self, command: Command, term: int, *, is_forwarded: bool) -> None:
        self.command = command
        self.term = term
        self.is_forwarded = is_forwarded


class Errand(Enum):
    """What a node asks of whoever conducts the cluster."""

    RESIGN = "resign"
    SHUT_DOWN = "shut down"
    BURY = "bury"
    SPRING = "let happen what waits for this call"


@dataclass(slots=True)
class NodeContext:
    """One node's share of the cluster.

    Args:
        advertised: What the node tells clients to use.
        access: Who may ask what.
        version: The server version that it claims.
        log: The log as this node has it.
        commit: Hands a command to the one log; the records of an accepted command
            are in `log` when it returns.
        request: Passes an errand on to whoever conducts the cluster.
        view: What the node knows of the cluster.
        conduct: How it misbehaves.
        forward_timeout_s: How long a follower waits for its leader, in seconds.
        listeners: Called after every `learn`.
        is_ready: Whether it has had a place in its cluster since its start, and does
            not shut down: what `/health/live` says.
    """

    advertised: Endpoint
    access: AccessPolicy
    version: str
    log: EventLog
    commit: Callable[[Commit], Awaitable[CommitResult]]
    request: Callable[[Errand], None]
    view: NodeView
    conduct: Conduct = field(default=WELL_BEHAVED)
    forward_timeout_s: float = 2.0
    listeners: set[Callable[[], None]] = field(default_factory=set)
    is_ready: bool = False
    _met: int = 0

    def __post_init__(self) -> None:
        self._look_at(self.view)

    def restart(self) -> None:
        """Begin a new life, as a thread has it whose process would be another."""
        self.is_ready = False

    def learn(self, view: NodeView, conduct: Conduct) -> None:
        """Change what the node knows, and wake who depends on it.

        Args:
            view: From now on.
            conduct: From now on.
        """
        if conduct.snare != self.conduct.snare:
            self._met = 0
        self.view, self.conduct = view, conduct
        self._look_at(view)
        for listener in tuple(self.listeners):
            listener()

    def _look_at(self, view: NodeView) -> None:
        # Source: server, `ClusterVNodeStartup.cs`: SystemReady, BecomeShuttingDown.
        if view.state in _PLACES:
            self.is_ready = True
        elif view.state in _ENDS:
            self.is_ready = False

    def admit(self, request: Request, metadata: dict[str, Any]) -> Verdict:
        """Apply the state table to one call.

        Args:
            request: The kind of call.
            metadata: The call's metadata.

        Returns:
            `SERVE` or `FORWARD`, or `UNANSWERED`.

        Raises:
            Refused: Not leader, not ready, too busy.
        """
        if self.conduct.is_busy:
            raise Refused(TOO_BUSY)
        insists = requires_leader(metadata.get("requires-leader"))
        outcome = verdict(self.view.state, request, requires_leader=insists)
        if outcome is Verdict.NOT_READY:
            raise Refused(NOT_READY)
        if outcome is Verdict.NOT_LEADER or (
            self.conduct.redirect and outcome is Verdict.FORWARD
        ):
            raise Refused(not_leader(self.leader_hint))
        return outcome

    async def meet(self, call: CallName, *, is_served: bool = False) -> None:
        """Let happen what waits for this call; returns when that has happened.

        Args:
            call: What kind of call.
            is_served: Whether it has had its effect.
        """
        snare = self.conduct.snare
        if snare is None or (snare.call, snare.is_served) != (call, is_served):
            return
        self._met += 1
        if self._met != snare.number:
            return
        learned = asyncio.Event()
        self.listeners.add(learned.set)
        try:
            self.request(Errand.SPRING)
            while self.conduct.snare == snare:
                learned.clear()
                await learned.wait()
        finally:
            self.listeners.discard(learned.set)

    @property
    def leader_hint(self) -> Endpoint:
        """The leader as this node names it; itself when it knows none."""
        return self.conduct.redirect or self.view.leader or self.advertised

    async def write(
        self, command: Append | Delete, metadata: dict[str, Any]
    ) -> AppendDecision:
        """Carry out a write as this node's state has it.

        Args:
            command: What is to happen.
            metadata: The call's metadata.

        Raises:
            Refused: The node does not take it, or its leader does not answer.
        """
        name: CallName = "append" if isinstance(command, Append) else "delete"
        await self.meet(name)
        outcome = self.admit(Request.WRITE, metadata)
        is_forwarded = outcome is Verdict.FORWARD
        result = await self.commit(
            Commit(command, self.view.term, is_forwarded=is_forwarded)
        )
        if isinstance(result, Accepted | Conflict | Gone):
            await self.meet(name, is_served=True)
            return result
        if not is_forwarded:
            # Voted out without knowing it: nothing was written, so nobody is misled.
            raise Refused(NOT_READY)
        await asyncio.sleep(self.forward_timeout_s)
        raise Refused(FORWARDING_TIMEOUT)


def now_ticks() -> int:
    """Give the time in 100 ns since the Unix epoch."""
    return time.time_ns() // 100
