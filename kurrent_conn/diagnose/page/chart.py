"""What the map shows: the client, DNS, balancers, nodes, and who dials whom.

Knows no pixels. A leg has the tone of what happened on it; where a way breaks, the box
at its end says at which step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.rules.hairpin import straight_way
from kurrent_conn.diagnose.sight import Contact, Reach
from kurrent_conn.diagnose.step import Outcome, steps_of

CLIENT: Final = "client"
DNS: Final = "dns"
BALANCER: Final = "balancer"

_SHOWN: Final = 4
"""Addresses of balancers that are written out."""


class Tone(StrEnum):
    """How something fares; also its class in the drawing."""

    FINE = "fine"
    BROKEN = "broken"
    HAIRPIN = "hairpin"
    DEAD = "dead"
    PROPOSED = "proposed"


class StopKind(StrEnum):
    """What a box stands for; also its class in the drawing."""

    CLIENT = "client"
    DNS = "dns"
    BALANCER = "balancer"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Stop:
    """One box of the map.

    Args:
        key: What legs call it.
        kind: What it stands for.
        title: Its name.
        words: What is said of it, a line each.
        tone: How it fares.
        mark: What is to be noticed about the way to it; empty for nothing.
    """

    key: str
    kind: StopKind
    title: str
    words: tuple[str, ...] = ()
    tone: Tone = Tone.FINE
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A line from one box to another.

    Args:
        start: The key of the box that it begins at.
        end: The key of the box that it leads to.
        tone: What happened on it.
    """

    start: str
    end: str
    tone: Tone = Tone.FINE


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole map.

    Args:
        stops: The boxes: the client first, then DNS, the balancer, nodes.
        legs: The lines between them.
    """

    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]

    @property
    def has_hairpin(self) -> bool:
        """Whether a pod goes out of its cluster and back in."""
        return any(leg.tone is Tone.HAIRPIN for leg in self.legs)

    def of(self, kind: StopKind) -> tuple[Stop, ...]:
        """Give the boxes of a kind, in their order."""
        return tuple(stop for stop in self.stops if stop.kind is kind)


def chart_of(case: Case) -> Chart:
    """Say what the map of a case shows.

    Args:
        case: What was seen.
    """
    legs = tuple(dict.fromkeys(leg for t in case.targets for leg in _legs(case, t)))
    used = {key for leg in legs for key in (leg.start, leg.end)}
    stops = [Stop(CLIENT, StopKind.CLIENT, "this client", (str(case.vantage),))]
    if DNS in used:
        stops.append(_dns(case))
    if BALANCER in used:
        hosts = balancers(case)
        words = (*hosts[:_SHOWN], *(("…",) if len(hosts) > _SHOWN else ()))
        stops.append(Stop(BALANCER, StopKind.BALANCER, "balancer", words))
    stops += (_node(case, target) for target in case.targets)
    return Chart(tuple(stops), legs)


def balancers(case: Case) -> tuple[str, ...]:
    """Give the addresses behind which something spreads calls to nodes.

    An address is one when several names lead there, or when there is a straight way
    past it.

    Args:
        case: What was seen.
    """
    hosts: dict[str, set[str]] = {}
    past: list[str] = []
    for member in case.members:
        best = case.best(member)
        if best is None or member.is_address:
            continue
        place = best.route.connects_to.host
        hosts.setdefault(place, set()).add(best.route.server_name)
        if straight_way(case, member) is not None:
            past.append(place)
    # A loopback address is this machine: a tunnel or a test, and no balancer.
    shared = (h for h, names in hosts.items() if len(names) > 1 and not _is_local(h))
    return tuple(dict.fromkeys((*shared, *past)))


def _is_local(host: str) -> bool:
    return host.startswith("127.") or host == "::1"


def _dns(case: Case) -> Stop:
    failed = sum(1 for lookup in case.lookups.values() if not lookup.is_known)
    count = len(case.lookups)
    words = [f"{count} name{'' if count == 1 else 's'}"]
    if failed:
        words.append(f"{failed} unresolved")
    return Stop(DNS, StopKind.DNS, "DNS", tuple(words))


def _node(case: Case, target: Endpoint) -> Stop:
    said = case.said_of(target)
    states = dict.fromkeys(m.state_name for m in said)
    words = [", ".join(states) if said else "a host of the connection string"]
    places = dict.fromkeys(str(route.connects_to) for route in case.routes(target))
    dialled = [place for place in places if place != str(target)]
    if dialled:
        words.append(f"at {', '.join(dialled)}")
    tone, name = _way_fares(case, target), str(target)
    mark = _mark(case.best(target), tone)
    return Stop(name, StopKind.NODE, name, tuple(words), tone, mark)


def _fares(case: Case, target: Endpoint) -> Tone:
    if case.works(target):
        return Tone.FINE
    buried = case.is_doubted(target) and case.reach(target) in {None, Reach.NOTHING}
    return Tone.DEAD if buried else Tone.BROKEN


def _way_fares(case: Case, target: Endpoint) -> Tone:
    is_hairpin = straight_way(case, target) is not None
    return Tone.HAIRPIN if is_hairpin else _fares(case, target)


def _legs(case: Case, target: Endpoint) -> Iterator[Leg]:
    tone = _way_fares(case, target)
    stations = [CLIENT, *_stations(case, target), str(target)]
    for start, end in pairwise(stations):
        # What breaks a way breaks it at the end: before that others pass.
        is_whole = end == str(target) or tone is Tone.HAIRPIN
        yield Leg(start, end, tone if is_whole else Tone.FINE)
    if tone is Tone.HAIRPIN:
        yield Leg(CLIENT, str(target), Tone.PROPOSED)


def _stations(case: Case, target: Endpoint) -> Iterator[str]:
    best = case.best(target)
    if any(not route.dial.is_address for route in case.named_routes(target)):
        yield DNS
    if best is not None and best.route.connects_to.host in balancers(case):
        yield BALANCER


def _mark(best: Contact | None, tone: Tone) -> str:
    if best is None:
        return "no address"
    if tone is Tone.HAIRPIN:
        return "hairpin: out and back in"
    broken = next((s for s in steps_of(best) if s.outcome is Outcome.BROKEN), None)
    if broken is not None:
        return f"{broken.name}: {broken.words}"
    return "by an override rule" if best.route.rule is not None else ""
