"""Rules made ready to be asked: the walk through a chain.

First match wins, in the order of the file. The index must not change that: it only
narrows down who is asked, and the narrowed rules are asked in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.endpoint import Endpoint, normalized_host
from kurrent_conn.core.overrides.certain import certain_rules
from kurrent_conn.core.overrides.coredns import HostsEntry
from kurrent_conn.core.overrides.host import MAX_NAME
from kurrent_conn.core.overrides.index import Index
from kurrent_conn.core.overrides.match import Hosts
from kurrent_conn.core.overrides.prepared import (
    After,
    Asked,
    Prepared,
    Rule,
    prepare,
)
from kurrent_conn.core.overrides.rule import ADVERTISED, TARGET, Override
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
    rule: Rule
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
        rules: The rules in their order; `ready` holds what was made of each, and
            `continuing` the places of those that let others go on.

    Raises:
        InvalidOverride: A rule cannot be used; it carries the rule and its number.
    """

    __slots__ = (
        "_certain",
        "_index",
        "_last_hosts_entry",
        "_texts",
        "continuing",
        "ready",
        "rules",
    )

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.ready = [_prepared(rule, place) for place, rule in enumerate(rules)]
        self.continuing = [
            place for place, ready in enumerate(self.ready) if ready.after is After.ALL
        ]
        self._last_hosts_entry = max(
            (place for place, r in enumerate(rules) if isinstance(r, HostsEntry)),
            default=-1,
        )
        self._texts: dict[int, str] = {}
        self._index = Index(rules, self.ready)
        self._certain = certain_rules(rules, self.ready)

    def routes(self, advertised: Endpoint) -> tuple[Route, ...]:
        """Give the routes to an advertised endpoint, best first.

        Raises:
            InvalidOverride: The host is longer than a name can be, a result is no
                host, or the routes would verify different names.
        """
        certain = self._certain.get(advertised.host)
        if certain is not None:
            return certain.routes(advertised)
        if not self.rules:
            return (direct(advertised),)
        _refuse_long(advertised)
        hit = self._next(
            advertised, normalized_host(advertised.host), 0, hosts_only=False
        )
        if hit is None:
            return (direct(advertised),)
        place, hosts = hit
        if len(hosts) == 1 and self._is_last(place):
            return self._only(advertised, place, hosts[0])
        return self._all(advertised)

    def _all(self, advertised: Endpoint) -> tuple[Route, ...]:
        branches = self.branches(advertised)
        if not branches:
            return (direct(advertised),)
        name = self._one_name(branches, advertised)
        routes: dict[Endpoint, Route] = {}
        for branch in branches:
            routes.setdefault(branch.at, Route(branch.at, name, self._told(branch)))
        falling = next((b for b in branches if _tries_advertised(b)), None)
        if falling is not None:
            routes.setdefault(advertised, Route(advertised, name, self._told(falling)))
        return tuple(routes.values())

    def branches(self, advertised: Endpoint) -> list[Branch]:
        """Walk all ways from an advertised endpoint through the rules.

        Returns:
            Each way that at least one rule matched, in the order of preference;
            empty when none matched.

        Raises:
            InvalidOverride: As `routes`, but for the names to verify.
        """
        if not self.rules:
            return []
        _refuse_long(advertised)
        origin = normalized_host(advertised.host)
        done: list[Branch] = []
        pending = [(Branch(advertised), 0, False)]
        while pending:
            branch, start, hosts_only = pending.pop()
            hit = self._next(branch.at, origin, start, hosts_only=hosts_only)
            if hit is None:
                if branch.steps:
                    done.append(branch)
                continue
            place, hosts = hit
            ways = self._ways(branch, place, hosts)
            after = self.ready[place].after
            if after is After.NOTHING:
                done += ways
            else:
                hosts_next = hosts_only or after is After.HOSTS_ENTRIES
                pending += ((way, place + 1, hosts_next) for way in reversed(ways))
            if len(done) + len(pending) > MAX_ROUTES:
                raise InvalidOverride(
                    f"there are more than {MAX_ROUTES} routes; a continue rule with "
                    "several targets multiplies those of the rules after it",
                    rule=label(place, self.rules[place]),
                )
        return done

    def takers(self, host: str, *, before: int) -> Iterator[int]:
        """Give the places of the rules that match a host, each as if it stood alone.

        Args:
            host: The host.
            before: Only rules at places before this one.
        """
        asked = Asked(host, normalized_host(host))
        for place in self._index.candidates(asked, 0):
            if place >= before:
                return
            if self.ready[place].find(asked) is not None:
                yield place

    def _next(
        self, at: Endpoint, origin: str, start: int, *, hosts_only: bool
    ) -> tuple[int, Hosts] | None:
        asked = Asked(at.host, origin)
        for place in self._index.candidates(asked, start):
            if place < start:
                continue
            ready = self.ready[place]
            if ready.port is not None and ready.port != at.port:
                continue
            if hosts_only and not isinstance(self.rules[place], HostsEntry):
                continue
            hosts = ready.find(asked)
            if hosts is not None:
                return place, hosts
        return None

    def _is_last(self, place: int) -> bool:
        """Say whether no other rule is asked once this one matched."""
        after = self.ready[place].after
        return after is After.NOTHING or (
            after is After.HOSTS_ENTRIES and place >= self._last_hosts_entry
        )

    def _only(self, advertised: Endpoint, place: int, host: str) -> tuple[Route, ...]:
        """Give the routes where one rule with one target decides alone."""
        at, name = self._result(advertised, None, place, 0, host)
        server_name = advertised.host if name in {None, ADVERTISED} else name
        rule, text = self.rules[place], self._text(place)
        route = Route(at, server_name or advertised.host, text)
        if isinstance(rule, Override) and rule.otherwise and at != advertised:
            return route, Route(advertised, route.server_name, text)
        return (route,)

    def _one_name(self, branches: list[Branch], advertised: Endpoint) -> str:
        if len(branches) == 1:
            name = branches[0].server_name
            return advertised.host if name is None or name == ADVERTISED else name
        names = {
            advertised.host if b.server_name in {None, ADVERTISED} else b.server_name
            for b in branches
        }
        if len(names) > 1:
            raise InvalidOverride(
                f"the routes to {advertised} would verify different names "
                f"({', '.join(sorted(filter(None, names)))}); write one server_name",
                rule=self._told(branches[0]),
            )
        return next(iter(names)) or advertised.host

    def _told(self, branch: Branch) -> str:
        return "; then ".join([self._text(step.number - 1) for step in branch.steps])

    def _text(self, place: int) -> str:
        text = self._texts.get(place)
        if text is None:
            text = self._texts[place] = str(self.rules[place])
        return text

    def _ways(self, branch: Branch, place: int, hosts: Hosts) -> list[Branch]:
        return [
            self._way(branch, place, index, host) for index, host in enumerate(hosts)
        ]

    def _way(self, branch: Branch, place: int, index: int, host: str) -> Branch:
        at, name = self._result(branch.at, branch.server_name, place, index, host)
        step = Step(place + 1, self.rules[place], branch.at, at)
        return Branch(at, name, (*branch.steps, step))

    def _result(
        self, at: Endpoint, name: str | None, place: int, index: int, host: str
    ) -> tuple[Endpoint, str | None]:
        """Say what a rule makes of an endpoint and of the name to verify."""
        rule = self.rules[place]
        host = host.removesuffix(".")
        problem = self.ready[place].problem(host)
        if problem:
            raise InvalidOverride(
                f"it makes {host!r} of {at.host!r}, which is no host: it {problem}",
                rule=label(place, rule),
            )
        port = at.port
        if isinstance(rule, Override):
            port = rule.targets[index].port or port
            name = host if rule.server_name == TARGET else rule.server_name or name
        return Endpoint(host, port), name


def label(place: int, rule: Rule) -> str:
    """Name a rule in a message: its number, counted from 1, and its text.

    Args:
        place: Its place, counted from 0.
        rule: The rule.
    """
    return f"rule {place + 1} ({rule})"


def _refuse_long(advertised: Endpoint) -> None:
    length = len(advertised.host)
    if length > MAX_NAME + advertised.host.endswith("."):
        raise InvalidOverride(
            f"the advertised host {advertised.host[:32]!r}... is {length} characters "
            f"long; a name has at most {MAX_NAME}"
        )


def _prepared(rule: Rule, place: int) -> Prepared:
    try:
        return prepare(rule)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, rule=label(place, rule)) from None


def _tries_advertised(branch: Branch) -> bool:
    return any(
        isinstance(step.rule, Override) and step.rule.otherwise for step in branch.steps
    )
