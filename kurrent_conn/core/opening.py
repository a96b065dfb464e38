"""Which node a preference's calls go to: opening, dropping, losing, being redirected.

A route retires only when its connection is dead; a node that is merely no longer
chosen keeps its channel as a standby.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core import outage
from kurrent_conn.core.actions import Open, Retire, RetireAll, Shut
from kurrent_conn.core.amended import amended
from kurrent_conn.core.belief import (
    candidates,
    chooses_by_gossip,
    is_self,
    is_trusted,
)
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed
from kurrent_conn.core.failure import DEAD, Verdict
from kurrent_conn.core.notice import (
    FileRefused,
    FileTaken,
    NodeLost,
    NodeOpened,
    RedirectRefused,
)
from kurrent_conn.core.nowhere import why_not_all, why_nowhere
from kurrent_conn.core.resolution import dials
from kurrent_conn.core.route import Route, Router
from kurrent_conn.core.state import Node, State
from kurrent_conn.core.turn import Turn

_DENIALS: Final = frozenset({Verdict.NOT_LEADER, Verdict.NO_LEADER, Verdict.NOT_READY})
"""What a node says that does not lead, whatever others say of it."""


def open_node(
    turn: Turn, preference: NodePreference, advertised: Endpoint, route: Route, why: str
) -> None:
    """Send a preference's calls to a node, and end the waits for it."""
    state = turn.state
    shared = next(
        (
            node
            for node in state.chosen.values()
            if (node.advertised, node.route) == (advertised, route)
        ),
        None,
    )
    node = shared or Node(advertised, route, state.next_serial)
    turn.act(Open(preference, node))
    before = state.chosen.get(preference)
    if before != node:
        turn.note(NodeOpened(preference, advertised, route, why))
    turn.state = amended(
        state,
        chosen={**state.chosen, preference: node},
        next_serial=max(state.next_serial, node.serial + 1),
        waiters=tuple(w for w in state.waiters if w.preference is not preference),
    )
    if before is not None and before != node:
        outage.lost(turn, preference, before)
    outage.found(turn, preference, node)


def drop(turn: Turn, preference: NodePreference) -> None:
    """Choose anew for a preference that lost its node; the node's channel stays."""
    node = turn.state.chosen.get(preference)
    if node is not None:
        outage.lost(turn, preference, node)
        _shut(turn, preference)


def _shut(turn: Turn, preference: NodePreference) -> None:
    if preference in turn.state.chosen:
        turn.act(Shut(preference))
        turn.state = amended(
            turn.state,
            chosen={p: n for p, n in turn.state.chosen.items() if p is not preference},
        )


def renew(turn: Turn, node: Node) -> bool:
    """Send the calls of an open node over a fresh channel; running ones finish.

    Args:
        turn: The draft.
        node: The node, as opened.

    Returns:
        Whether it had calls of any preference.
    """
    served = [p for p, n in turn.state.chosen.items() if n.serial == node.serial]
    if not served:
        return False
    fresh = replace(node, serial=turn.state.next_serial)
    turn.act(Retire(node.route), *(Open(preference, fresh) for preference in served))
    turn.state = amended(
        turn.state,
        chosen={**turn.state.chosen, **dict.fromkeys(served, fresh)},
        next_serial=fresh.serial + 1,
    )
    return True


def rules_changed(turn: Turn, router: Router) -> bool:
    """Route by new rules: nodes whose route is gone are opened anew by the next call.

    So are those that nobody but an old rule trusted: their calls find another node.
    Channels that lead to nobody by the new rules retire, whoever answered there.

    Args:
        turn: The draft.
        router: The new rules.

    Returns:
        Whether they hold; rules that lead a known endpoint nowhere do not.
    """
    state = turn.state
    if why := why_not_all(router, state):
        turn.note(FileRefused("overrides", why))
        return False
    turn.note(FileTaken("overrides"))
    turn.state = state = amended(state, plan=replace(state.plan, router=router))
    kept = {
        advertised: route
        for advertised, route in state.proven.items()
        if route.is_among(router.routes(advertised)) and is_trusted(state, advertised)
    }
    turn.state = amended(state, proven=kept)
    for preference, node in state.chosen.items():
        if kept.get(node.advertised) != node.route:
            _shut(turn, preference)
    given = [way for each in candidates(state) for way in _ways(state, each.route)]
    for route in state.channels:
        if not route.is_among(given):
            retire_unused(turn, route)
    return True


def _ways(state: State, route: Route) -> tuple[Route, ...]:
    """List a route that rules gave, and those by rules about its addresses."""
    return (route, *dials(state, route))


def trust_changed(turn: Turn) -> None:
    """Let every channel be made anew, with the new trust; running calls finish."""
    turn.act(RetireAll())
    for node in {node.serial: node for node in turn.state.chosen.values()}.values():
        renew(turn, node)


def retire_unused(turn: Turn, route: Route) -> None:
    """Retire a route that no open node uses."""
    if all(node.route != route for node in turn.state.chosen.values()):
        turn.act(Retire(route))


def call_failed(turn: Turn, event: CallFailed) -> None:
    """Take a failed call into account; news of an older node is old news."""
    current = [p for p, n in turn.state.chosen.items() if n.serial == event.node.serial]
    if NodePreference.LEADER in current and event.verdict in _DENIALS:
        denied = {**turn.state.denied, event.node.advertised: turn.now}
        turn.state = amended(turn.state, denied=denied)
    if event.verdict is Verdict.NOT_LEADER:
        _redirect(turn, event.node, event.leader)
    elif event.verdict in DEAD and current:
        lose(turn, event.node, event.verdict)
    elif event.verdict in {Verdict.NOT_READY, Verdict.NO_LEADER}:
        for preference in current:
            if chooses_by_gossip(turn.state, preference):
                drop(turn, preference)
    elif event.verdict is Verdict.ANSWERED:
        outage.answered(turn, event.node)


def leave(turn: Turn, node: Node) -> None:
    """Choose anew for every preference that goes to a node, by whichever route."""
    for preference, opened in dict(turn.state.chosen).items():
        if opened.advertised == node.advertised:
            drop(turn, preference)


def lose(turn: Turn, node: Node, verdict: Verdict) -> None:
    """Suspect a node whose connection died, and use a fresh channel next time.

    A leader that only a redirect named is asked itself, or no error would tell of it.
    """
    leave(turn, node)
    state = turn.state
    is_known = node.advertised in state.plan.seeds or state.topology.member(
        node.advertised
    )
    turn.state = amended(
        state,
        ask_first=state.ask_first if is_known else node.advertised,
        suspects=state.suspects | {node.advertised},
        proven={e: r for e, r in state.proven.items() if e != node.advertised},
    )
    turn.act(Retire(node.route))
    turn.note(NodeLost(node.advertised, verdict))


def _redirect(turn: Turn, node: Node, leader: Endpoint | None) -> None:
    """Follow a not-leader answer straight to the leader that it names."""
    state = turn.state
    opened = state.chosen.get(NodePreference.LEADER)
    if not state.plan.follow:
        turn.note(RedirectRefused(node.advertised, leader, "follow is off"))
    elif opened is not None and opened.serial > node.serial:
        return  # somebody moved on already: this is old news
    elif leader and (nowhere := why_nowhere(state.plan.router, leader)):
        turn.note(RedirectRefused(node.advertised, leader, nowhere))
    elif leader is None or is_self(state, node, leader):
        # Whoever answered there names this node: the route may lead to another one.
        turn.state = amended(
            state, proven={e: r for e, r in state.proven.items() if e != leader}
        )
        why = "it names itself" if leader else "it names nobody"
        turn.note(RedirectRefused(node.advertised, leader, why))
        if chooses_by_gossip(state, NodePreference.LEADER):
            drop(turn, NodePreference.LEADER)
    elif not is_trusted(state, leader):
        turn.note(RedirectRefused(node.advertised, leader, "outside trusted_names"))
    elif opened is None or opened.advertised != leader:
        _follow(turn, node, leader)


def _follow(turn: Turn, node: Node, leader: Endpoint) -> None:
    plan = turn.state.plan
    routes = plan.router.routes(leader)
    first, *others = (found for route in routes for found in dials(turn.state, route))
    route = turn.state.proven.get(leader)
    turn.state = amended(turn.state, redirected=True)
    if leader in turn.state.suspects or (
        route is None and (others or not first.is_resolved or plan.asks_before_calls)
    ):
        turn.state = amended(turn.state, ask_first=leader)
        drop(turn, NodePreference.LEADER)
        return
    before = turn.state.topology
    if before.leader != leader:
        turn.publish(
            Topology(before.members, leader, before.generation + 1, node.advertised),
        )
    open_node(turn, NodePreference.LEADER, leader, route or first, "redirected")
