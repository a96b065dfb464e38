"""Every kind of rule behind one face, for `plan`.

The only place that knows all kinds; each kind's meaning is in `match`, `coredns_match`
and `sidecar`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from kurrent_conn.core.endpoint import normalized_host
from kurrent_conn.core.overrides.coredns import HostsEntry, NameMatch, Rewrite, Scope
from kurrent_conn.core.overrides.coredns_match import (
    asked_name,
    fully_qualified,
    names_entry,
    rename_of,
)
from kurrent_conn.core.overrides.host import (
    domain_problem,
    host_problem,
    is_address,
    length_problem,
)
from kurrent_conn.core.overrides.match import Hosts, exact_key, matcher_of
from kurrent_conn.core.overrides.rule import MatchKind, Override, Then
from kurrent_conn.core.overrides.sidecar import SidecarRule, lookup_of
from kurrent_conn.errors import InvalidOverride

Rule = Override | Rewrite | HostsEntry | SidecarRule
"""Ours, the two of a Corefile, and the sidecar's."""


class Asked:
    """A host in the spellings that rules look at.

    Args:
        host: The host that a rule sees, as it is written.
        origin: The advertised host in lower case without the trailing dot: it decides
            which server block of a Corefile answers.
    """

    __slots__ = ("bare", "lower", "name", "origin")

    def __init__(self, host: str, origin: str) -> None:
        self.bare = host.removesuffix(".")
        self.lower = self.bare.lower()
        self.name = asked_name(self.lower)
        self.origin = origin


class Spelling(Enum):
    """Which spelling of a host a rule's regex is asked about."""

    LOWER = auto()
    NAME = auto()
    BARE = auto()


class After(Enum):
    """What is asked after a rule that matched."""

    NOTHING = auto()
    ALL = auto()
    HOSTS_ENTRIES = auto()
    """CoreDNS: `rewrite stop` ends the rewrites; the hosts plugin runs all the same."""


Find = Callable[[Asked], Hosts | None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule that is ready to be asked.

    Args:
        find: Gives a host for each target, or None when the rule does not match.
        problem: Says why a result is no host, by the standards of the rule's format.
        after: What is asked next.
        port: The advertised port that it is about; None for all.
        key: The one host that it can match, for the index; None when there are more.
        any_case: Whether the key is in lower case and matches any spelling.
        screened: For a regex: the spelling that it is asked about.
    """

    find: Find
    problem: Callable[[str], str | None]
    after: After
    port: int | None = None
    key: str | None = None
    any_case: bool = True
    screened: Spelling | None = None


def prepare(rule: Rule) -> Prepared:
    """Make a rule ready.

    Args:
        rule: Any kind of rule.

    Raises:
        InvalidOverride: It cannot be used.
    """
    match rule:
        case Override():
            return _override(rule)
        case Rewrite():
            return _rewrite(rule)
        case HostsEntry():
            return _hosts_entry(rule)
        case SidecarRule():
            return _sidecar(rule)
        case _:
            assert_never(rule)


def _override(rule: Override) -> Prepared:
    matcher = matcher_of(rule)
    return Prepared(
        find=lambda asked: matcher(asked.lower),
        problem=host_problem,
        after=After.ALL if rule.then == Then.CONTINUE else After.NOTHING,
        port=rule.port,
        key=exact_key(rule) if rule.kind is MatchKind.EXACT else None,
        screened=Spelling.LOWER if rule.kind is MatchKind.REGEX else None,
    )


def _rewrite(rule: Rewrite) -> Prepared:
    rename, covers = rename_of(rule), _covers(rule.scope)

    def find(asked: Asked) -> Hosts | None:
        name = rename(asked.name)
        if name is None or not (covers is None or covers(asked.origin)):
            return None
        return (asked.bare if rule.replacement is None else name,)

    # Escapes make the asked name differ from the host, so such a FROM is not indexed.
    indexed = rule.match is NameMatch.EXACT and "\\" not in rule.source
    return Prepared(
        find=find,
        problem=domain_problem,
        after=After.ALL if rule.then is Then.CONTINUE else After.HOSTS_ENTRIES,
        key=fully_qualified(rule.source)[:-1] if indexed else None,
        screened=Spelling.NAME if rule.match is NameMatch.REGEX else None,
    )


def _hosts_entry(rule: HostsEntry) -> Prepared:
    names, covers = names_entry(rule), _covers(rule.scope)
    odd = [address for address in rule.addresses if not is_address(address)]
    if odd or not rule.addresses:
        raise InvalidOverride(
            f"a hosts entry needs addresses, not {odd[0]!r}"
            if odd
            else "a hosts entry needs an address"
        )

    def find(asked: Asked) -> Hosts | None:
        if not names(asked.name) or not (covers is None or covers(asked.origin)):
            return None
        return rule.addresses

    name = normalized_host(rule.name)
    indexed = not name.startswith("*.") and "\\" not in name
    return Prepared(find, host_problem, After.NOTHING, key=name if indexed else None)


def _sidecar(rule: SidecarRule) -> Prepared:
    lookup = lookup_of(rule)

    def find(asked: Asked) -> Hosts | None:
        result = lookup(asked.bare)
        return None if result is None else (result,)

    return Prepared(
        find=find,
        problem=_sidecar_problem,
        after=After.NOTHING,
        key=None if rule.regex else rule.host,
        any_case=False,
        screened=Spelling.BARE if rule.regex else None,
    )


def _sidecar_problem(host: str) -> str | None:
    if is_address(host):
        return None
    if ":" in host:
        return "has a port, which the sidecar does not know"
    return length_problem(host)


def _covers(scope: Scope) -> Callable[[str], bool] | None:
    return None if scope.is_everything else scope.covers
