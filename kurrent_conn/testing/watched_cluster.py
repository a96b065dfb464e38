"""A cluster that keeps a chronicle, takes faults by name, and can be made whole again.

What the pytest plugin and `kurrent-conn cluster` hand out. With unittest, or anything
else, it is a context manager as `SimulatedCluster` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.chronicle import Chronicle
from kurrent_conn.testing.cluster import SimulatedCluster
from kurrent_conn.testing.conduct import WELL_BEHAVED
from kurrent_conn.testing.election import Election
from kurrent_conn.testing.fault import AtCall, Elect, Fault, Flow, WireFault
from kurrent_conn.testing.faults.fault_name import (
    at_call_named,
    at_call_sentence,
    fault_named,
    sentence,
)
from kurrent_conn.testing.node import SimulatedNode
from kurrent_conn.testing.stages.stage import Stage
from kurrent_conn.testing.stages.watched_stage import WatchedStage

_SERVING: Final = frozenset(
    {NodeState.LEADER, NodeState.FOLLOWER, NodeState.READ_ONLY_REPLICA}
)


class WatchedCluster(SimulatedCluster):
    """A `SimulatedCluster` that writes down what happens to it.

    Takes the same arguments.

    Attributes:
        chronicle: What happened, in order.
    """

    def __init__(self, size: int = 3, **options: Any) -> None:
        super().__init__(size, **options)
        self.chronicle = Chronicle()
        self._certificates: tuple[KeyPair | None, ...] = ()
        self._was_disturbed = False
        self._elections: list[Election] = []

    def start(self) -> Self:
        """Bring the cluster up; it serves when this returns.

        Raises:
            RuntimeError: It is up already.
        """
        super().start()
        self._certificates = tuple(self.director.certificates)
        return self

    def apply(
        self,
        fault: Fault | str,
        after_s: float = 0.0,
        *,
        at_call: AtCall | str | Mapping[str, object] | None = None,
        **arguments: object,
    ) -> None:
        """Let something go wrong, by value or by name.

            cluster.apply("kill", node="leader", after_s=0.3)
            cluster.apply("elect", node=1, after_s=0.3)  # nobody leads for 0.3 s
            cluster.apply("kill", node="leader", at_call="append")

        Args:
            fault: A value, or a name of `fault_name.FAULTS` or `ALIASES`.
            after_s: When, in seconds from now. What fails then is logged. For an
                election by name it is how long nobody leads, from now on.
            at_call: At which call, before the node looks at it: a value, the kind of
                call, or the fields of `fault.AtCall`. Then `after_s` is of no effect.
            arguments: Of a fault by name: the fields of its class.

        Raises:
            UnknownFault: There is none of that name, or its arguments do not fit.
            LookupError: It concerns the leader and nobody leads, or bytes on the wire
                of a node without a proxy.
            RuntimeError: The cluster cannot do it now.
        """
        advertised = [node.advertised for node in self.nodes]
        if at_call is not None and not isinstance(at_call, AtCall):
            at_call = at_call_named(at_call, advertised)
        if isinstance(fault, str):
            fault = fault_named(fault, arguments, advertised)
            if isinstance(fault, Elect) and at_call is None:
                self.elect(fault.node, fault.after_s or after_s)
                return
        elif arguments:
            raise TypeError(f"a fault given as a value takes no {', '.join(arguments)}")
        self._was_disturbed = self._was_disturbed or isinstance(fault, WireFault)
        when = f", {after_s:g} s from now" if after_s else ""
        if at_call is not None:
            when = f", {at_call_sentence(at_call)}"
        self.chronicle.add(f"fault: {sentence(fault)}{when}")
        super().apply(fault, after_s, at_call=at_call)

    def elect(self, node: SimulatedNode | int, after_s: float = 0.0) -> Election:
        """Hold an election that the given node wins.

        Args:
            node: The winner, or its index.
            after_s: How long the cluster has no leader, in seconds.

        Returns:
            What to wait on.

        Raises:
            ValueError: The node is dead, frozen or a read-only replica.
        """
        index = node if isinstance(node, int) else node.index
        wait = f" after {after_s:g} s without a leader" if after_s else ""
        self.chronicle.add(f"election: node {index} is to win{wait}")
        election = super().elect(node, after_s)
        pending = [each for each in self._elections if not each.is_done]
        self._elections = [*pending, election]
        return election

    def restore(self) -> None:
        """Make the cluster as it was at first: all run, behave, and node 0 leads.

        What was appended stays, and a fault that was ordered for later still comes.
        """
        for election in self._elections:
            with suppress(RuntimeError, TimeoutError):
                election.wait()
        if self.is_whole:
            return
        self.chronicle.add("everything is restored")
        for node in self.nodes:
            self._free(node)
        self.heal()
        for node in self.nodes:
            if not node.is_alive:
                node.restart()
        self._was_disturbed = False
        self.elect(0).wait()
        self.wait_until_settled()

    @property
    def is_up(self) -> bool:
        """Whether it was started and not stopped yet."""
        return self._director is not None

    @property
    def is_whole(self) -> bool:
        """Whether all is as it was at first, as far as faults can be seen."""
        director = self.director
        return (
            director.model.leader == 0
            and all(
                seat.is_awake
                and seat.state in _SERVING
                and not seat.side
                and not seat.deaf_to
                for seat in director.model.seats
            )
            and all(conduct == WELL_BEHAVED for conduct in director.conducts)
            and tuple(director.certificates) == self._certificates
            and not self._was_disturbed
        )

    def _free(self, node: SimulatedNode) -> None:
        director, certificate = self.director, self._certificates[node.index]
        if node.is_frozen:
            node.thaw()
        if director.conducts[node.index] != WELL_BEHAVED:
            node.behave(WELL_BEHAVED)
        if certificate is not None and director.certificates[node.index] != certificate:
            node.present(certificate)
        if self._was_disturbed and node.is_alive:
            super().apply(Flow(node.index))

    def _stage(self) -> Stage:
        return WatchedStage(super()._stage(), self.chronicle)
