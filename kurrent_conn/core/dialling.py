"""Which channels there are, and on which of them nobody has answered.

grpc dials on by itself for as long as a channel lives that cannot connect. So a route
by which nobody answered retires when nobody asks by it any more. One by which somebody
did keeps its channel as a standby: should its connection end, it is at rest until the
next call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kurrent_conn.core.actions import (
    Action,
    Connect,
    Open,
    ReadGossip,
    Retire,
    RetireAll,
)
from kurrent_conn.core.amended import amended
from kurrent_conn.core.events import GossipFailed
from kurrent_conn.core.failure import DEAD, Verdict
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Read, State
from kurrent_conn.core.turn import Turn

_SILENT: Final = DEAD | {Verdict.LATE}


def answered(turn: Turn, route: Route) -> None:
    """Note that somebody answered by a route."""
    if turn.state.channels.get(route) is False:
        channels = {**turn.state.channels, route: True}
        turn.state = amended(turn.state, channels=channels)


def failed(turn: Turn, event: GossipFailed) -> None:
    """Note an answer that was none of gossip's: there is a connection all the same."""
    if event.verdict not in _SILENT:
        for read in _under_way(turn.state):
            if read.number == event.read:
                answered(turn, read.candidate.route)


def settle(turn: Turn) -> None:
    """Follow what was asked of channels, and let those go that dial for nobody."""
    channels = turn.state.channels
    for action in turn.actions:
        channels = _followed(channels, action)
    if turn.state.search is None and not all(channels.values()):
        for route in _idle(turn.state, channels):
            turn.act(Retire(route))
            channels = _followed(channels, Retire(route))
    if channels is not turn.state.channels:
        turn.state = amended(turn.state, channels=channels)


def _followed(channels: Mapping[Route, bool], action: Action) -> Mapping[Route, bool]:
    match action:
        case ReadGossip(route=route) | Connect(route=route):
            return channels if route in channels else {**channels, route: False}
        case Open(node=node):
            # If nobody answers there, its calls will tell.
            heard = channels.get(node.route)
            return channels if heard else {**channels, node.route: True}
        case Retire(route=route):
            return {r: heard for r, heard in channels.items() if r != route}
        case RetireAll():
            return {}
        case _:
            return channels


def _idle(state: State, channels: Mapping[Route, bool]) -> list[Route]:
    """List the routes that nobody answered by, where nobody asks any more."""
    if any(_under_way(state)):
        return []
    in_use = {node.route for node in state.chosen.values()}
    return [r for r, heard in channels.items() if not heard and r not in in_use]


def _under_way(state: State) -> Iterator[Read]:
    """List the reads that have not ended: of the search, probes and trials."""
    yield from state.reads
    yield from (vigil.probe for vigil in state.vigils if vigil.probe is not None)
    if state.trial is not None:
        yield from state.trial.reads
