"""What to make of an answer: who leads, who may be dialled, who must be asked itself.

Pure questions about a `State`; the answers never change it.

Gossip is hearsay: a dead leader stays listed alive for seconds, two leaders can be
listed at once, and views differ. So a member is opened only after it answered a read
itself ("proven"), and one that failed stays a suspect until it has answered again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import is_not
from typing import Final

from kurrent_conn.core.backoff import stagger_s
from kurrent_conn.core.cluster import Member, NodePreference, NodeState
from kurrent_conn.core.endpoint import Endpoint, normalized_host
from kurrent_conn.core.route import Route
from kurrent_conn.core.selection import Choice, choose, is_candidate
from kurrent_conn.core.state import Candidate, Node, State
from kurrent_conn.core.trusted_name import matches


def is_trusted(state: State, advertised: Endpoint) -> bool:
    """Tell whether a host may be dialled: a seed, named by a rule, or by a pattern.

    Args:
        state: What the connection believes.
        advertised: The endpoint that somebody named.
    """
    patterns = state.plan.trusted_names
    if patterns is None:
        return True
    host = normalized_host(advertised.host)
    return (
        any(normalized_host(seed.host) == host for seed in state.plan.seeds)
        or any(route.rule for route in state.plan.router.routes(advertised))
        or matches(host, patterns)
    )


def is_by_rule(state: State, candidate: Candidate) -> bool:
    """Tell whether the rules lead to a trusted candidate by its route, or to a seed.

    They did when it was asked; they may have changed since.

    Args:
        state: What the connection believes.
        candidate: Who was asked, and by which route.
    """
    routes = state.plan.router.routes
    if not is_trusted(state, candidate.endpoint):
        return False
    return candidate.route.is_among(routes(candidate.endpoint)) or any(
        candidate.route.is_among(routes(seed)) for seed in state.plan.seeds
    )


def chooses_by_gossip(state: State, preference: NodePreference) -> bool:
    """Tell whether members are chosen, or the one given host is used as it is.

    Args:
        state: What the connection believes.
        preference: Whose node is wanted. A redirect proves that the one host is one
            of a cluster; from then on its leader is found by gossip.
    """
    if state.plan.by_gossip:
        return True
    return state.redirected and preference is NodePreference.LEADER


def asks_members(state: State) -> bool:
    """Tell whether members are asked for gossip too, or the seeds alone."""
    return state.plan.by_gossip or state.redirected


def candidates(state: State) -> tuple[Candidate, ...]:
    """List who may be asked: last-known members, then the seeds, each route once.

    Seeds stay candidates for ever, so that a cluster that was replaced behind the
    same names is found again.
    """
    origin = (state.plan, state.topology, state.redirected, state.ask_first)
    known = state.__dict__.get(_LISTED)
    if known is None or any(map(is_not, known[0], origin)):
        known = (origin, tuple(_listed(state)))
        state.__dict__[_LISTED] = known
    listed: tuple[Candidate, ...] = known[1]
    return listed


_LISTED: Final = "_listed"
"""Where a state keeps its candidates: the next one takes them over, see `amended`.

They are asked for with every read that an election sends, and seldom change.
"""


def _listed(state: State) -> Iterator[Candidate]:
    seen: set[Route] = set()
    members = state.topology.members if asks_members(state) else ()
    told_by = f"gossip from {state.topology.told_by}"
    named = [
        (member.advertised, told_by)
        for member in members
        if member.state != NodeState.MANAGER and is_trusted(state, member.advertised)
    ]
    if state.ask_first and is_trusted(state, state.ask_first):
        named.append((state.ask_first, "a not-leader answer"))
    named.extend((seed, "seed") for seed in state.plan.seeds)
    for endpoint, source in named:
        for route in state.plan.router.routes(endpoint):
            if route not in seen:
                seen.add(route)
                yield Candidate(endpoint, route, source)


def place_of(state: State, advertised: Endpoint, route: Route) -> int:
    """Say how good a route to a member is: 0 is the best that the rules give.

    Args:
        state: What the connection believes.
        advertised: The member.
        route: How it may be reached; one that the rules do not give is the last.
    """
    return route.place_in(state.plan.router.routes(advertised))


def answerers(
    state: State, candidate: Candidate, members: Iterable[Member]
) -> frozenset[Endpoint]:
    """Say which members an answer came from: by identity, else by the same route.

    Args:
        state: What the connection believes.
        candidate: Who was asked.
        members: What it answered.

    Returns:
        One identity as a rule; none for a seed that is a balancer.
    """
    listed = [m.advertised for m in members if m.state != NodeState.MANAGER]
    if candidate.endpoint in listed:
        return frozenset({candidate.endpoint})
    if len(listed) == 1 and candidate.endpoint in state.plan.seeds:
        # A node on its own speaks for itself, whatever it advertises: the address
        # that the user gave is one that works.
        return frozenset(listed)
    return frozenset(
        advertised
        for advertised in listed
        if candidate.route.is_among(state.plan.router.routes(advertised))
    )


def reached_by(
    state: State, route: Route, heard: frozenset[Endpoint], members: Iterable[Member]
) -> frozenset[Endpoint]:
    """Say to which of the members that an answer came from its route leads for good.

    One by which no rule leads to a member was taken for the way to it because the node
    there listed itself alone. Once that node lists others, it may be a balancer with
    several behind it.

    Args:
        state: What the connection believes.
        route: By which the answer came.
        heard: As `answerers` says.
        members: What was answered.
    """
    routes = state.plan.router.routes
    by_rule = frozenset([each for each in heard if route.is_among(routes(each))])
    if len(by_rule) == len(heard):
        return heard
    listed = [member for member in members if member.state != NodeState.MANAGER]
    return heard if len(listed) == 1 else by_rule


def is_self(state: State, node: Node, leader: Endpoint) -> bool:
    """Tell whether a not-leader answer names the node that gave it.

    One address may serve several nodes by SNI, so routes are compared, not addresses.

    Source: server, `Services/VNode/LeaderInfoProvider.cs`: a node that knows no
    leader names itself.

    Args:
        state: What the connection believes.
        node: Who answered.
        leader: Whom it named.
    """
    if leader == node.advertised:
        return True
    return node.route.is_among(state.plan.router.routes(leader))


def leaders(members: Iterable[Member]) -> list[Member]:
    """List the members that are said to lead, alive ones only."""
    return [
        member
        for member in members
        if member.state == NodeState.LEADER and is_candidate(member)
    ]


def denies(state: State, member: Member) -> bool:
    """Tell whether a member is said to lead, and said itself that it does not.

    Args:
        state: What the connection believes.
        member: As another one lists it.
    """
    return member.state == NodeState.LEADER and member.advertised in state.denied


def asked_for_s(state: State, advertised: Endpoint, now: float) -> float | None:
    """Say for how long a member has been asked without an answer; None: it is not.

    Args:
        state: What the connection believes.
        advertised: The member.
        now: Monotonic seconds.
    """
    began = [r.began_at for r in state.reads if r.candidate.endpoint == advertised]
    return now - min(began) if began else None


def best(state: State, preference: NodePreference, now: float) -> Choice | None:
    """Choose among the members believed in, for one preference.

    Suspects and untrusted hosts are left out, and leaders by hearsay that deny it
    themselves. Of two leaders the one that was heard of last wins; an answer carries no
    epoch that could tell.

    Source: server, `Services/Gossip/GossipServiceBase.cs`: a node's word about itself
    wins over everybody else's.

    Args:
        state: What the connection believes, with a search under way.
        preference: What is asked for.
        now: Monotonic seconds. A member that was asked a stagger ago and has not
            answered is passed over: it may be frozen.
    """
    if state.search is None:
        return None
    tie = state.search.tie

    def is_late(member: Member) -> bool:
        if member.advertised in state.proven:
            return False
        asked_s = asked_for_s(state, member.advertised, now)
        return asked_s is not None and asked_s >= stagger_s(state.round_trip_s)

    def accepts(member: Member) -> bool:
        return (
            member.advertised not in state.suspects
            and not denies(state, member)
            and not is_late(member)
            and is_trusted(state, member.advertised)
        )

    claims = [member for member in leaders(state.topology.members) if accepts(member)]
    if preference is NodePreference.LEADER and len(claims) > 1:
        newest = max(claims, key=lambda member: member.time_stamp_s)
        return Choice(newest, fell_back=False)
    return choose(
        state.topology.members,
        preference,
        lambda member: tie.tie_break(member.advertised),
        accepts,
    )
