"""What happened to a cluster, in order, for people: who died, and who leads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.testing.conduct import WELL_BEHAVED, Conduct, Greeting
from kurrent_conn.testing.model.gossip_view import NodeView

_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Args:
        number: From 0, without gaps.
        at_s: Seconds since the chronicle began.
        node: The index of the node that it happened to; None for the cluster.
        text: What.
    """

    number: int
    at_s: float
    node: int | None
    text: str

    def __str__(self) -> str:
        """Write one line."""
        who = "cluster" if self.node is None else f"node {self.node}"
        return f"{self.at_s:9.3f}  {who:<8}  {self.text}"


class Chronicle:
    """The entries of one cluster; safe to use from any thread."""

    def __init__(self) -> None:
        self._began_at = monotonic()
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._count = 0

    @property
    def count(self) -> int:
        """How many entries there have been."""
        return self._count

    def add(self, text: str, node: int | None = None) -> None:
        """Write something down.

        Args:
            text: What happened.
            node: To whom; None for the cluster.
        """
        with self._lock:
            at_s = monotonic() - self._began_at
            self._entries.append(Entry(self._count, at_s, node, text))
            self._count += 1
            if len(self._entries) > _LONGEST:
                del self._entries[: _LONGEST // 2]

    def entries(self, since: int = 0) -> tuple[Entry, ...]:
        """Give what happened, oldest first; very old entries are forgotten.

        Args:
            since: The number of the first entry that is of interest.
        """
        with self._lock:
            return tuple(entry for entry in self._entries if entry.number >= since)

    def text(self, since: int = 0, most: int = 400) -> str:
        """Write what happened, a line each.

        Args:
            since: The number of the first entry that is of interest.
            most: At most so many lines, the last ones.
        """
        entries = self.entries(since)
        left_out = len(entries) - most
        lines = [str(entry) for entry in entries[-most:]]
        if left_out > 0:
            lines.insert(0, f"{'...':>9}  ({left_out} earlier lines)")
        return "\n".join(lines)


def differences(before: NodeView | None, after: NodeView) -> list[str]:
    """Say what is new in what a node knows.

    Args:
        before: What it knew; None when it has just started.
        after: What it knows now.
    """
    found = []
    if before is None:
        found.append(f"is up as {_state(after.state)}")
    elif before.state != after.state:
        leads = f" of term {after.term}" if after.state is NodeState.LEADER else ""
        found.append(f"{_state(before.state)} -> {_state(after.state)}{leads}")
    if before is not None and before.leader != after.leader:
        found.append(f"takes {after.leader or 'nobody'} for the leader")
    known = {} if before is None else {m.advertised: m for m in before.members}
    for member in after.members:
        old = known.get(member.advertised)
        if old is not None and old.is_alive != member.is_alive:
            life = "alive" if member.is_alive else "dead"
            found.append(f"takes {member.advertised} for {life}")
    return found


def conduct_change(before: Conduct, after: Conduct) -> str:
    """Say how a node misbehaves now; empty when nothing changed.

    Args:
        before: How it did.
        after: How it does.
    """
    if before == after:
        return ""
    if after == WELL_BEHAVED:
        return "behaves well again"
    parts = []
    if after.delay_s:
        parts.append(f"waits {after.delay_s:g} s before every call")
    if after.is_silent:
        parts.append("answers nothing")
    if after.is_busy:
        parts.append("is too busy")
    if after.lie is not None:
        parts.append(f"lies in gossip: {_members(after.lie)}")
    if after.redirect is not None:
        parts.append(f"sends clients to {after.redirect}")
    if after.greeting is not Greeting.USUAL:
        parts.append(f"receives clients {after.greeting.value}")
    if after.snare is not None:
        parts.append(f"is struck at {after.snare.call} {after.snare.number}")
    return "; ".join(parts)


def _members(members: Sequence[Member]) -> str:
    return ", ".join(
        f"{m.advertised} {m.state_name}{'' if m.is_alive else ' (dead)'}"
        for m in members
    )


def _state(state: NodeState) -> str:
    return "".join(part.capitalize() for part in state.name.split("_"))
