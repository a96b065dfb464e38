"""What `advance` remembers between events.

Values only, immutable; `Turn` is the one place where they are rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from kurrent_conn.core.attempt import Attempt
from kurrent_conn.core.chance import Chance
from kurrent_conn.core.cluster import NodePreference, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failover import Failover, Outage
from kurrent_conn.core.route import Route, Router
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.core.value import value


@value
class Plan:
    """What a connection was told to do; never changes while it lives.

    Args:
        seeds: The endpoints of the connection string, at least one.
        router: Turns every endpoint into routes; `Overrides` does.
        by_gossip: Whether members are chosen by gossip. False for one host without
            `+discover`, and under `follow=False`: a seed is then used as it is.
        follow: Whether a not-leader answer may lead to another host.
        trusted_names: Patterns that an advertised or redirect host must match; None
            trusts all.
        has_credentials: Whether there is a user name to send.
        may_send_credentials: False under `tls=false` without consent.
        gossip_timeout_s: The deadline of one gossip read.
        first_pause_s: The first pause between rounds.
        max_rounds: After so many rounds without any answer a search ends; None never.
        discover: Whether the seeds are names that DNS is to be asked for
            (`+discover`), so that every address of each is a seed.
        asks_before_calls: Whether a route must have answered a read before calls go
            by it, even after a redirect: without verification it is pinned then.
        explains_tls: Whether failed handshakes are looked at: under TLS.
        notice_s: A node with late calls whose probe stays unanswered for so long is
            a suspect.
        condemn_s: After so long it is condemned though no member disowned it
            (`keepAliveInterval` and `keepAliveTimeout` together).
    """

    seeds: tuple[Endpoint, ...]
    router: Router
    by_gossip: bool = True
    follow: bool = True
    trusted_names: tuple[str, ...] | None = None
    has_credentials: bool = False
    may_send_credentials: bool = True
    gossip_timeout_s: float = 5.0
    first_pause_s: float = 0.1
    max_rounds: int | None = 10
    discover: bool = False
    asks_before_calls: bool = False
    explains_tls: bool = False
    notice_s: float = 0.5
    condemn_s: float = 20.0


@value
class Node:
    """A member that calls are sent to.

    Args:
        advertised: Its identity; the seed itself where a seed is used as it is.
        route: How it is reached.
        serial: Counts opened nodes: a failure on an older serial is old news.
    """

    advertised: Endpoint
    route: Route
    serial: int


@value
class Waiter:
    """A caller who waits, see `events.Wanted`.

    Args:
        number: As the event says.
        preference: As the event says.
        deadline_at: As the event says.
        after_rounds: How many rounds of the search had ended before it came: those of
            others, which are not counted against it.
    """

    number: int
    preference: NodePreference | None
    deadline_at: float
    after_rounds: int = 0


@value
class Candidate:
    """An endpoint that may be asked for gossip, by one route."""

    endpoint: Endpoint
    route: Route
    source: str


@value
class Addresses:
    """What a name resolved to.

    Args:
        found: Its addresses; empty when the last try failed.
        good_until: When they are looked up again if needed, monotonic seconds.
    """

    found: tuple[str, ...]
    good_until: float


@value
class Read:
    """A gossip read in flight, begun at `began_at` (monotonic seconds)."""

    number: int
    candidate: Candidate
    with_credentials: bool
    began_at: float


@value
class Vigil:
    """A watch over a node whose calls are late.

    Args:
        node: The node.
        preferences: Whose calls it had when the vigil began.
        since: When the oldest unanswered call began, monotonic seconds.
        seen_at: When calls were last said to be late: without late calls a vigil
            ends by itself.
        probe: The read by which the node is asked; None while none is under way.
        silent_since: When the node was first asked without having answered; None
            after an answer.
        ask_again_at: When it is asked next, after an answer.
        is_suspect: Whether it was silent for the notice time: others are asked, and
            new calls go elsewhere.
        was_renewed: Whether its channel was replaced because calls stayed late
            although it answers.
    """

    node: Node
    preferences: frozenset[NodePreference]
    since: float
    seen_at: float
    probe: Read | None = None
    silent_since: float | None = None
    ask_again_at: float = 0.0
    is_suspect: bool = False
    was_renewed: bool = False


@value
class Trial:
    """Better routes are tried again, see `better_route`.

    Args:
        serials: The open nodes that are reached by a second choice.
        at: When their better routes are tried next, monotonic seconds.
        pause_s: The pause before that; it doubles.
        reads: Trials under way.
    """

    serials: frozenset[int]
    at: float
    pause_s: float
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True)  # no slots: see `amended`
class Search:
    """A search for a node: one at a time, shared by all callers.

    Args:
        tie: Decides between equal members for as long as this search lasts.
        queue: Who has not been asked yet in this round, in order.
        wave: How many are asked at once next: 1, then 2, then 4.
        round_number: Counts how often all were asked, from 1; the pauses grow by it.
        ended_rounds: Rounds in which nobody answered. One ends when all whom it asked
            have failed, with the pause that follows; while one of them is silent, the
            others are asked again.
        connect_at: When two of the next candidates connect ahead of being asked, and
            not only the very next; None: they did, or an answer came before.
        next_wave_at: When to ask the next of the queue; None: nothing is due.
        next_round_at: When to ask all again; None: the round goes on.
        pause_ends_at: When the pause after this round ends, and with it the round:
            where everybody refuses, all are asked within the pause too.
        unmatched_since: When the cluster first answered without a match; None while
            it has not: then rounds and pauses apply, afterwards the election clock.
        silent_streak: Failed reads in a row since the last answer.
        attempts: The last failure of each candidate, in order of time.
        refills: How often the queue was filled.
        directly_at: When members were last asked out of turn, monotonic seconds.
        unresolved: Candidates that are asked as soon as their name is resolved.
        fatal: Candidates whose last failure waiting cannot mend.
        looking: Looks at certificates under way, by their numbers.
        looked_at: Whose certificates were looked at in this search.
        findings: What was found wrong with them.
    """

    tie: Chance
    queue: tuple[Candidate, ...] = ()
    wave: int = 1
    round_number: int = 1
    ended_rounds: int = 0
    connect_at: float | None = None
    next_wave_at: float | None = None
    next_round_at: float | None = None
    pause_ends_at: float | None = None
    unmatched_since: float | None = None
    silent_streak: int = 0
    attempts: tuple[Attempt, ...] = ()
    fatal: frozenset[tuple[Endpoint, Route]] = frozenset()
    looking: Mapping[int, tuple[Endpoint, Route]] = field(default_factory=dict)
    looked_at: frozenset[tuple[Endpoint, Route]] = frozenset()
    findings: Mapping[tuple[Endpoint, Route], tuple[TlsFinding, ...]] = field(
        default_factory=dict
    )
    directly_at: Mapping[Endpoint, float] = field(default_factory=dict)
    unresolved: tuple[Candidate, ...] = ()
    refills: int = 0


@dataclass(frozen=True)  # no slots: see `amended`
class State:
    """Everything that a connection believes and has under way.

    Args:
        plan: What it was told to do.
        chance: Decides every shuffle and jitter.
        topology: The snapshot published last.
        chosen: The node that each preference's calls go to.
        waiters: Who waits, in order of arrival.
        search: The search under way; None when nobody needs one.
        reads: Gossip reads in flight.
        vigils: Nodes with late calls.
        trial: Better routes to open nodes that are tried again; None while there are
            none.
        addresses: What each dialled name resolved to.
        resolving: Names being looked up.
        suspects: Members that failed and have not answered since.
        proven: The route by which a member answered last.
        channels: The channels there are, by route, and whether somebody answered.
        outages: Failovers that are not over, by preference.
        failovers: The last failovers, the newest last.
        led_at: When members were last said to lead, monotonic seconds; lately only.
        denied: When members that were said to lead said themselves that they do not;
            lately only.
        ask_first: A leader named by another node, asked first by the next search.
        redirected: Whether a redirect was followed: the one host of the connection
            string turned out to be one of a cluster.
        gossip_needs_credentials: Whether an anonymous read was denied.
        round_trip_s: The last gossip round trip.
        searched_at: When the last search began to ask.
        restless_since: When the first of the searches that follow each other began.
        next_read: The number of the next read.
        next_serial: The serial of the next node.
        wake_at: The instant of the last `WakeAt`.
        closed: Whether the connection was closed.
    """

    plan: Plan
    chance: Chance
    topology: Topology = field(default_factory=Topology)
    chosen: Mapping[NodePreference, Node] = field(default_factory=dict)
    waiters: tuple[Waiter, ...] = ()
    search: Search | None = None
    reads: tuple[Read, ...] = ()
    vigils: tuple[Vigil, ...] = ()
    trial: Trial | None = None
    addresses: Mapping[str, Addresses] = field(default_factory=dict)
    resolving: frozenset[str] = frozenset()
    suspects: frozenset[Endpoint] = frozenset()
    proven: Mapping[Endpoint, Route] = field(default_factory=dict)
    channels: Mapping[Route, bool] = field(default_factory=dict)
    outages: Mapping[NodePreference, Outage] = field(default_factory=dict)
    failovers: tuple[Failover, ...] = ()
    led_at: Mapping[Endpoint, float] = field(default_factory=dict)
    denied: Mapping[Endpoint, float] = field(default_factory=dict)
    ask_first: Endpoint | None = None
    redirected: bool = False
    gossip_needs_credentials: bool = False
    round_trip_s: float | None = None
    searched_at: float = -inf
    restless_since: float = 0.0
    next_read: int = 1
    next_serial: int = 1
    wake_at: float | None = None
    closed: bool = False


def start(plan: Plan, seed: int) -> State:
    """Make the state of a connection that has done nothing yet.

    Args:
        plan: What it is to do.
        seed: Decides every shuffle and jitter.
    """
    return State(plan=plan, chance=Chance(seed))
