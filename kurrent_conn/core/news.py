"""What an answer, or a missing one, changes: belief first, then who is opened.

A member is opened by gossip only after it answered a read itself: its own word proves
the route, the certificate and the claim at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kurrent_conn.core import (
    better_route,
    dialling,
    election,
    inquiry,
    inspection,
    resolution,
    rounds,
    search,
    vigil,
    wait_end,
)
from kurrent_conn.core.actions import Publish
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.belief import (
    answerers,
    chooses_by_gossip,
    denies,
    is_by_rule,
    is_trusted,
    leaders,
    place_of,
    reached_by,
)
from kurrent_conn.core.cluster import Member, NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import (
    GossipFailed,
    GossipRead,
    Inspected,
    Resolved,
    ResolveFailed,
)
from kurrent_conn.core.failure import DEAD, FATAL, Verdict
from kurrent_conn.core.matching import match_waits
from kurrent_conn.core.nowhere import with_a_route
from kurrent_conn.core.opening import drop, lose, open_node, retire_unused
from kurrent_conn.core.resolution import doubt
from kurrent_conn.core.route import Route
from kurrent_conn.core.selection import rank
from kurrent_conn.core.state import Candidate, Read, State
from kurrent_conn.core.turn import Turn

LAG_S: Final = 5.0
"""So long may a member name a leader that is none any more: two rounds of gossip.

Source: server, `Configuration/ClusterVNodeOptions.cs` (GossipIntervalMs, 2000).
"""


def gossip_read(turn: Turn, event: GossipRead) -> None:
    """Take an answer into account; one that nobody waits for changes nothing."""
    read = (
        _finish(turn, event.read)
        or vigil.answered(turn, event.read)
        or better_route.answered(turn, event.read)
    )
    if read is None:
        return
    dialling.answered(turn, read.candidate.route)
    if not is_trusted(turn.state, read.candidate.endpoint):
        # A probe: calls of the time when a rule trusted it still run there.
        return
    members = with_a_route(turn, event.members, read.candidate.endpoint)
    heard = answerers(turn.state, read.candidate, members)
    # A probe may still go by a route that the rules do not know any more.
    by_rule = is_by_rule(turn.state, read.candidate)
    reached = reached_by(turn.state, read.candidate.route, heard, members)
    led_at, denied = _claims(turn, members, heard)
    turn.state = amended(
        turn.state,
        round_trip_s=event.round_trip_s,
        suspects=turn.state.suspects - heard - {read.candidate.endpoint},
        proven=_proven(turn.state, reached, read.candidate.route)
        if by_rule
        else turn.state.proven,
        led_at=led_at,
        denied=denied,
    )
    _believe(turn, members, read.candidate.endpoint)
    _revise(turn, heard)
    vigil.hear(turn, members, heard)
    _end_news_waits(turn)
    if by_rule:
        _use_seed_as_it_is(turn, read.candidate)
    match_waits(turn, heard)
    if wait_end.is_needed(turn.state):
        election.unmatched(turn)


def _claims(
    turn: Turn, members: tuple[Member, ...], heard: frozenset[Endpoint]
) -> tuple[dict[Endpoint, float], dict[Endpoint, float]]:
    """Say which members were said to lead lately, which denied it themselves, and when.

    Only who led a moment ago is so held to its own word. A claim about somebody else is
    news, and no lag: a node that has just been elected is not asked first.
    """
    leading = [member.advertised for member in leaders(members)]
    led_at = _lately(turn, turn.state.led_at)
    led_at.update(dict.fromkeys(leading, turn.now))
    denied = _lately(turn, turn.state.denied)
    for member in heard:
        denied.pop(member, None)
        if member in led_at and member not in leading:
            denied[member] = turn.now
    return led_at, denied


def _lately(turn: Turn, instants: Mapping[Endpoint, float]) -> dict[Endpoint, float]:
    return {member: at for member, at in instants.items() if turn.now - at < LAG_S}


def gossip_failed(turn: Turn, event: GossipFailed) -> None:
    """Take a missing answer into account, and ask on."""
    dialling.failed(turn, event)
    read = _finish(turn, event.read)
    if read is None:
        better_route.failed(turn, event)
        vigil.unanswered(turn, event.read, spoke=event.answered)
        return
    if event.denied and _may_try_credentials(turn.state, read):
        turn.state = amended(turn.state, gossip_needs_credentials=True)
        inquiry.ask(turn, read.candidate)
        return
    if event.verdict in DEAD | {Verdict.LATE}:
        retire_unused(turn, read.candidate.route)
        doubt(turn, read.candidate.route)
    if event.answered and not event.denied:
        _use_seed_as_it_is(turn, read.candidate)
    phase, fatal = event.phase, event.verdict in FATAL or event.denied
    if not inspection.is_needed(event):
        inspection.forget(turn, read.candidate)
    elif inspection.has_found(turn.state.search, read.candidate):
        phase, fatal = Phase.TLS, True
    else:
        inspection.begin(turn, read.candidate)
    _suspect(turn, read.candidate, event.verdict)
    _go_on_without(turn, read.candidate, phase, event.cause, fatal)


def inspected(turn: Turn, event: Inspected) -> None:
    """Know why a handshake failed; that may end the search."""
    if not inspection.ended(turn, event) or turn.state.search is None:
        return
    if turn.state.search.unmatched_since is None:
        rounds.look_ended(turn)
    else:
        match_waits(turn)


def resolved(turn: Turn, event: Resolved) -> None:
    """Ask the candidates whose addresses have come, better routes among them."""
    for candidate in resolution.resolved(turn, event):
        inquiry.ask(turn, candidate)
    search.connect_next(turn)
    better_route.resolved(turn, event.host)


def resolve_failed(turn: Turn, event: ResolveFailed) -> None:
    """Go on without the candidates whose name has no address."""
    for candidate in resolution.not_resolved(turn, event.host):
        _suspect(turn, candidate, Verdict.UNSURE)
        _go_on_without(turn, candidate, Phase.RESOLVE, event.cause, fatal=False)


def _go_on_without(
    turn: Turn, candidate: Candidate, phase: Phase, cause: str, fatal: bool
) -> None:
    """Record why a candidate gave nothing, and ask on."""
    attempt = Attempt(
        candidate.endpoint,
        candidate.route,
        phase,
        cause,
        candidate.source,
        _hint(candidate, phase),
    )
    search.failed(turn, candidate, attempt, fatal)
    if turn.state.search is not None and turn.state.search.unmatched_since is not None:
        match_waits(turn)


def _suspect(turn: Turn, candidate: Candidate, verdict: Verdict) -> None:
    """Suspect a member that gave no answer.

    Not one that answers by another route. An open node is judged by its calls and its
    probes; only where its connection is gone, they need not find out by themselves.
    """
    endpoint, state = candidate.endpoint, turn.state
    by_another = state.proven.get(endpoint, candidate.route) != candidate.route or any(
        read.candidate.endpoint == endpoint for read in state.reads
    )
    if state.topology.member(endpoint) is None or by_another:
        return
    opened = next((n for n in state.chosen.values() if n.advertised == endpoint), None)
    if opened is None:
        turn.state = amended(state, suspects=state.suspects | {endpoint})
    elif verdict in DEAD:
        lose(turn, opened, verdict)


def _proven(
    state: State, reached: frozenset[Endpoint], route: Route
) -> Mapping[Endpoint, Route]:
    """Keep a better route that answered before, unless it is silent now."""
    proven = dict(state.proven)
    for advertised in reached:
        before = proven.get(advertised)
        if (
            before is None
            or advertised in state.suspects
            or place_of(state, advertised, before) >= place_of(state, advertised, route)
            or any(read.candidate.route == before for read in state.reads)
        ):
            proven[advertised] = route
    return proven


def _finish(turn: Turn, number: int) -> Read | None:
    """Take a read off the list; None when its news is no longer wanted."""
    for read in turn.state.reads:
        if read.number == number:
            others = tuple([r for r in turn.state.reads if r is not read])
            turn.state = amended(turn.state, reads=others)
            return read
    return None


def _may_try_credentials(state: State, read: Read) -> bool:
    return (
        not read.with_credentials
        and state.plan.has_credentials
        and state.plan.may_send_credentials
    )


def _hint(candidate: Candidate, phase: Phase) -> str:
    unreachable = phase in {Phase.RESOLVE, Phase.CONNECT}
    if unreachable and candidate.source != "seed" and candidate.route.rule is None:
        host = candidate.endpoint.host
        return (
            f'if {host} is not reachable from here, add an override: exact = "{host}", '
            'target = "<where it is reachable>"'
        )
    return ""


def _believe(turn: Turn, members: tuple[Member, ...], told_by: Endpoint) -> None:
    """Publish what was heard, where it differs from what was believed."""
    believed = [
        member
        for member in leaders(members)
        if member.advertised not in turn.state.suspects
        and not denies(turn.state, member)
    ]
    newest = max(believed, key=lambda m: m.time_stamp_s, default=None)
    leader = newest.advertised if newest else None
    before = turn.state.topology
    if before.generation and (before.members, before.leader) == (members, leader):
        return
    turn.publish(Topology(members, leader, before.generation + 1, told_by))
    resolution.look_ahead(turn)


def _end_news_waits(turn: Turn) -> None:
    """End the waits that any answer satisfies, one that told nothing new as well."""
    if any(waiter.preference is None for waiter in turn.state.waiters):
        turn.act(Publish(turn.state.topology))
        turn.state = amended(
            turn.state,
            waiters=tuple(w for w in turn.state.waiters if w.preference is not None),
        )


def _revise(turn: Turn, heard: frozenset[Endpoint]) -> None:
    """Drop open nodes that the answer disowns.

    A leader is disowned only by its own word: a lagging follower's hearsay must not
    move a connection that works. Other roles by any word of death.
    """
    for preference, node in dict(turn.state.chosen).items():
        if not chooses_by_gossip(turn.state, preference):
            continue
        member = turn.state.topology.member(node.advertised)
        serves = member is not None and rank(member, preference) is not None
        hearsay = preference is NodePreference.LEADER and node.advertised not in heard
        if not serves and not hearsay:
            drop(turn, preference)


def _use_seed_as_it_is(turn: Turn, candidate: Candidate) -> None:
    """Open the one host of the connection string, whatever its state."""
    endpoint, route = candidate.endpoint, candidate.route
    for waiter in turn.state.waiters:
        wanted = waiter.preference
        if wanted is None or chooses_by_gossip(turn.state, wanted):
            continue
        if endpoint in turn.state.plan.seeds:
            open_node(turn, wanted, endpoint, route, "used as given")
