"""Rules made ready to be asked: an index for exact ones, and the walk through a chain.

First match wins, in the order of the file. The index must not change that: it only
says where the next exact match *would* be, and every other rule before it is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides.host import MAX_NAME, host_problem
from kurrent_conn.core.overrides.match import Hosts, Matcher, exact_key, matcher_of
from kurrent_conn.core.overrides.rule import (
    ADVERTISED,
    TARGET,
    MatchKind,
    Override,
    Then,
)
from kurrent_conn.core.route import Route, direct
from kurrent_conn.errors import InvalidOverride

MAX_ROUTES: Final = 64
"""How many routes one endpoint may have; a chain of `continue` rules with several
targets each multiplies them, and nobody means to dial hundreds."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that matched on the way to a route.

    Args:
        number: Its place among the rules, counted from 1.
        rule: The rule.
        given: The endpoint that the rule saw.
        result: The endpoint that it made of it, for the target of this route.
    """

    number: int
    rule: Override
    given: Endpoint
    result: Endpoint


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through the rules: where it has come to, and by which steps."""

    at: Endpoint
    server_name: str | None = None
    steps: tuple[Step, ...] = ()


class Plan:
    """The rules with their matchers; built once, then only read.

    Args:
        rules: The rules in their order.

    Raises:
        InvalidOverride: A rule cannot be used; it carries the rule and its number.
    """

    __slots__ = ("_exact", "_matchers", "_scanned", "rules")

    def __init__(self, rules: tuple[Override, ...]) -> None:
        self.rules = rules
        self._exact: dict[str, list[int]] = {}
        self._scanned: list[int] = []
        self._matchers: list[Matcher] = []
        for place, rule in enumerate(rules):
            self._matchers.append(_prepared(rule, place))
            if rule.kind is MatchKind.EXACT:
                self._exact.setdefault(exact_key(rule), []).append(place)
            else:
                self._scanned.append(place)

    def routes(self, advertised: Endpoint) -> tuple[Route, ...]:
        """Give the routes to an advertised endpoint, best first.

        Raises:
            InvalidOverride: The host is longer than a name can be, a result is no
                host, or the routes would verify different names.
        """
        branches = self.branches(advertised)
        if not branches:
            return (direct(advertised),)
        name = _one_name(branches, advertised)
        routes = {
            branch.at: Route(branch.at, name, _told(branch)) for branch in branches
        }
        last = branches[0].steps[-1].rule
        if any(s.rule.otherwise for b in branches for s in b.steps):
            routes.setdefault(advertised, Route(advertised, name, str(last)))
        return tuple(routes.values())

    def branches(self, advertised: Endpoint) -> list[Branch]:
        """Walk all ways from an advertised endpoint through the rules.

        Returns:
            Each way that at least one rule matched, in the order of preference;
            empty when none matched.
        """
        if len(advertised.host) > MAX_NAME + advertised.host.endswith("."):
            raise InvalidOverride(
                f"the advertised host {advertised.host[:32]!r}... is "
                f"{len(advertised.host)} characters long; a name has at most {MAX_NAME}"
            )
        return list(self._walk(Branch(advertised), 0)) if self.rules else []

    def _walk(self, branch: Branch, start: int) -> Iterator[Branch]:
        done: list[Branch] = []
        pending = [(branch, start)]
        while pending:
            branch, start = pending.pop()
            hit = self._next(branch.at, start)
            if hit is None:
                if branch.steps:
                    done.append(branch)
                continue
            place, hosts = hit
            rule = self.rules[place]
            ways = [_step(branch, place, rule, i, h) for i, h in enumerate(hosts)]
            if rule.then == Then.STOP:
                done.extend(ways)
            else:
                pending.extend((way, place + 1) for way in reversed(ways))
            if len(done) + len(pending) > MAX_ROUTES:
                raise InvalidOverride(
                    f"the rules give more than {MAX_ROUTES} routes; a continue rule "
                    "with several targets multiplies those of the rules after it",
                    rule=_label(place, rule),
                )
        return iter(done)

    def _next(self, at: Endpoint, start: int) -> tuple[int, Hosts] | None:
        host, port = at.host.lower().removesuffix("."), at.port
        rules, matchers = self.rules, self._matchers
        known = self._first_exact(host, port, start)
        scanned = self._scanned
        for index in range(bisect_left(scanned, start), len(scanned)):
            place = scanned[index]
            if known is not None and place > known:
                break
            if rules[place].port is not None and rules[place].port != port:
                continue
            hosts = matchers[place](host)
            if hosts is not None:
                return place, hosts
        if known is None:
            return None
        return known, tuple(target.host for target in rules[known].targets)

    def _first_exact(self, host: str, port: int, start: int) -> int | None:
        for place in self._exact.get(host, ()):
            if place >= start and self.rules[place].port in {None, port}:
                return place
        return None


def _prepared(rule: Override, place: int) -> Matcher:
    try:
        return matcher_of(rule)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, rule=_label(place, rule)) from None


def _label(place: int, rule: Override) -> str:
    return f"rule {place + 1} ({rule})"


def _step(branch: Branch, place: int, rule: Override, index: int, host: str) -> Branch:
    problem = host_problem(host)
    if problem:
        raise InvalidOverride(
            f"it makes {host!r} of {branch.at.host!r}, which is no host: it {problem}",
            rule=_label(place, rule),
        )
    at = Endpoint(host, rule.targets[index].port or branch.at.port)
    name = rule.server_name
    return Branch(
        at=at,
        server_name=branch.server_name
        if name is None
        else host
        if name == TARGET
        else name,
        steps=(*branch.steps, Step(place + 1, rule, branch.at, at)),
    )


def _one_name(branches: list[Branch], advertised: Endpoint) -> str:
    names = {
        advertised.host if b.server_name in {None, ADVERTISED} else b.server_name
        for b in branches
    }
    if len(names) > 1:
        raise InvalidOverride(
            f"the routes to {advertised} would verify different names "
            f"({', '.join(sorted(filter(None, names)))}); write one server_name"
        )
    return next(iter(names)) or advertised.host


def _told(branch: Branch) -> str:
    return "; then ".join(str(step.rule) for step in branch.steps)
