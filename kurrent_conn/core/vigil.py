"""Watching over a node whose calls are late: is it slow, or is it gone in silence?

A frozen process, a lost machine and a balancer that drops packets look alike: nothing
comes back, and TCP notices for minutes nothing. So while calls are unanswered the node
is probed by a gossip read of its own, on another connection than the calls.

    it answers             the calls are slow; much later their channel is renewed
    silent for a notice    a suspect: new calls go elsewhere, other members are asked
    disowned by a member   condemned: its calls in flight end at once
    silent far too long    condemned, though nobody disowned it
    it answers after all   the vigil ends; what was in flight is answered late

A pause that the whole cluster sits out is so sat out. A pause of our own process looks
like silence too, so a gap between two events starts the silence anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from kurrent_conn.core import inquiry, search
from kurrent_conn.core.actions import Condemn, Retire
from kurrent_conn.core.amended import amended
from kurrent_conn.core.belief import leaders
from kurrent_conn.core.cluster import Member, NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallsLate
from kurrent_conn.core.failure import CONDEMNED
from kurrent_conn.core.notice import ChannelRenewed, NodeCondemned, NodeSuspected
from kurrent_conn.core.opening import leave, renew
from kurrent_conn.core.state import Candidate, Node, Read, State, Vigil
from kurrent_conn.core.turn import Turn

OWN_PAUSE_S: Final = 0.4
"""A gap of this length between two reports of late calls is a pause of our own."""

IDLE_S: Final = 0.3
"""Without late calls for so long a vigil is over."""

NOTICE_MAX_S: Final = 2.0
ROUND_TRIPS: Final = 4
"""A distant or slow node gets so many of its own round trips before it is suspected."""

RENEW_S: Final = 1.0
"""Calls that stay late for so long on a node that answers get a fresh channel."""

PROBE_PAUSE_MIN_S: Final = 0.1
PROBE_PAUSE_MAX_S: Final = 1.0


def notice_s(state: State) -> float:
    """Say how long a probe may stay unanswered before the node is a suspect.

    Args:
        state: What the connection believes; its last round trip counts.
    """
    distant_s = ROUND_TRIPS * (state.round_trip_s or 0.0)
    return max(state.plan.notice_s, min(distant_s, NOTICE_MAX_S))


def calls_late(turn: Turn, event: CallsLate) -> None:
    """Probe the node, and judge its silence."""
    vigil = _of(turn.state, event.node) or _begin(turn, event)
    if turn.now - vigil.seen_at > OWN_PAUSE_S and vigil.silent_since is not None:
        vigil = replace(vigil, silent_since=turn.now)
    vigil = replace(vigil, seen_at=turn.now, since=event.since)
    if vigil.probe is None and vigil.ask_again_at <= turn.now:
        vigil = _probe(turn, vigil)
    _keep(turn, vigil)
    _judge(turn, vigil)


def answered(turn: Turn, number: int) -> Read | None:
    """Take the answer of a probe off its vigil; None when it was no probe.

    The node answers while its calls are late, so it is asked less often the longer
    they are.
    """
    vigil = _probed_by(turn.state, number)
    if vigil is None:
        return None
    _is_up(turn, vigil)
    return vigil.probe


def unanswered(turn: Turn, number: int, *, spoke: bool) -> None:
    """Note that a probe failed.

    Args:
        turn: The draft.
        number: The number of the read.
        spoke: Whether the node itself refused it: it has no gossip to give, but it
            is up. Otherwise it is as silent as before.
    """
    vigil = _probed_by(turn.state, number)
    if vigil is None:
        return
    if not spoke:
        _keep(turn, replace(vigil, probe=None))
    elif vigil.is_suspect:
        advertised = vigil.node.advertised
        turn.state = amended(turn.state, suspects=turn.state.suspects - {advertised})
        _end(turn, vigil)
    else:
        _is_up(turn, vigil)


def _is_up(turn: Turn, vigil: Vigil) -> None:
    """Note that a node speaks, and when to ask it again."""
    late_s = turn.now - vigil.since
    pause_s = min(max(late_s / 10, PROBE_PAUSE_MIN_S), PROBE_PAUSE_MAX_S)
    _keep(
        turn,
        replace(vigil, probe=None, silent_since=None, ask_again_at=turn.now + pause_s),
    )


def hear(turn: Turn, members: Iterable[Member], heard: frozenset[Endpoint]) -> None:
    """Let an answer decide about the suspects.

    Args:
        turn: The draft.
        members: What was answered.
        heard: Who answered.
    """
    listed = tuple(members)
    for vigil in turn.state.vigils:
        if not vigil.is_suspect:
            continue
        if vigil.node.advertised in heard:
            _end(turn, vigil)
        elif why := _disowned(vigil, listed):
            _condemn(turn, vigil, why)


def end_idle(turn: Turn) -> None:
    """End the vigils over nodes that have no late calls any more."""
    for vigil in turn.state.vigils:
        if turn.now - vigil.seen_at > IDLE_S:
            _end(turn, vigil)


def _begin(turn: Turn, event: CallsLate) -> Vigil:
    chosen = turn.state.chosen.items()
    preferences = frozenset(p for p, n in chosen if n.serial == event.node.serial)
    # A channel that was renewed already and is late as well: renewing is no cure.
    was_renewed = any(
        v.was_renewed and v.node.advertised == event.node.advertised
        for v in turn.state.vigils
    )
    return Vigil(
        event.node,
        preferences,
        event.since,
        seen_at=turn.now,
        was_renewed=was_renewed,
    )


def _of(state: State, node: Node) -> Vigil | None:
    return next((v for v in state.vigils if v.node.serial == node.serial), None)


def _probed_by(state: State, number: int) -> Vigil | None:
    return next((v for v in state.vigils if v.probe and v.probe.number == number), None)


def _keep(turn: Turn, vigil: Vigil) -> None:
    others = tuple(v for v in turn.state.vigils if v.node.serial != vigil.node.serial)
    turn.state = amended(turn.state, vigils=(*others, vigil))


def _end(turn: Turn, vigil: Vigil) -> None:
    turn.state = amended(
        turn.state, vigils=tuple(v for v in turn.state.vigils if v is not vigil)
    )


def _probe(turn: Turn, vigil: Vigil) -> Vigil:
    candidate = Candidate(vigil.node.advertised, vigil.node.route, "a probe")
    probe = inquiry.begin_read(turn, candidate)
    silent_since = turn.now if vigil.silent_since is None else vigil.silent_since
    return replace(vigil, probe=probe, silent_since=silent_since)


def _judge(turn: Turn, vigil: Vigil) -> None:
    if vigil.silent_since is None:
        if turn.now - vigil.since >= RENEW_S and not vigil.was_renewed:
            _renew(turn, vigil)
        return
    silent_s = turn.now - vigil.silent_since
    if silent_s >= turn.state.plan.condemn_s:
        _suspect(turn, vigil, silent_s)
        _condemn(turn, vigil, f"silent for {silent_s:.0f} s")
    elif silent_s >= notice_s(turn.state):
        _suspect(turn, vigil, silent_s)


def _suspect(turn: Turn, vigil: Vigil, silent_s: float) -> None:
    """Send new calls elsewhere, and ask the other members."""
    node = vigil.node
    if not vigil.is_suspect:
        _keep(turn, replace(vigil, is_suspect=True))
        leave(turn, node)
        turn.state = amended(
            turn.state,
            suspects=turn.state.suspects | {node.advertised},
            proven={e: r for e, r in turn.state.proven.items() if e != node.advertised},
        )
        turn.act(Retire(node.route))
        turn.note(NodeSuspected(node.advertised, silent_s))
    search.begin(turn)


def _disowned(vigil: Vigil, members: tuple[Member, ...]) -> str:
    """Say how an answer disowns a node; empty when it does not."""
    advertised = vigil.node.advertised
    own = next((m for m in members if m.advertised == advertised), None)
    if own is None:
        return "no member any more" if members else ""
    if not own.is_alive:
        return "called dead by another member"
    others = [m for m in leaders(members) if m.advertised != advertised]
    if others and NodePreference.LEADER in vigil.preferences:
        return f"{others[0].advertised} leads"
    return ""


def _condemn(turn: Turn, vigil: Vigil, why: str) -> None:
    node = vigil.node
    turn.state = amended(
        turn.state,
        vigils=tuple(v for v in turn.state.vigils if v.node.serial != node.serial),
    )
    turn.act(Condemn(node, f"{CONDEMNED}: {node.advertised}: {why}"))
    turn.note(NodeCondemned(node.advertised, why))


def _renew(turn: Turn, vigil: Vigil) -> None:
    """Give a node that answers, but whose calls do not end, a fresh channel."""
    _keep(turn, replace(vigil, was_renewed=True))
    if renew(turn, vigil.node):
        turn.note(ChannelRenewed(vigil.node.advertised))
