"""Measuring failovers: when one began, when the next node was open, when it answered.

Decides nothing; the last failovers are kept for `Connection.diagnostics`, and each one
is told once it is over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.failover import Failover, Outage
from kurrent_conn.core.notice import FailedOver
from kurrent_conn.core.state import Node, State
from kurrent_conn.core.turn import Turn

KEPT: Final = 10
"""So many of the last failovers are kept."""

IDLE_S: Final = 1.0
"""A caller who comes so long after a node was given up found nobody waiting: from then
on it is his wait that counts."""


def lost(turn: Turn, preference: NodePreference, node: Node) -> None:
    """Note that a preference has lost its node; a failover that goes on goes on.

    Args:
        turn: The draft.
        preference: Whose calls go elsewhere now.
        node: Where they went.
    """
    before = turn.state.outages.get(preference)
    if before is not None:
        _keep(turn, preference, replace(before, found=None))
        return
    late_since = (v.since for v in turn.state.vigils if v.node.serial == node.serial)
    since = min(late_since, default=turn.now)
    _keep(turn, preference, Outage(node.advertised, since, turn.now))


def wanted(turn: Turn, preference: NodePreference) -> None:
    """Begin to count where a caller comes long after a node was given up.

    Args:
        turn: The draft; the caller does not wait yet.
        preference: Whose node it wants.
    """
    outage = turn.state.outages.get(preference)
    if outage is None or any(w.preference is preference for w in turn.state.waiters):
        return
    if turn.now - outage.noticed_at > IDLE_S:
        _keep(turn, preference, replace(outage, since=turn.now, noticed_at=turn.now))


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
    _keep(turn, preference, replace(outage, found=node.serial))
    turn.state = replace(
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
        turn.state = replace(
            turn.state,
            outages={
                p: o for p, o in turn.state.outages.items() if p is not preference
            },
            failovers=(*_without_open(turn.state, preference), *over),
        )
        for each in over:
            turn.note(FailedOver(each))


def _is_open(failover: Failover, preference: NodePreference) -> bool:
    return failover.preference is preference and failover.answered_s is None


def _without_open(state: State, preference: NodePreference) -> tuple[Failover, ...]:
    """List the failovers kept, without one to a node that was lost unanswered."""
    return tuple(f for f in state.failovers if not _is_open(f, preference))


def _keep(turn: Turn, preference: NodePreference, outage: Outage) -> None:
    outages = {**turn.state.outages, preference: outage}
    turn.state = replace(turn.state, outages=outages)
