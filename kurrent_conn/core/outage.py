"""Measuring failovers: when one began, when the next node was open, when it answered.

Decides nothing; the last failovers are kept for `Connection.diagnostics`, and each one
is told once it is over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.amended import amended
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.failover import Failover, Outage
from kurrent_conn.core.notice import FailedOver
from kurrent_conn.core.state import Node, State
from kurrent_conn.core.turn import Turn

KEPT: Final = 10
"""So many of the last failovers are kept."""

IDLE_S: Final = 1.0
"""A caller who comes so long after the last one that wanted a node begins to count
anew: in between nobody was without one."""


def lost(turn: Turn, preference: NodePreference, node: Node) -> None:
    """Note that a preference has lost its node; a failover that goes on goes on.

    One to a node that was open for a while is over, though nobody told of an answer.

    Args:
        turn: The draft.
        preference: Whose calls go elsewhere now.
        node: Where they went.
    """
    before = turn.state.outages.get(preference)
    if before is not None and (before.found is None or not _is_idle(turn, before)):
        _keep(turn, preference, replace(before, found=None))
        return
    late_since = (v.since for v in turn.state.vigils if v.node.serial == node.serial)
    since = min(late_since, default=turn.now)
    _keep(turn, preference, Outage(node.advertised, since, turn.now, turn.now))


def wanted(turn: Turn, preference: NodePreference) -> None:
    """Begin to count where a caller comes long after anybody wanted a node.

    Args:
        turn: The draft; the caller does not wait yet.
        preference: Whose node it wants.
    """
    outage = turn.state.outages.get(preference)
    if outage is None or any(w.preference is preference for w in turn.state.waiters):
        return
    if _is_idle(turn, outage):
        now = turn.now
        _keep(turn, preference, replace(outage, since=now, noticed_at=now))


def wait_ended(turn: Turn, preference: NodePreference | None) -> None:
    """Note that a wait ended without a node: who comes at once goes on with it.

    Args:
        turn: The draft.
        preference: Whose node was waited for; None for news only.
    """
    outage = turn.state.outages.get(preference) if preference else None
    if preference is not None and outage is not None:
        _keep(turn, preference, replace(outage, wanted_at=turn.now))


def found(turn: Turn, preference: NodePreference, node: Node) -> None:
    """Note that a preference has a node again.

    Args:
        turn: The draft.
        preference: Whose calls go there.
        node: The node, as opened.
    """
    outage = turn.state.outages.get(preference)
    if outage is None or outage.found == node.serial:
        return
    failover = Failover(
        preference,
        outage.lost,
        node.advertised,
        noticed_s=outage.noticed_at - outage.since,
        found_s=turn.now - outage.since,
    )
    _keep(turn, preference, replace(outage, found=node.serial, wanted_at=turn.now))
    turn.state = amended(
        turn.state,
        failovers=(*_without_open(turn.state, preference), failover)[-KEPT:],
    )


def is_awaited(state: State, node: Node) -> bool:
    """Tell whether an answer of a node would end a failover: usually not.

    Args:
        state: What the connection believes.
        node: The node, as opened.
    """
    return any(outage.found == node.serial for outage in state.outages.values())


def answered(turn: Turn, node: Node) -> None:
    """Note that a call was answered by a node: the failover to it is over.

    Args:
        turn: The draft.
        node: The node, as opened.
    """
    for preference, outage in turn.state.outages.items():
        if outage.found != node.serial:
            continue
        over = [
            replace(each, answered_s=turn.now - outage.since)
            for each in turn.state.failovers
            if _is_open(each, preference)
        ]
        turn.state = amended(
            turn.state,
            outages={
                p: o for p, o in turn.state.outages.items() if p is not preference
            },
            failovers=(*_without_open(turn.state, preference), *over),
        )
        for each in over:
            turn.note(FailedOver(each))


def _is_idle(turn: Turn, outage: Outage) -> bool:
    return turn.now - outage.wanted_at > IDLE_S


def _is_open(failover: Failover, preference: NodePreference) -> bool:
    return failover.preference is preference and failover.answered_s is None


def _without_open(state: State, preference: NodePreference) -> tuple[Failover, ...]:
    """List the failovers kept, without one to a node that was lost unanswered."""
    return tuple(f for f in state.failovers if not _is_open(f, preference))


def _keep(turn: Turn, preference: NodePreference, outage: Outage) -> None:
    outages = {**turn.state.outages, preference: outage}
    turn.state = amended(turn.state, outages=outages)
