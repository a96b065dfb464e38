"""What is odd about a set of rules, without asking any network.

Looks at examples of what each rule matches. It finds the usual mistakes, and it never
calls a rule dead that can match; it does not prove that a set has no mistake.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Final, assert_never

from kurrent_conn.core.endpoint import DEFAULT_PORT, Endpoint, normalized_host
from kurrent_conn.core.overrides.coredns import HostsEntry, Rewrite
from kurrent_conn.core.overrides.examples import examples_of
from kurrent_conn.core.overrides.host import host_problem, is_address
from kurrent_conn.core.overrides.pattern_text import without_groups
from kurrent_conn.core.overrides.plan import Plan, Step
from kurrent_conn.core.overrides.prepared import After, Asked, Rule
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.core.overrides.rule import ADVERTISED, TARGET, MatchKind, Override
from kurrent_conn.core.overrides.sidecar import SidecarRule, template
from kurrent_conn.errors import InvalidOverride

_LONGEST_LOOP: Final = 16


class FindingKind(StrEnum):
    """What may be wrong with a rule."""

    DEAD = "dead"
    """No name reaches it: an earlier rule takes all of them."""
    SHADOWED = "shadowed"
    """An earlier rule takes some of the names that it matches."""
    LOOP = "loop"
    """Its result is a name that the rules lead back to the name it began with."""
    NO_HOST = "no-host"
    """Its result, or its server name, is no host."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity.

    Args:
        kind: What it is.
        number: The rule, counted from 1.
        rule: The rule itself.
        detail: What happens, with an example, and what to do.
        by: The number of the other rule that takes part; None when there is none.
    """

    kind: FindingKind
    number: int
    rule: Rule
    detail: str
    by: int | None = None

    def __str__(self) -> str:
        """Write number, rule, kind and detail on one line."""
        return f"rule {self.number} ({self.rule}): {self.kind}: {self.detail}"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Look for dead and shadowed rules, loops, and results that are no host.

    Args:
        plan: The rules.

    Returns:
        The findings, in the order of the rules.
    """
    found: list[Finding] = []
    twins: dict[tuple[object, ...], int] = {}
    for place, rule in enumerate(plan.rules):
        taken = _taken(plan, place, twins)
        if taken is not None:
            found.append(taken)
        found += _results(plan, place)
        if taken is None or taken.kind is not FindingKind.DEAD:
            found += _loops(plan, place, rule)
    return tuple(found)


def _taken(
    plan: Plan, place: int, twins: dict[tuple[object, ...], int]
) -> Finding | None:
    rule = plan.rules[place]
    hosts = examples_of(rule)
    if not hosts:
        if plan.ready[place].after is After.ALL:
            return None
        twin = twins.setdefault(_signature(rule), place)
        if twin == place or _may_be_led_past(plan, twin, place):
            return None
        return _dead(place, rule, twin)
    takers = {host: _taker(plan, host, place) for host in hosts}
    host, taker = next(
        ((host, taker) for host, taker in takers.items() if taker is not None),
        ("", None),
    )
    if taker is None:
        return None
    if set(takers.values()) == {taker} and _covers(plan, taker, place):
        return _dead(place, rule, taker)
    return Finding(
        FindingKind.SHADOWED,
        place + 1,
        rule,
        f"rule {taker + 1} comes first and takes {host}, for example; put the "
        "narrower rule first",
        taker + 1,
    )


def _taker(plan: Plan, host: str, place: int) -> int | None:
    """Give the first rule that takes a host for good before another is asked."""
    rule, port = plan.rules[place], plan.ready[place].port
    for earlier in plan.takers(host, before=place):
        ready = plan.ready[earlier]
        lets_by = ready.after is After.ALL or (
            ready.after is After.HOSTS_ENTRIES and isinstance(rule, HostsEntry)
        )
        if not lets_by and ready.port in {None, port}:
            return earlier
    return None


def _covers(plan: Plan, taker: int, place: int) -> bool:
    """Say whether a rule that takes all examples of another takes all its hosts."""
    first, rule = plan.rules[taker], plan.rules[place]
    if plan.ready[taker].screened is not None:
        return False  # a regex may look at what the examples have in common
    if isinstance(first, SidecarRule) and not isinstance(rule, SidecarRule):
        return False  # it compares upper and lower case
    if isinstance(rule, Override) and rule.kind is MatchKind.CIDR:
        return _contains(first, rule) and not _may_be_led_past(plan, taker, place)
    return not _may_be_led_past(plan, taker, place)


def _may_be_led_past(plan: Plan, taker: int, place: int) -> bool:
    """Say whether a continue rule may bring names that the earlier rule never sees."""
    after = bisect_right(plan.continuing, taker)
    return after < len(plan.continuing) and plan.continuing[after] < place


def _dead(place: int, rule: Rule, taker: int) -> Finding:
    return Finding(
        FindingKind.DEAD,
        place + 1,
        rule,
        f"rule {taker + 1} comes first and takes all that it matches; remove one of "
        "the two, or put this one first",
        taker + 1,
    )


def _results(plan: Plan, place: int) -> Iterator[Finding]:
    rule = plan.rules[place]

    def finding(detail: str) -> Finding:
        return Finding(FindingKind.NO_HOST, place + 1, rule, detail)

    if isinstance(rule, Override) and rule.server_name not in {
        None,
        ADVERTISED,
        TARGET,
    }:
        problem = host_problem(rule.server_name or "")
        if problem:
            yield finding(f"server_name {rule.server_name!r} is no host: it {problem}")
    for host, result in _made(plan, place):
        problem = host_problem(result)
        if problem:
            yield finding(f"{host} becomes {result!r}, which is no host: it {problem}")
        elif isinstance(rule, Rewrite) and rule.replacement and is_address(result):
            yield finding(
                f"{host} becomes the name {result!r}, which CoreDNS cannot resolve; "
                "write the address into a hosts block"
            )
        else:
            continue
        return


def _made(plan: Plan, place: int) -> Iterator[tuple[str, str]]:
    hosts = examples_of(plan.rules[place])
    for host in hosts:
        asked = Asked(host, normalized_host(host))
        for result in plan.ready[place].find(asked) or ():
            yield host, result.removesuffix(".")
    if not hosts:
        for result in _templates(plan.rules[place]):
            yield "a match", result


def _templates(rule: Rule) -> tuple[str, ...]:
    """Give the results of a regex with a letter for each group."""
    match rule:
        case Override():
            return tuple(without_groups(target.host) for target in rule.targets)
        case Rewrite():
            return (without_groups(rule.replacement or "x").removesuffix("."),)
        case SidecarRule():
            parts = template(rule.result, compile_pattern(rule.host))
            text = "".join(part if isinstance(part, str) else "x" for part in parts)
            return (text.removesuffix("."),)
        case HostsEntry():
            return rule.addresses
        case _:
            assert_never(rule)


def _signature(rule: Rule) -> tuple[object, ...]:
    match rule:
        case Override():
            return (rule.kind, rule.pattern, rule.port)
        case Rewrite():
            return (rule.match, rule.source, rule.scope)
        case SidecarRule():
            return (rule.host, rule.regex)
        case HostsEntry():
            return (rule.name, rule.scope)
        case _:
            assert_never(rule)


def _contains(first: Rule, rule: Override) -> bool:
    """Say whether one network lies in that of an earlier rule."""
    if not isinstance(first, Override) or first.kind is not MatchKind.CIDR:
        return False
    outer, inner = ip_network(first.pattern), ip_network(rule.pattern)
    return int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def _loops(plan: Plan, place: int, rule: Rule) -> Iterator[Finding]:
    for host in examples_of(rule):
        start = Endpoint(host, _port(rule) or DEFAULT_PORT)
        seen = [start]
        last: tuple[Step, ...] = ()
        while len(seen) <= _LONGEST_LOOP:
            steps = _followed(plan, seen[-1])
            if not steps or (len(seen) == 1 and steps[0].number != place + 1):
                break
            last, result = steps, steps[-1].result
            if result == seen[-1]:
                break  # a rule that exempts a name leads to itself; that ends there
            if result == start:
                way = " -> ".join(map(str, [*seen, result]))
                yield Finding(
                    FindingKind.LOOP,
                    place + 1,
                    rule,
                    f"it leads back: {way}; what is dialled is a node of another name",
                    last[0].number,
                )
                return
            if any(normalized_host(result.host) == each.host for each in seen):
                break
            seen.append(result)


def _followed(plan: Plan, at: Endpoint) -> tuple[Step, ...]:
    try:
        branches = plan.branches(at)
    except InvalidOverride:
        return ()
    return branches[0].steps if branches else ()


def _port(rule: Rule) -> int | None:
    return rule.port if isinstance(rule, Override) else None
