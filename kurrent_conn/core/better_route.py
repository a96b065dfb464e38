"""Trying better routes again: networks change, and nobody says so.

A member is used by the first route that answered. Where the rules know a better one,
that is tried again beside the calls, ever more seldom: a pod whose cluster DNS was away
for a moment leaves the balancer again, and a laptop outside asks in vain every few
minutes. Whoever is on its best route asks nobody.

    a better route answers   new calls go by it; what is under way ends where it is
    it does not              the next trial comes after twice the pause

Decides when and whom to ask; what an answer says about the cluster is `news`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kurrent_conn.core.actions import CancelRead
from kurrent_conn.core.amended import amended
from kurrent_conn.core.belief import place_of
from kurrent_conn.core.events import GossipFailed
from kurrent_conn.core.failure import DEAD, Verdict
from kurrent_conn.core.inquiry import begin_read
from kurrent_conn.core.opening import open_node, retire_unused
from kurrent_conn.core.resolution import dials, doubt, look_up
from kurrent_conn.core.state import Candidate, Node, Read, State, Trial
from kurrent_conn.core.turn import Turn

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0


def plan(turn: Turn) -> None:
    """Begin trials where calls go by a second choice, and end them where none do."""
    trial = turn.state.trial
    if trial is None and not turn.state.chosen:
        return
    serials = frozenset(node.serial for node in _badly_reached(turn.state))
    if not serials:
        if trial is not None:
            _end(turn, trial)
        trial = None
    elif trial is None or trial.serials != serials:
        reads = trial.reads if trial else ()
        trial = Trial(serials, turn.now + FIRST_PAUSE_S, FIRST_PAUSE_S, reads)
    if trial != turn.state.trial:
        turn.state = amended(turn.state, trial=trial)


def _end(turn: Turn, trial: Trial) -> None:
    """Stop the trials under way; there is nothing better to be had."""
    turn.act(*(CancelRead(read.number) for read in trial.reads))


def tick(turn: Turn) -> None:
    """Try what is due."""
    trial = turn.state.trial
    if trial is None or trial.at > turn.now:
        return
    pause_s = min(2 * trial.pause_s, LONGEST_PAUSE_S)
    _keep(turn, replace(trial, at=turn.now + pause_s, pause_s=pause_s))
    for candidate in _better(turn.state):
        if not candidate.route.is_resolved:
            # Asked when the answer comes, see `resolved`: the old one may be why the
            # route is not in use.
            look_up(turn, candidate)
        else:
            _ask(turn, candidate)


def resolved(turn: Turn, host: str) -> None:
    """Try the better routes whose name has an address now.

    Args:
        turn: The draft.
        host: The name.
    """
    for candidate in _better(turn.state):
        if candidate.route.dial.host == host:
            for route in dials(turn.state, candidate.route):
                _ask(turn, replace(candidate, route=route))


def answered(turn: Turn, number: int) -> Read | None:
    """Take the answer to a trial: new calls go by its route from now on.

    Args:
        turn: The draft.
        number: The number of the read.

    Returns:
        The read; None when it was none of these.
    """
    read = _finish(turn, number)
    if read is None:
        return None
    for preference, node in dict(turn.state.chosen).items():
        if node.advertised == read.candidate.endpoint and _is_better(
            turn.state, read.candidate, node
        ):
            why = "a better route answers"
            open_node(turn, preference, node.advertised, read.candidate.route, why)
            retire_unused(turn, node.route)
    return read


def failed(turn: Turn, event: GossipFailed) -> None:
    """Take the failure of a trial: the next one connects anew, at a fresh address.

    Or the channel would go on connecting by itself, and those to addresses that are
    no more would pile up.

    Args:
        turn: The draft.
        event: How a read ended; of no trial it changes nothing.
    """
    read = _finish(turn, event.read)
    if read is not None and event.verdict in DEAD | {Verdict.LATE}:
        retire_unused(turn, read.candidate.route)
        doubt(turn, read.candidate.route)


def _finish(turn: Turn, number: int) -> Read | None:
    """Take a trial off the list; None when it was none of these."""
    trial = turn.state.trial
    read = next((r for r in trial.reads if r.number == number), None) if trial else None
    if trial is not None and read is not None:
        rest = tuple(r for r in trial.reads if r is not read)
        _keep(turn, replace(trial, reads=rest))
    return read


def _ask(turn: Turn, candidate: Candidate) -> None:
    trial = turn.state.trial
    if trial is None or any(r.candidate.route == candidate.route for r in trial.reads):
        return
    read = begin_read(turn, candidate)
    _keep(turn, replace(trial, reads=(*trial.reads, read)))


def _keep(turn: Turn, trial: Trial) -> None:
    turn.state = amended(turn.state, trial=trial)


def _badly_reached(state: State) -> Iterator[Node]:
    """List the open nodes that the rules know a better route to.

    Not those that are reached by an address that the user gave: it was chosen.
    """
    for node in state.chosen.values():
        _, *others = state.plan.router.routes(node.advertised)
        if others and node.route.is_among(others):
            yield node


def _better(state: State) -> list[Candidate]:
    """List the better routes to open nodes, each once."""
    return list(
        dict.fromkeys(
            Candidate(node.advertised, route, "a better route")
            for node in _badly_reached(state)
            for route in state.plan.router.routes(node.advertised)
            if _is_better(state, Candidate(node.advertised, route, ""), node)
        )
    )


def _is_better(state: State, candidate: Candidate, node: Node) -> bool:
    endpoint = node.advertised
    return place_of(state, endpoint, candidate.route) < place_of(
        state, endpoint, node.route
    )
