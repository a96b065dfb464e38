"""The two front ends have the same names, parameters, defaults and summaries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import grpc
import pytest

import kurrent_conn
from kurrent_conn import aio

BLOCKING_ONLY = {
    "Connection": {
        "when_open",  # the future of a wait: an asyncio caller awaits `open_node`
        "later",  # a job on the connection's thread: asyncio has its loop
    },
    "Channel": {
        "subscribe",  # grpc.Channel's own; asyncio: wait_for_state_change
        "unsubscribe",
    },
}
ASYNCIO_ONLY = {
    "Connection": {
        "loop",  # the loop that it is bound to
        "tasks",  # what runs on it
    },
    "Channel": {
        "channel_ready",  # grpc.aio.Channel's own; blocking: grpc.channel_ready_future
        "get_state",
        "wait_for_state_change",
        "loop",
    },
}
CLASSES = ("Connection", "Channel")
ENTERING = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
"""What `async` changes in a name."""

WORDS = {"grpc.aio": "grpc"}
GRPCS_OWN = {("Channel", "close")}
"""Whose parameters grpc decides: its asyncio `close` takes a grace."""


def _members(owner: type) -> dict[str, object]:
    """List what a class offers by itself, in the names of the blocking one."""
    back = {asynchronous: name for name, asynchronous in ENTERING.items()}
    return {
        back.get(name, name): member
        for name, member in vars(owner).items()
        if not name.startswith("_") or name in back or name in ENTERING
    }


def _shared() -> Iterator[tuple[str, str]]:
    for owner in CLASSES:
        for name in _members(getattr(kurrent_conn, owner)):
            if name not in BLOCKING_ONLY[owner]:
                yield owner, name


def _summary(member: object) -> str:
    text = (inspect.getdoc(member) or "").partition("\n")[0]
    for word, plain in WORDS.items():
        text = text.replace(word, plain)
    return text


def _parameters(member: object) -> list[tuple[str, object, object]] | None:
    if not callable(member):
        return None
    signature = inspect.signature(member)
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


def test_same_public_names() -> None:
    """Whatever one front end exports, the other one does."""
    assert kurrent_conn.__all__ == aio.__all__
    values = set(kurrent_conn.__all__) - {*CLASSES, "connect"}
    assert all(getattr(kurrent_conn, name) is getattr(aio, name) for name in values)


@pytest.mark.parametrize("owner", CLASSES)
def test_same_members(owner: str) -> None:
    """Both classes have the same members, but for those that are listed with why."""
    blocking = _members(getattr(kurrent_conn, owner)).keys()
    asynchronous = _members(getattr(aio, owner)).keys()
    instance = {"settings", "timeout", "topology", "loop", "tasks", "is_watching"}
    assert blocking - asynchronous - instance == BLOCKING_ONLY[owner] - instance
    assert asynchronous - blocking - instance == ASYNCIO_ONLY[owner] - instance


@pytest.mark.parametrize(("owner", "name"), sorted(_shared()))
def test_same_signature_and_summary(owner: str, name: str) -> None:
    """A member of both takes the same, and says the same of itself."""
    blocking = _members(getattr(kurrent_conn, owner))[name]
    asynchronous = _members(getattr(aio, owner))[name]
    assert _summary(asynchronous) == _summary(blocking)
    if (owner, name) not in GRPCS_OWN:
        assert _parameters(asynchronous) == _parameters(blocking)


def test_same_connect() -> None:
    """`connect` takes the same in both."""
    both: tuple[Callable[..., object], ...] = (kurrent_conn.connect, aio.connect)
    assert _parameters(both[0]) == _parameters(both[1])
    assert _summary(both[0]) == _summary(both[1])


def test_channels_are_grpcs() -> None:
    """Each channel is an instance of its flavour's own class."""
    assert issubclass(kurrent_conn.Channel, grpc.Channel)
    assert issubclass(aio.Channel, grpc.aio.Channel)
