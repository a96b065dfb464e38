"""The arguments of faults as plain data gives them: numbers, words, lists.

Each argument has one meaning in every fault, so one table reads them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint

Advertised = Sequence[Endpoint]
"""What each node advertises, in index order."""


def _node(value: Any, advertised: Advertised) -> int | str:
    if value == "leader":
        return "leader"
    return _index(value, advertised)


def _index(value: Any, advertised: Advertised) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    index = int(value)
    if index < 0 or (advertised and index >= len(advertised)):
        raise LookupError(index)
    return index


def _seconds(value: Any, _: Advertised) -> float:
    if isinstance(value, bool) or not 0 <= float(value) < float("inf"):
        raise ValueError(value)
    return float(value)


def _flag(value: Any, _: Advertised) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


def _count(value: Any, _: Advertised) -> int:
    count = int(value)
    if count < 1:
        raise ValueError(count)
    return count


def _indices(value: Any, advertised: Advertised) -> tuple[int, ...]:
    if isinstance(value, str):
        raise TypeError(value)
    return tuple(_index(each, advertised) for each in value)


def _sides(value: Any, advertised: Advertised) -> tuple[tuple[int, ...], ...]:
    if isinstance(value, str):
        raise TypeError(value)
    return tuple(_indices(side, advertised) for side in value)


def _members(value: Any, advertised: Advertised) -> tuple[Member, ...]:
    listed = [dict(each) for each in value]
    return tuple(
        Member(
            advertised[_index(each["node"], advertised)],
            state_named(each["state"]),
            _flag(each.get("alive", True), advertised),
        )
        for each in listed
    )


def state_named(name: str) -> NodeState:
    """Find a state by its name as the server spells it.

    Args:
        name: Such as `ReadOnlyReplica`.

    Raises:
        LookupError: There is none.
    """
    plain = name.replace("_", "").replace("-", "").lower()
    for state in NodeState:
        if state.name.replace("_", "").lower() == plain:
            return state
    raise LookupError(name)


READERS: Final[Mapping[str, Callable[[Any, Advertised], object]]] = {
    "node": _node,
    "to": _index,
    "nodes": _indices,
    "sides": _sides,
    "members": _members,
    "after_s": _seconds,
    "pause_s": _seconds,
    "delay_s": _seconds,
    "silent_s": _seconds,
    "noticed_after_s": _seconds,
    "reset": _flag,
    "bytes_per_s": _count,
    "call": lambda value, _: value,
    "number": _count,
    "is_served": _flag,
}
"""How each is read; a misfit raises ValueError, TypeError, LookupError or so."""

WANTED: Final[Mapping[str, str]] = {
    "node": "a node's index from 0, or leader",
    "to": "a node's index from 0",
    "nodes": "a list of indices, such as [1, 2]",
    "sides": "a list of lists of indices, such as [[0], [1, 2]]",
    "members": "a list such as [{node: 0, state: Leader, alive: true}]",
    "after_s": "seconds, 0 or more",
    "pause_s": "seconds, 0 or more",
    "delay_s": "seconds, 0 or more",
    "silent_s": "seconds, 0 or more",
    "noticed_after_s": "seconds, 0 or more",
    "reset": "true or false",
    "bytes_per_s": "bytes a second, 1 or more",
    "call": "append, delete, read or gossip",
    "number": "1 or more",
    "is_served": "true or false",
}
"""What each wants, for people."""
