"""The channels that a client's actions have made, and on which of them nobody answered.

grpc goes on dialling by itself for as long as such a channel lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kurrent_conn.core.actions import (
    Action,
    Connect,
    Open,
    ReadGossip,
    Retire,
    RetireAll,
)
from kurrent_conn.core.events import Event, GossipFailed, GossipRead
from kurrent_conn.core.failure import DEAD, Verdict
from kurrent_conn.core.route import Route

_SILENT: Final = DEAD | {Verdict.LATE}


class Dialled:
    """Follows the channels of one client.

    Attributes:
        unheard: The routes by which nobody has answered yet.
    """

    def __init__(self) -> None:
        self.unheard: set[Route] = set()
        self._heard: set[Route] = set()
        self._read_by: dict[int, Route] = {}

    def took(self, event: Event, actions: Iterable[Action]) -> None:
        """Follow one step.

        Args:
            event: What happened.
            actions: What the core asked for.
        """
        match event:
            case GossipRead(read=read):
                self._hear(self._read_by.pop(read, None))
            case GossipFailed(read=read, verdict=verdict):
                route = self._read_by.pop(read, None)
                if verdict not in _SILENT:
                    self._hear(route)
            case _:
                pass
        for action in actions:
            self._follow(action)

    def _follow(self, action: Action) -> None:
        match action:
            case ReadGossip(read=read, route=route):
                self._read_by[read] = route
                self._dial(route)
            case Connect(route=route):
                self._dial(route)
            case Open(node=node):
                # By a redirect, or heard: its calls will tell.
                self._dial(node.route)
                self._hear(node.route)
            case Retire(route=route):
                self.unheard.discard(route)
                self._heard.discard(route)
            case RetireAll():
                self.unheard.clear()
                self._heard.clear()
            case _:
                pass

    def _dial(self, route: Route) -> None:
        if route not in self._heard:
            self.unheard.add(route)

    def _hear(self, route: Route | None) -> None:
        if route in self.unheard:
            self.unheard.discard(route)
            self._heard.add(route)
