"""The search for a node: whom to ask for gossip, how many at once, and when again.

Two clocks. While *nobody answers*, candidates are asked in waves of 1, 2 and 4, a
stagger apart (at once when one fails), and rounds follow each other after growing
pauses. While the cluster *answers without a match* (an election), one candidate after
another is asked at a short interval. Reads stay in flight until one answer wins, so a
black hole costs a stagger and never a timeout.

Asks and counts; what an answer means is decided in `discovery`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.actions import (
    CancelRead,
    Connect,
    Ending,
    GiveUp,
    ReadGossip,
)
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.backoff import election_interval_s, round_pause_s, stagger_s
from kurrent_conn.core.belief import candidates, is_trusted
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.inspection import findings
from kurrent_conn.core.notice import EndpointFailed, SearchFailed
from kurrent_conn.core.resolution import dials, resolve
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Candidate, Read, Search, State
from kurrent_conn.core.turn import Turn

LARGEST_WAVE: Final = 4
SUSPECTS_EVERY: Final = 4
CONNECT_AHEAD: Final = 2

RESTED_S: Final = 1.0
"""A search that begins so long after the one before begins at once."""


def begin(turn: Turn) -> None:
    """Begin a search: shuffle the candidates and ask the first.

    At once, unless searches follow each other: then each success failed, or each wait
    was in vain, and the election clock paces them. Otherwise callers who try again
    and again would ask as often as the cluster can answer.
    """
    if turn.state.search is not None:
        return
    state = turn.state
    begin_at, since, chance = turn.now, state.restless_since, state.chance
    if turn.now - state.searched_at > RESTED_S:
        since = turn.now
    else:
        draw, chance = chance.uniform()
        pause = election_interval_s(turn.now - since, draw)
        begin_at = max(turn.now, state.searched_at + pause)
    turn.state = replace(
        state,
        search=Search(tie=chance, next_wave_at=begin_at),
        chance=chance,
        searched_at=begin_at,
        restless_since=since,
    )
    _refill(turn)
    if begin_at <= turn.now:
        ask_wave(turn)
        _connect_ahead(turn)


def _connect_ahead(turn: Turn) -> None:
    """Let the next candidates connect beside the first read.

    One of them leads, as a rule: the way to it is then paid once, not twice.
    """
    search = turn.state.search
    if search is None or not turn.state.plan.by_gossip:
        return
    for candidate in search.queue[:CONNECT_AHEAD]:
        known = candidate.route.is_resolved and not turn.state.plan.asks_before_calls
        if known and candidate.endpoint not in turn.state.suspects:
            turn.act(Connect(candidate.route))


def end(turn: Turn) -> None:
    """End the search; reads in flight are stopped and forgotten."""
    turn.act(*(CancelRead(read.number) for read in turn.state.reads))
    turn.state = replace(turn.state, search=None, reads=(), ask_first=None)


def is_needed(state: State) -> bool:
    """Tell whether somebody waits, or a silent node is asked about."""
    return bool(state.waiters) or any(v.is_suspect for v in state.vigils)


def ask_wave(turn: Turn) -> None:
    """Ask the next of the queue, twice as many as the last time, 4 at most."""
    search = turn.state.search
    if search is None:
        return
    wave, queue = search.queue[: search.wave], search.queue[search.wave :]
    due = turn.now + stagger_s(turn.state.round_trip_s) if queue else None
    _update(
        turn,
        replace(
            search,
            queue=queue,
            wave=min(2 * search.wave, LARGEST_WAVE),
            next_wave_at=due,
        ),
    )
    for candidate in wave:
        ask(turn, candidate)


def ask(turn: Turn, candidate: Candidate) -> None:
    """Ask one candidate for gossip, at every address of its name side by side.

    An address that is being asked is not asked again; a name that is not resolved yet
    is looked up first.
    """
    for found in resolve(turn, candidate):
        if all(read.candidate.route != found.route for read in turn.state.reads):
            read = begin_read(turn, found)
            turn.state = replace(turn.state, reads=(*turn.state.reads, read))


def begin_read(turn: Turn, candidate: Candidate) -> Read:
    """Send a read; the caller keeps it."""
    state, plan = turn.state, turn.state.plan
    with_credentials = (
        state.gossip_needs_credentials
        and plan.has_credentials
        and plan.may_send_credentials
    )
    read = Read(state.next_read, candidate, with_credentials, turn.now)
    turn.state = replace(state, next_read=state.next_read + 1)
    turn.act(
        ReadGossip(
            read=read.number,
            endpoint=candidate.endpoint,
            route=candidate.route,
            timeout_s=plan.gossip_timeout_s,
            with_credentials=with_credentials,
        )
    )
    return read


def ask_directly(turn: Turn, advertised: Endpoint) -> None:
    """Ask one member itself now, by its first free route, the others a stagger apart.

    Args:
        turn: The draft, with a search under way.
        advertised: The member.
    """
    search = turn.state.search
    if search is None or not is_trusted(turn.state, advertised):
        return
    by_each_route = [
        Candidate(advertised, route, f"gossip from {turn.state.topology.told_by}")
        for route in turn.state.plan.router.routes(advertised)
    ]
    others = tuple(c for c in search.queue if c not in by_each_route)
    _update(turn, replace(search, queue=(*by_each_route[1:], *others)))
    ask(turn, by_each_route[0])


def unmatched(turn: Turn) -> None:
    """Note that the cluster answered without a match: the election clock runs."""
    search = turn.state.search
    if search is None:
        return
    since = turn.now if search.unmatched_since is None else search.unmatched_since
    draw, chance = turn.state.chance.uniform()
    turn.state = replace(turn.state, chance=chance)
    asked_directly = bool(turn.state.reads) and search.unmatched_since is None
    pause = (
        stagger_s(turn.state.round_trip_s)
        if asked_directly
        else election_interval_s(turn.now - since, draw)
    )
    ask_at = turn.now + pause
    if search.unmatched_since is not None and search.next_wave_at is not None:
        # Answers of probes come as well: they must not put the next read off.
        ask_at = min(ask_at, search.next_wave_at)
    _update(
        turn,
        replace(
            search,
            unmatched_since=since,
            silent_streak=0,
            next_round_at=None,
            next_wave_at=ask_at,
        ),
    )


def failed(turn: Turn, candidate: Candidate, attempt: Attempt, fatal: bool) -> None:
    """Record that a candidate gave no answer, and go on.

    Args:
        turn: The draft; the read is no longer in flight.
        candidate: Who was asked.
        attempt: Why it gave nothing.
        fatal: Whether waiting cannot mend it.
    """
    search = turn.state.search
    if search is None:
        return
    key = (candidate.endpoint, candidate.route)
    earlier = tuple(a for a in search.attempts if (a.endpoint, a.route) != key)
    search = replace(
        search,
        attempts=(*earlier, attempt),
        silent_streak=search.silent_streak + 1,
        fatal=search.fatal | {key} if fatal else search.fatal - {key},
    )
    _update(turn, search)
    turn.note(EndpointFailed(attempt))
    if search.unmatched_since is None:
        _after_failure(turn, search)
    elif search.silent_streak > len(list(candidates(turn.state))):
        # Nobody of a cluster that did answer does so any more: the election clock
        # would ask a dead cluster for ever.
        _update(turn, replace(search, unmatched_since=None, next_wave_at=None))
        _plan_round(turn)


def _after_failure(turn: Turn, search: Search) -> None:
    if search.queue:
        ask_wave(turn)
        search = turn.state.search or search
    if not search.queue and not end_if_hopeless(turn):
        _plan_round(turn)


def end_if_hopeless(turn: Turn) -> bool:
    """Give up when every candidate failed in a way that waiting cannot mend.

    Not before it is known why: looks at certificates are short.

    Returns:
        Whether there is no hope.
    """
    search = turn.state.search
    if (
        search is None
        or search.queue
        or turn.state.reads
        or not all(
            _failed_for_good(turn.state, c.endpoint, c.route)
            for c in candidates(turn.state)
        )
    ):
        return False
    if not search.looking:
        give_up(
            turn,
            Ending.FATAL,
            "no node could be had, and waiting will not mend it: every endpoint "
            "failed its TLS or credentials check",
        )
    return True


def is_fatal(state: State, advertised: Endpoint) -> bool:
    """Tell whether every route to a member failed in a way that waiting cannot mend.

    Args:
        state: What the connection believes.
        advertised: The member.
    """
    return all(
        _failed_for_good(state, advertised, route)
        for route in state.plan.router.routes(advertised)
    )


def is_looked_at(state: State, advertised: Endpoint) -> bool:
    """Tell whether a member's certificates are being looked at.

    Args:
        state: What the connection believes.
        advertised: The member.
    """
    search = state.search
    return search is not None and any(
        endpoint == advertised for endpoint, _ in search.looking.values()
    )


def _failed_for_good(state: State, endpoint: Endpoint, route: Route) -> bool:
    return state.search is not None and all(
        (endpoint, dialled) in state.search.fatal for dialled in dials(state, route)
    )


def tick(turn: Turn) -> None:
    """Do what is due now: the next wave, the next election read, the next round."""
    search = turn.state.search
    if search is None:
        return
    if search.next_wave_at is not None and search.next_wave_at <= turn.now:
        if search.unmatched_since is None:
            ask_wave(turn)
        else:
            _ask_next(turn)
    elif search.next_round_at is not None and search.next_round_at <= turn.now:
        _next_round(turn)


def give_up(
    turn: Turn,
    ending: Ending,
    reason: str,
    waiters: tuple[int, ...] | None = None,
    untrusted: tuple[str, str] | None = None,
) -> None:
    """End waits with an error; without waiters left the search ends too.

    Args:
        turn: The draft.
        ending: Why.
        reason: Why, in one sentence.
        waiters: Whose waits; None means everybody's.
        untrusted: With `Ending.UNTRUSTED`, the host and who named it.
    """
    state = turn.state
    ended = tuple(
        waiter.number
        for waiter in state.waiters
        if waiters is None or waiter.number in waiters
    )
    attempts = (state.search.attempts if state.search else ()) + _in_flight(turn)
    found = findings(state.search)
    turn.act(GiveUp(ended, ending, reason, attempts, untrusted, found))
    turn.state = replace(
        state, waiters=tuple(w for w in state.waiters if w.number not in ended)
    )
    if not turn.state.waiters:
        if ended:
            turn.note(SearchFailed(reason))
        end(turn)


def due_at(turn: Turn) -> float | None:
    """Say when the search must be looked at again, monotonic seconds."""
    search = turn.state.search
    if search is None:
        return None
    due = [at for at in (search.next_wave_at, search.next_round_at) if at is not None]
    return min(due, default=None)


def _update(turn: Turn, search: Search) -> None:
    turn.state = replace(turn.state, search=search)


def _refill(turn: Turn) -> None:
    """Queue the candidates: whom another node named first, suspects last.

    During an election suspects are asked in every fourth turn only: mostly they are
    dead, and each useless read lets the new leader wait.
    """
    state = turn.state
    search = state.search
    if search is None:
        return
    order, chance = state.chance.shuffled(tuple(candidates(state)))
    queue = sorted(
        order,
        key=lambda c: (c.endpoint != state.ask_first, c.endpoint in state.suspects),
    )
    if search.unmatched_since is not None and search.refills % SUSPECTS_EVERY:
        queue = [c for c in queue if c.endpoint not in state.suspects] or queue
    turn.state = replace(
        state,
        chance=chance,
        search=replace(search, queue=tuple(queue), refills=search.refills + 1),
    )


def _ask_next(turn: Turn) -> None:
    """Ask one candidate of the rotation, while an election runs."""
    if turn.state.search is not None and not turn.state.search.queue:
        _refill(turn)
    search = turn.state.search
    if search is None or search.unmatched_since is None:
        return
    draw, chance = turn.state.chance.uniform()
    interval = election_interval_s(turn.now - search.unmatched_since, draw)
    turn.state = replace(turn.state, chance=chance)
    _update(
        turn,
        replace(search, queue=search.queue[1:], next_wave_at=turn.now + interval),
    )
    for candidate in search.queue[:1]:
        ask(turn, candidate)


def _plan_round(turn: Turn) -> None:
    search = turn.state.search
    if search is None or search.next_round_at is not None:
        return
    draw, chance = turn.state.chance.uniform()
    refused = not turn.state.reads and all(
        attempt.phase is Phase.CONNECT for attempt in search.attempts
    )
    pause = round_pause_s(
        turn.state.plan.first_pause_s, search.round_number, draw, refused=refused
    )
    turn.state = replace(turn.state, chance=chance)
    _update(turn, replace(search, next_round_at=turn.now + pause))


def _next_round(turn: Turn) -> None:
    search = turn.state.search
    if search is None:
        return
    ended = search.ended_rounds + (not turn.state.reads)
    _update(
        turn,
        replace(
            search,
            round_number=search.round_number + 1,
            ended_rounds=ended,
            wave=1,
            next_round_at=None,
        ),
    )
    _give_up_patient(turn, ended)
    _refill(turn)
    ask_wave(turn)
    if turn.state.search is not None and not turn.state.search.queue:
        _plan_round_if_idle(turn)


def _give_up_patient(turn: Turn, ended: int) -> None:
    """End the waits that have seen their rounds; who came later sees his own."""
    most = turn.state.plan.max_rounds
    if most is None:
        return
    over = tuple(w.number for w in turn.state.waiters if ended - w.after_rounds >= most)
    if over:
        reason = f"nobody answered in {most} rounds over all endpoints"
        give_up(turn, Ending.ROUNDS, reason, over)


def _plan_round_if_idle(turn: Turn) -> None:
    """Keep the rounds going when every candidate of this one is still being asked."""
    if not turn.state.reads:
        _plan_round(turn)


def _in_flight(turn: Turn) -> tuple[Attempt, ...]:
    """Write down what was still under way: unresolved names, unanswered reads."""
    search = turn.state.search
    unresolved = tuple(
        Attempt(
            c.endpoint, c.route, Phase.RESOLVE, "its name is still looked up", c.source
        )
        for c in (search.unresolved if search else ())
        if c.route.dial.host in turn.state.resolving
    )
    return unresolved + tuple(
        Attempt(
            endpoint=read.candidate.endpoint,
            route=read.candidate.route,
            phase=Phase.CONNECT,
            cause=f"no answer for {turn.now - read.began_at:.1f} s",
            source=read.candidate.source,
            hint="the host drops packets, or the node is starting or frozen",
        )
        for read in turn.state.reads
    )
