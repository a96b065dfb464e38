"""What the state machine promises at every step, looked at from outside.

    sent well       no call goes to a suspect, a condemned or an untrusted node
    in time         no wait outlives its deadline; the core's waits are the shell's
    bounded         gossip reads stay bounded, whatever fails
    upwards         the generation never falls
    by the rules    every dial is a route of the overrides, of a trusted host, and
                    carries credentials only with consent
    old is old      news that nobody waits for changes nothing
    awake           whatever is due has a timer
    lets go         no channel dials a silent node when nobody asks by it any more

Checked after each event, so a broken promise is found where it is broken.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from kurrent_conn.core.actions import Action, Condemn, Open, Publish, ReadGossip
from kurrent_conn.core.belief import is_trusted
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    Abandoned,
    CallFailed,
    Event,
    GossipFailed,
    GossipRead,
    RulesChanged,
)
from kurrent_conn.core.route import Route, Router
from kurrent_conn.core.state import Node, Plan, State
from kurrent_conn.testing.simulated_world.dialled import Dialled
from kurrent_conn.testing.virtual.feature import Features, features_of
from kurrent_conn.testing.virtual.transcript import action_line, event_line

if TYPE_CHECKING:
    from kurrent_conn.testing.simulated_world.client import Client

READS_OF_EACH: Final = 60
"""So many gossip reads a client begins within any second at most, times the endpoints
that it may ask: the seeds and the members, four at least."""

SLACK_S: Final = 1e-6
NOTHING: Final = Abandoned(waiter=0)
"""An event that says nothing: no waiter has this number."""


class PromiseBroken(AssertionError):
    """The state machine did what it promised not to do."""


class Watch:
    """Looks at every step of one client.

    Args:
        plan: What the client was told to do.
        transcript: Where to write what happened; None saves the time.

    Attributes:
        visited: The features of all states seen.
        steps: How many events were taken.
        checks: How often a promise was looked at.
        most_reads: The most gossip reads within one second.
        fullest: The most of the allowed reads that one second had, as a share.
    """

    def __init__(self, plan: Plan, transcript: list[str] | None = None) -> None:
        self.plan = plan
        self.transcript = transcript
        self.visited: set[Features] = set()
        self.steps = 0
        self.checks = 0
        self.most_reads = 0
        self.fullest = 0.0
        self._generation = 0
        self._recent: deque[float] = deque()
        self._condemned: set[int] = set()
        self._dialled = Dialled()
        self._trusted: dict[Endpoint, bool] = {}
        self._seed_routes: set[Route] = set()
        self._follow_rules(plan.router)

    def sends(self, state: State, node: Node, now: float) -> None:
        """Look at where a call is sent."""
        if self.transcript is not None:
            self.write(now, f"a call goes to {node.advertised}")
        self.checks += 3
        self._trusts(state, node.advertised, now)
        if node.advertised in state.suspects:
            raise PromiseBroken(f"{now:.3f} a call goes to suspect {node.advertised}")
        if node.serial in self._condemned:
            raise PromiseBroken(f"{now:.3f} a call goes to condemned {node}")

    def took(
        self, client: Client, before: State, event: Event, actions: tuple[Action, ...]
    ) -> None:
        """Look at one step."""
        self.steps += 1
        state, now = client.state, client.clock.now
        if self.transcript is not None:
            self.write(now, event_line(event))
            for action in actions:
                self.write(now, f"  -> {action_line(action)}")
        if isinstance(event, RulesChanged):
            self._follow_rules(event.router)
        self.visited.add(features_of(state))
        self.checks += 3 + len(actions)
        for action in actions:
            self._acted(state, action, now)
        self._is_in_time(client, now)
        self._is_awake(client, now)
        self._dialled.took(event, actions)
        self._lets_go(state, now)
        if _is_stale(before, event):
            self.checks += 1
            expected = advance(before, NOTHING, now)
            if (state, actions) != expected:
                raise PromiseBroken(f"{now:.3f} stale news moved something: {event}")

    def write(self, now: float, line: str) -> None:
        """Write down what happened, where a transcript is kept."""
        if self.transcript is not None:
            self.transcript.append(f"{now:9.3f}  {line}")

    def _follow_rules(self, router: Router) -> None:
        self._router = router
        self._trusted.clear()
        self._seed_routes = {
            route for seed in self.plan.seeds for route in router.routes(seed)
        }

    def _acted(self, state: State, action: Action, now: float) -> None:
        match action:
            case ReadGossip():
                self._read(state, action, now)
            case Open(node=node):
                self._obeys_rules(node.advertised, node.route, now)
                self._trusts(state, node.advertised, now)
            case Publish(topology=topology):
                if topology.generation < self._generation:
                    raise PromiseBroken(f"{now:.3f} an older generation: {topology}")
                self._generation = topology.generation
            case Condemn(node=node):
                self._condemned.add(node.serial)
            case _:
                pass

    def _read(self, state: State, action: ReadGossip, now: float) -> None:
        if not any(v.probe and v.probe.number == action.read for v in state.vigils):
            # A probe goes where calls still run, whatever the rules say now.
            self._obeys_rules(action.endpoint, action.route, now)
            self._trusts(state, action.endpoint, now)
        if action.with_credentials:
            if not (self.plan.has_credentials and self.plan.may_send_credentials):
                raise PromiseBroken(f"{now:.3f} credentials without consent: {action}")
            self._trusts(state, action.endpoint, now)
        recent = self._recent
        recent.append(now)
        while recent[0] <= now - 1:
            recent.popleft()
        self.most_reads = max(self.most_reads, len(recent))
        may_ask = len(self.plan.seeds) + len(state.topology.members)
        allowed_reads = READS_OF_EACH * max(4, may_ask)
        self.fullest = max(self.fullest, len(recent) / allowed_reads)
        if len(recent) > allowed_reads:
            raise PromiseBroken(f"{now:.3f} {len(recent)} gossip reads in a second")

    def _obeys_rules(self, endpoint: Endpoint, route: Route, now: float) -> None:
        """A seed's own route is right for a node that answered by it."""
        routes = self._router.routes(endpoint)
        if route.named not in routes and route.named not in self._seed_routes:
            raise PromiseBroken(f"{now:.3f} a dial past the overrides: {route}")

    def _trusts(self, state: State, endpoint: Endpoint, now: float) -> None:
        known = self._trusted.get(endpoint)
        if known is None:
            known = self._trusted[endpoint] = is_trusted(state, endpoint)
        if not known:
            raise PromiseBroken(f"{now:.3f} an untrusted host is used: {endpoint}")

    def _is_in_time(self, client: Client, now: float) -> None:
        waiters = client.state.waiters
        if len(waiters) != len(client.waits):
            raise PromiseBroken(
                f"{now:.3f} the core's waits {[w.number for w in waiters]} are not the "
                f"shell's {list(client.waits)}"
            )
        for waiter in waiters:
            if waiter.deadline_at <= now:
                raise PromiseBroken(f"{now:.3f} {waiter} is still waiting")

    def _is_awake(self, client: Client, now: float) -> None:
        due = client.state.wake_at
        if due is not None and client.armed_for != due:
            raise PromiseBroken(f"{now:.3f} due at {due:.3f}, but nothing will wake")

    def _lets_go(self, state: State, now: float) -> None:
        if self._dialled.unheard and state.search is None and not _asks(state):
            left = ", ".join(sorted(map(str, self._dialled.unheard)))
            raise PromiseBroken(f"{now:.3f} nobody asks by {left} any more")


def _asks(state: State) -> bool:
    """Whether a probe or a trial is under way."""
    is_trying = state.trial is not None and bool(state.trial.reads)
    return is_trying or any(vigil.probe is not None for vigil in state.vigils)


def _is_stale(state: State, event: Event) -> bool:
    """Whether an event is about something that is over."""
    match event:
        case GossipRead() | GossipFailed():
            probes = [v.probe for v in state.vigils if v.probe is not None]
            trials = state.trial.reads if state.trial is not None else ()
            under_way = (*state.reads, *probes, *trials)
            return all(read.number != event.read for read in under_way)
        case CallFailed(node=node, leader=None):
            return all(n.serial != node.serial for n in state.chosen.values()) and (
                event.verdict.name != "NOT_LEADER"
            )
        case _:
            return False
