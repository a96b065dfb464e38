"""The third shell: the state machine on virtual time, without sockets.

A world says what each dialled endpoint would answer at an instant; the simulation
carries the actions out in no time at all and writes down what happened. The seed
decides everything, so a run that failed can be run again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import sha256
from heapq import heappop, heappush
from typing import Final, assert_never

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import (
    Action,
    CancelRead,
    Condemn,
    Connect,
    GiveUp,
    Inspect,
    Note,
    Open,
    Publish,
    ReadGossip,
    Resolve,
    Retire,
    RetireAll,
    Shut,
    WakeAt,
)
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import Member, NodePreference, Topology
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    Event,
    GossipFailed,
    GossipRead,
    Inspected,
    Resolved,
    ResolveFailed,
    Wanted,
    Woke,
)
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node, Plan
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.core.value import value
from kurrent_conn.testing.virtual.transcript import written


@value
class Says:
    """The node answers with these members after a while."""

    members: tuple[Member, ...]
    after_s: float = 0.001


@value
class Fails:
    """The read fails after a while."""

    verdict: Verdict = Verdict.NEVER_SENT
    phase: Phase = Phase.CONNECT
    after_s: float = 0.0003
    denied: bool = False
    answered: bool = False
    hung_up: bool = False


@value
class Silent:
    """Nothing comes back: the read ends at its own deadline."""


Reply = Says | Fails | Silent
World = Callable[[ReadGossip, float], Reply]


@value
class End:
    """How a wait ended.

    Args:
        at: When, in seconds of virtual time.
        result: The node, the news, or why there was neither.
    """

    at: float
    result: Node | Topology | GiveUp


Names = Callable[[str], tuple[str, ...]]

RESOLVED_S: Final = 5.0
"""For how long a name is good in a simulation."""


@lru_cache
def address_of(host: str) -> tuple[str, ...]:
    """Give a name the one address that it has in every simulation.

    Args:
        host: Any name.
    """
    return (f"10.{'.'.join(map(str, sha256(host.encode()).digest()[:3]))}",)


class Simulation:
    """One connection in a world.

    Args:
        plan: What the connection is to do.
        world: What a gossip read would get at an instant.
        seed: Decides every shuffle and jitter.

    Attributes:
        findings: What a look at an endpoint's certificates finds.
        look_s: How long a look takes, in seconds.
        on_action: Told of every action, before it is carried out.
        on_end: Told the number of every wait that ended, after its event.
    """

    def __init__(self, plan: Plan, world: World, seed: int = 0) -> None:
        self.now = 0.0
        self.names: Names = address_of
        self.findings: dict[Endpoint, tuple[TlsFinding, ...]] = {}
        self.look_s = 0.002
        self.state = core_state.start(plan, seed)
        self.world = world
        self.actions: list[Action] = []
        self.events: list[Event] = []
        self.notices: list[Notice] = []
        self.ends: dict[int, End] = {}
        self.opened: dict[NodePreference, Node] = {}
        self.retired: list[Route] = []
        self.condemned: list[Node] = []
        self.on_action: Callable[[Action], None] = lambda _: None
        self.on_end: Callable[[int], None] = lambda _: None
        self._told: list[tuple[float, str | Event | Action]] = []
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._waits: dict[int, NodePreference | None] = {}
        self._cancelled: set[int] = set()

    @property
    def told(self) -> tuple[tuple[float, str | Event | Action], ...]:
        """What happened and when: a run that nobody reads is not put into words."""
        return tuple(self._told)

    @property
    def transcript(self) -> list[str]:
        """What happened, a line each."""
        return list(map(written, self._told))

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at an instant of virtual time."""
        heappush(self._due, (when, next(self._numbers), do))

    @property
    def next_at(self) -> float | None:
        """The instant at which something is due next; None when nothing is."""
        return self._due[0][0] if self._due else None

    def want(
        self,
        preference: NodePreference | None = NodePreference.LEADER,
        within: float = 30.0,
    ) -> int:
        """Want a node, or news with None, within so many seconds; give the number."""
        number = next(self._numbers)
        self._waits[number] = preference
        self.take(Wanted(number, preference, self.now + within))
        return number

    def fail(
        self,
        preference: NodePreference = NodePreference.LEADER,
        verdict: Verdict = Verdict.LOST,
    ) -> None:
        """Let a call on the open node of a preference fail."""
        self.take(CallFailed(self.opened[preference], verdict))

    def take(self, event: Event) -> None:
        """Tell the core what happened, and carry out what it asks for."""
        self.events.append(event)
        self._told.append((self.now, event))
        if isinstance(event, Abandoned):
            self._waits.pop(event.waiter, None)
        self.state, actions = advance(self.state, event, self.now)
        for action in actions:
            self.actions.append(action)
            self._do(action)

    def run(self, until: float) -> None:
        """Let virtual time pass up to an instant."""
        due = self._due
        while due and due[0][0] <= until:
            when, _, do = heappop(due)
            self.now = max(self.now, when)
            do()
        self.now = max(self.now, until)

    def write(self, line: str) -> None:
        """Add a line to the transcript, at the present instant."""
        self._told.append((self.now, line))

    def _do(self, action: Action) -> None:  # noqa: C901, PLR0912 - one arm an action
        self._told.append((self.now, action))
        self.on_action(action)
        match action:  # the frequent ones first: they are asked for in this order
            case WakeAt():
                if action.at is not None:
                    self.at(action.at, partial(self._wake, action.at))
            case ReadGossip():
                self._read(action)
            case Note():
                self.notices.append(action.notice)
            case Resolve():
                self.at(self.now, partial(self._resolve, action.host))
            case Connect() | RetireAll():
                pass
            case Publish():
                self._end(None, action.topology)
            case Open():
                self.opened[action.preference] = action.node
                self._end(action.preference, action.node)
            case CancelRead():
                self._cancelled.add(action.read)
            case Shut():
                self.opened.pop(action.preference, None)
            case Retire():
                self.retired.append(action.route)
            case Condemn():
                self.condemned.append(action.node)
            case GiveUp():
                for number in action.waiters:
                    self._waits.pop(number, None)
                    self._ended(number, action)
            case Inspect():
                found = self.findings.get(action.endpoint, ())
                event = Inspected(action.look, found)
                self.at(self.now + self.look_s, partial(self.take, event))
            case _:
                assert_never(action)

    def _resolve(self, host: str) -> None:
        addresses = self.names(host)
        if addresses:
            self.take(Resolved(host, addresses, RESOLVED_S))
        else:
            self.take(ResolveFailed(host, "no such name"))

    def _wake(self, at: float) -> None:
        if self.state.wake_at == at:
            self.take(Woke())

    def _end(self, preference: NodePreference | None, result: Node | Topology) -> None:
        for number, wanted in list(self._waits.items()):
            if wanted is preference:
                del self._waits[number]
                self._ended(number, result)

    def _ended(self, number: int, result: Node | Topology | GiveUp) -> None:
        self.ends[number] = End(self.now, result)
        # Not now: whoever is told may bring the next event, and this one goes on.
        self.at(self.now, lambda: self.on_end(number))

    def _read(self, action: ReadGossip) -> None:
        self.reply(action, self.world(action, self.now))

    def reply(self, action: ReadGossip, reply: Reply) -> None:
        """Let a read end; a second end, of one that was silent, is the true one.

        Args:
            action: The read.
            reply: How it ends from now on.
        """
        event: Event
        match reply:
            case Says():
                after_s = reply.after_s
                event = GossipRead(action.read, reply.members, after_s)
            case Fails():
                after_s = reply.after_s
                event = GossipFailed(
                    action.read,
                    reply.verdict,
                    reply.phase,
                    str(reply.verdict),
                    denied=reply.denied,
                    answered=reply.answered,
                    hung_up=reply.hung_up,
                )
            case Silent():
                after_s = action.timeout_s
                event = GossipFailed(
                    action.read, Verdict.LATE, Phase.GOSSIP, "no answer"
                )
            case _:
                assert_never(reply)
        if after_s > action.timeout_s:
            after_s = action.timeout_s
            event = GossipFailed(action.read, Verdict.LATE, Phase.GOSSIP, "no answer")
        self.at(self.now + after_s, lambda: self._answer(action.read, event))

    def _answer(self, read: int, event: Event) -> None:
        if read not in self._cancelled:
            self.take(event)
