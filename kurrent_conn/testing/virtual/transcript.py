"""Events and actions as lines that a person can read and a diff can compare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, assert_never

from kurrent_conn.core.actions import (
    Action,
    CancelRead,
    Condemn,
    Connect,
    GiveUp,
    Inspect,
    Note,
    Open,
    Publish,
    ReadGossip,
    Resolve,
    Retire,
    RetireAll,
    Shut,
    WakeAt,
)
from kurrent_conn.core.events import (
    Abandoned,
    CallAnswered,
    CallFailed,
    CallsLate,
    Closed,
    Event,
    GossipFailed,
    GossipRead,
    Inspected,
    Resolved,
    ResolveFailed,
    RulesChanged,
    TrustChanged,
    Wanted,
    Woke,
)


def event_line(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    """Write an event as one line.

    Args:
        event: What happened.
    """
    match event:
        case Wanted():
            return f"#{event.waiter} wants {event.preference or 'news'}"
        case Abandoned():
            return f"#{event.waiter} stopped waiting"
        case GossipRead():
            told = ", ".join(
                f"{m.advertised} {m.state_name}{'' if m.is_alive else ' (dead)'}"
                for m in event.members
            )
            return f"gossip #{event.read} says: {told or 'nobody'}"
        case GossipFailed():
            return f"gossip #{event.read} failed: {event.phase}: {event.cause}"
        case Inspected():
            kinds = ", ".join(each.kind for each in event.findings)
            return f"look #{event.look} found: {kinds or 'nothing'}"
        case Resolved():
            return f"{event.host} is {', '.join(event.addresses)}"
        case ResolveFailed():
            return f"{event.host} has no address: {event.cause}"
        case CallFailed():
            named = f", leader {event.leader}" if event.leader else ""
            return f"a call on {event.node.advertised} failed: {event.verdict}{named}"
        case CallAnswered():
            return f"a call was answered by {event.node.advertised}"
        case CallsLate():
            return f"calls on {event.node.advertised} are late since {event.since:.3f}"
        case RulesChanged():
            return "the overrides changed"
        case TrustChanged():
            return "the trust changed"
        case Woke():
            return "woke"
        case Closed():
            return "closed"
        case _:
            assert_never(event)


def action_line(action: Action) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm an action
    """Write an action as one line.

    Args:
        action: What the shell is to do.
    """
    match action:
        case ReadGossip():
            return f"read gossip #{action.read} from {action.endpoint} ({action.route})"
        case Connect():
            return f"connect {action.route}"
        case Resolve():
            return f"resolve {action.host}{' by DNS too' if action.by_dns else ''}"
        case Inspect():
            return f"look #{action.look} at {action.endpoint} ({action.route})"
        case CancelRead():
            return f"cancel gossip #{action.read}"
        case WakeAt():
            return "wake never" if action.at is None else f"wake at {action.at:.3f}"
        case Publish():
            topology = action.topology
            return f"publish generation {topology.generation}, leader {topology.leader}"
        case Open():
            node = action.node
            return f"open {action.preference}: {node.advertised} ({node.route})"
        case Shut():
            return f"shut {action.preference}"
        case Retire():
            return f"retire {action.route}"
        case RetireAll():
            return "retire every channel"
        case Condemn():
            return f"condemn {action.node.advertised}: {action.text}"
        case GiveUp():
            numbers = ", ".join(f"#{number}" for number in action.waiters)
            return f"give up {numbers or 'nobody'}: {action.reason}"
        case Note():
            return f"note {type(action.notice).__name__}"
        case _:
            assert_never(action)


def written(told: tuple[float, str | Event | Action]) -> str:
    """Write what happened at an instant as one line.

    Args:
        told: The instant, in seconds of virtual time, and an event, an action, or a
            line already.
    """
    at, what = told
    if isinstance(what, str):
        line = what
    elif isinstance(what, Event):
        line = event_line(what)
    else:
        line = f"  -> {action_line(what)}"
    return f"{at:9.3f}  {line}"


_MARKS: Final = ("** ", "-> publish", "-> open", "-> shut", "-> condemn", "-> give up")
"""After these a repetition is news again."""

_NOISE: Final = ("woke", "-> wake ")
_NUMBER: Final = re.compile(r"#\d+")


def folded(lines: Iterable[str]) -> list[str]:
    """Leave out when it woke, and what says the same as lines before.

    An election of seconds is hundreds of reads with one answer; what is left fits on
    a screen.

    Args:
        lines: A transcript, each line an instant, two blanks, and what happened.

    Returns:
        The lines that say something new, and how many were left out between them.
    """
    kept: list[str] = []
    seen: set[str] = set()
    skipped = 0
    for line in lines:
        text = line.split(maxsplit=1)[1].strip()
        if text.startswith(_NOISE):
            continue
        if text.startswith(_MARKS):
            seen.clear()
        plain = _NUMBER.sub("#", text)
        if plain in seen:
            skipped += 1
            continue
        seen.add(plain)
        if skipped:
            kept.append(f"{'...':>9}  ({skipped} lines like those above)")
            skipped = 0
        kept.append(line)
    return kept
