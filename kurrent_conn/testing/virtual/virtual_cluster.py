"""The simulator's cluster: the same model as the real one's, on virtual time.

What `director` and `fault_effect` do with processes and sockets happens here at once
and to values only, so a whole election costs microseconds. Answers what a node would
answer to a gossip read or a call at an instant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import assert_never
from uuid import UUID

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing import fault as faults
from kurrent_conn.testing.conduct import WELL_BEHAVED, Conduct
from kurrent_conn.testing.fault import Fault
from kurrent_conn.testing.model import cluster_model as step
from kurrent_conn.testing.model.advertise import advertised_by
from kurrent_conn.testing.model.cluster_model import ClusterModel, Seat
from kurrent_conn.testing.model.gossip_view import NodeView, view_of
from kurrent_conn.testing.model.member_state import Request
from kurrent_conn.testing.virtual.virtual_answer import (
    Answer,
    NoAnswer,
    Node,
    answer_of,
)

Later = Callable[[float, Callable[[], None]], None]


_NotSimulated = faults.SwapCertificate | faults.Trickle | faults.GreetingFault


@lru_cache
def _led_by_the_first(size: int, replicas: int, advertise: str | None) -> ClusterModel:
    own = [Endpoint(f"node-{index}", 2113) for index in range(size + replicas)]
    seats = [
        Seat(
            advertised_by(advertise, index, endpoint),
            endpoint,
            is_read_only=index >= size,
            instance_id=UUID(int=index + 1),
        )
        for index, endpoint in enumerate(own)
    ]
    model = step.elected(step.founded(seats, 0.0), 0, 0.0)
    return step.reported(model, 0.0)


class VirtualCluster:
    """The nodes of one cluster, all at one instant.

    Args:
        size: How many members; node 0 leads at first.
        replicas: How many read-only replicas.
        advertise: A template with `{index}` of what they tell clients; None for their
            own endpoints.
        settle_s: How long a node takes to report that it follows, in seconds.
        now: Gives the virtual time.
        later: Does something after so many seconds of it.
    """

    def __init__(
        self,
        size: int,
        replicas: int,
        advertise: str | None,
        settle_s: float,
        *,
        now: Callable[[], float],
        later: Later,
    ) -> None:
        self._now, self._later, self._settle_s = now, later, settle_s
        self.model = _led_by_the_first(size, replicas, advertise)
        self.own = tuple(seat.http for seat in self.model.seats)
        self.conducts = [WELL_BEHAVED for _ in self.own]
        self.stalled: set[int] = set()
        self.on_break: Callable[[int], None] = lambda _: None
        """Called when the connections to a node break."""
        self.on_wake: Callable[[int], None] = lambda _: None
        """Called when a node goes on: what was sent to it meanwhile is there."""
        self._starts = len(self.own)
        self._viewed = self.model
        self._views: dict[int, NodeView] = {}

    @property
    def advertised(self) -> tuple[Endpoint, ...]:
        """What each node tells clients, in index order."""
        return tuple(seat.advertised for seat in self.model.seats)

    def view(self, index: int) -> NodeView:
        """Give what a node knows.

        Args:
            index: The node.
        """
        if self._viewed is not self.model:
            self._viewed, self._views = self.model, {}
        if index not in self._views:
            self._views[index] = view_of(self.model, index)
        return self._views[index]

    def is_silent(self, index: int) -> bool:
        """Whether a node takes what it is sent and answers nothing.

        Args:
            index: The node.
        """
        seat, conduct = self.model.seats[index], self.conducts[index]
        return seat.is_frozen or conduct.is_silent or index in self.stalled

    def call(self, index: int, request: Request, *, requires_leader: bool) -> Answer:
        """Say how a node that runs answers a call.

        Args:
            index: The node.
            request: The kind of call.
            requires_leader: Whether it insists on the leader.
        """
        if self.is_silent(index):
            return NoAnswer()
        view, model = self.view(index), self.model
        hears_term = model.is_leader_serving and view.term == model.term
        return answer_of(
            Node(
                view,
                self.conducts[index],
                advertised=model.seats[index].advertised,
                can_write=hears_term and model.leader == index,
                can_forward=hears_term,
            ),
            request,
            requires_leader=requires_leader,
        )

    def apply(self, fault: Fault) -> None:  # noqa: C901, PLR0912 - an arm a fault
        """Let something go wrong.

        Args:
            fault: What.

        Raises:
            LookupError: It concerns the leader and nobody leads, or it is about
                TLS or single bytes, which are not simulated.
            RuntimeError: The cluster cannot do it now.
        """
        if isinstance(fault, _NotSimulated):
            raise LookupError(f"{type(fault).__name__} is not simulated")  # noqa: TRY004 - it is a fault, and there is none of it here
        now = self._now()
        match fault:
            case faults.Kill(_, noticed_after_s):
                self._kill(self._index(fault.node), noticed_after_s)
            case faults.Freeze():
                self.model = step.frozen(self.model, self._index(fault.node))
            case faults.Thaw():
                index = self._index(fault.node)
                self.model = step.thawed(self.model, index, now)
                self._settle_soon()
                self.on_wake(index)
            case faults.Restart(_, silent_s):
                self._restart(self._index(fault.node), silent_s)
            case faults.RollingRestart(pause_s):
                self._roll(0, pause_s)
            case faults.Resign():
                index = self._index(fault.node)
                if self.model.leader == index:
                    self.model = step.resigning(self.model, index, now)
            case faults.Elect(node, after_s):
                self.model = step.election_started(self.model, node, now)
                self._later(after_s, lambda: self._elect(node))
            case faults.Partition(sides):
                self.model = step.partitioned(self.model, sides)
            case faults.Deafen(nodes):
                self.model = step.deafened(self.model, nodes)
            case faults.LoseQuorum():
                self.model = step.cut_off(self.model, self._index(fault.node), now)
            case faults.Heal():
                self.model = step.healed(self.model, now)
                self._settle_soon()
            case faults.CutConnections():
                self.on_break(self._index(fault.node))
            case faults.Stall():
                self.stalled.add(self._index(fault.node))
            case faults.Flow():
                index = self._index(fault.node)
                self.stalled.discard(index)
                self.on_wake(index)
            case _:
                index = self._index(fault.node)
                self.conducts[index] = self._conduct(index, fault)

    def _conduct(  # noqa: PLR0911 - one a fault
        self, index: int, fault: faults.Misconduct | faults.Recover
    ) -> Conduct:
        usual = self.conducts[index]
        match fault:
            case faults.Slow(_, delay_s):
                return replace(usual, delay_s=delay_s)
            case faults.Drop():
                return replace(usual, is_silent=True)
            case faults.TooBusy():
                return replace(usual, is_busy=True)
            case faults.Lie(_, members):
                return replace(usual, lie=members)
            case faults.StaleRedirect(_, to):
                return replace(usual, redirect=self.advertised[to])
            case faults.SelfRedirect():
                return replace(usual, redirect=self.advertised[index])
            case faults.Recover():
                return WELL_BEHAVED
            case _:
                assert_never(fault)

    def _index(self, node: faults.Which) -> int:
        if node != "leader":
            return node
        if self.model.leader is None:
            raise LookupError("nobody leads")
        return self.model.leader

    def _kill(self, index: int, noticed_after_s: float) -> None:
        if not self.model.seats[index].is_running:
            return
        self.model = step.killed(self.model, index)
        self.on_break(index)

        def miss() -> None:
            self.model = step.missed(self.model, index, self._now())

        if noticed_after_s:
            self._later(noticed_after_s, miss)
        else:
            miss()

    def _restart(self, index: int, silent_s: float) -> None:
        self._kill(index, 0.0)
        if silent_s:
            usual = self.conducts[index]
            self.conducts[index] = replace(usual, is_silent=True)
            self._later(silent_s, lambda: self.conducts.__setitem__(index, usual))
        self._starts += 1
        instance = UUID(int=self._starts)
        self.model = step.restarted(self.model, index, instance, self._now())
        self._settle_soon()

    def _elect(self, index: int) -> None:
        seat = self.model.seats[index]
        if not seat.is_awake or seat.is_read_only:
            raise RuntimeError(f"node {index} cannot lead: {seat}")
        self.model = step.elected(self.model, index, self._now())
        self._settle_soon()

    def _settle_soon(self) -> None:
        def settle() -> None:
            self.model = step.reported(self.model, self._now())

        self._later(self._settle_s, settle)

    def _roll(self, index: int, pause_s: float) -> None:
        if index == len(self.model.seats):
            return
        wait_s = 0.0
        if self.model.leader == index:
            wait_s = self._hand_over(index)

        def down() -> None:
            self._kill(index, 0.0)
            self._later(pause_s, up)

        def up() -> None:
            self._restart(index, 0.0)
            self._later(self._settle_s, lambda: self._roll(index + 1, pause_s))

        self._later(wait_s, down)

    def _hand_over(self, index: int) -> float:
        """Elect the next in line; gives how long everybody takes to follow it."""
        heirs = [
            other
            for other, seat in enumerate(self.model.seats)
            if other != index and seat.is_awake and not seat.is_read_only
        ]
        if not heirs:
            return 0.0
        heir = next((other for other in heirs if other > index), heirs[0])
        self.model = step.resigning(self.model, index, self._now())
        self.model = step.election_started(self.model, heir, self._now())
        self._elect(heir)
        return self._settle_s
