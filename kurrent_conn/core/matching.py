"""Which wait gets which node: the member that fits, once it has answered for itself.

Of what is believed; `news` believes it. A fallback waits a moment for what fits better,
and a leader that is claimed but cannot be had is looked into.
"""

from __future__ import annotations

from kurrent_conn.core import hope, inquiry, wait_end
from kurrent_conn.core.actions import Ending
from kurrent_conn.core.backoff import STAGGER_MAX_S
from kurrent_conn.core.belief import (
    asked_for_s,
    best,
    chooses_by_gossip,
    denies,
    is_trusted,
    leaders,
)
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import FellBack
from kurrent_conn.core.opening import open_node
from kurrent_conn.core.selection import Choice, rank
from kurrent_conn.core.turn import Turn


def match_waits(turn: Turn, heard: frozenset[Endpoint] = frozenset()) -> None:
    """Open a node for every wait that a member fits; ask members not proven yet.

    Args:
        turn: The draft.
        heard: Whose own word has just come; none when this is no fresh answer.
    """
    for preference in dict.fromkeys([w.preference for w in turn.state.waiters]):
        if preference is None or not chooses_by_gossip(turn.state, preference):
            continue
        choice = best(turn.state, preference, turn.now)
        better = () if choice is None else _better(turn, preference, choice)
        if better:
            for advertised in better:
                inquiry.ask_directly(turn, advertised)
        elif choice is None:
            _look_at_claims(turn, preference, heard)
        elif choice.member.advertised in turn.state.proven:
            _open_choice(turn, preference, choice)
        else:
            inquiry.ask_directly(turn, choice.member.advertised)


def _better(
    turn: Turn, preference: NodePreference, choice: Choice
) -> tuple[Endpoint, ...]:
    """List members that fit better than a fallback, if only they answered.

    A suspect that others call alive may be back: it is asked once a search. Nobody is
    waited for longer than the longest stagger.
    """
    if not choice.fell_back or turn.state.search is None:
        return ()
    failed = {attempt.endpoint for attempt in turn.state.search.attempts}
    settled = rank(choice.member, preference) or 0
    better = (
        member.advertised
        for member in turn.state.topology.members
        if (rank_of := rank(member, preference)) is not None
        and rank_of < settled
        and not denies(turn.state, member)
        and is_trusted(turn.state, member.advertised)
    )
    return tuple(
        advertised
        for advertised in better
        if advertised not in failed
        and (asked_for_s(turn.state, advertised, turn.now) or 0.0) < STAGGER_MAX_S
    )


def _look_at_claims(
    turn: Turn, preference: NodePreference, heard: frozenset[Endpoint]
) -> None:
    """Deal with leaders that are claimed but cannot be opened.

    One outside `trusted_names`, or whose certificate is wrong, ends the wait: waiting
    mends neither, but what is wrong is looked at first. One that is suspected is asked
    itself, once an answer.
    """
    for claimed in leaders(turn.state.topology.members):
        leader = claimed.advertised
        if not is_trusted(turn.state, leader):
            told_by = str(turn.state.topology.told_by)
            reason = f"{told_by} names {leader}, which is outside trusted_names"
            _refuse(turn, preference, Ending.UNTRUSTED, reason, (leader.host, told_by))
        elif preference is not NodePreference.LEADER:
            continue
        elif hope.is_fatal(turn.state, leader):
            if not hope.is_looked_at(turn.state, leader):
                reason = f"the leader {leader} failed its TLS or credentials check"
                _refuse(turn, preference, Ending.FATAL, reason)
        elif heard:
            inquiry.ask_directly(turn, leader)


def _refuse(
    turn: Turn,
    preference: NodePreference,
    ending: Ending,
    reason: str,
    untrusted: tuple[str, str] | None = None,
) -> None:
    waiters = tuple(w.number for w in turn.state.waiters if w.preference is preference)
    wait_end.give_up(turn, ending, reason, waiters, untrusted)


def _open_choice(turn: Turn, preference: NodePreference, choice: Choice) -> None:
    advertised = choice.member.advertised
    route = turn.state.proven[advertised]
    open_node(turn, preference, advertised, route, "chosen from gossip")
    if choice.fell_back:
        turn.note(FellBack(preference, advertised, choice.member.state))
