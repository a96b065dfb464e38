"""Hosts that a rule matches, for looking at a set of rules without a cluster.

A rule that cannot be read backwards (a regex) has no example.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final, assert_never

from kurrent_conn.core.endpoint import normalized_host
from kurrent_conn.core.overrides.coredns import HostsEntry, NameMatch, Rewrite
from kurrent_conn.core.overrides.coredns_match import fully_qualified
from kurrent_conn.core.overrides.match import exact_key
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rule import MatchKind, Override
from kurrent_conn.core.overrides.sidecar import SidecarRule

_LABELS: Final = ("any-0", "zz9")
"""Two labels with nothing in common: what matches both does not look at the label."""


def examples_of(rule: Rule) -> tuple[str, ...]:
    """Give hosts that a rule matches, the plainest first.

    Args:
        rule: The rule.

    Returns:
        Hosts that together stand for all that the rule matches; empty when it cannot
        be read backwards.
    """
    hosts = [host for label in _LABELS for host in _with(label, rule)]
    return tuple(dict.fromkeys(hosts))


def _with(label: str, rule: Rule) -> tuple[str, ...]:
    match rule:
        case Override():
            return _override(rule, label)
        case Rewrite():
            return _rewrite(rule, label)
        case HostsEntry():
            return (normalized_host(rule.name).replace("*", label, 1),)
        case SidecarRule():
            return () if rule.regex else (rule.host,)
        case _:
            assert_never(rule)


def _override(  # noqa: PLR0911 - one a kind
    rule: Override, label: str
) -> tuple[str, ...]:
    pattern = normalized_host(rule.pattern)
    match rule.kind:
        case MatchKind.EXACT:
            return (exact_key(rule),)
        case MatchKind.PREFIX:
            return (rule.pattern.lower() + label,)
        case MatchKind.SUFFIX:
            inside = f"{label}.{pattern.lstrip('.')}"
            return (inside,) if pattern.startswith(".") else (inside, pattern)
        case MatchKind.SUBSTRING:
            return (f"{label}{rule.pattern.lower()}{label}",)
        case MatchKind.WILDCARD:
            return (pattern.replace("*", label),)
        case MatchKind.CIDR:
            return (str(ip_network(rule.pattern)[0]),)
        case MatchKind.REGEX:
            return ()
        case _:
            assert_never(rule.kind)


def _rewrite(rule: Rewrite, label: str) -> tuple[str, ...]:
    if rule.match is NameMatch.REGEX:
        return ()
    source = fully_qualified(rule.source)[:-1].strip(".")
    zone = rule.scope.zones[0] if rule.scope.zones else ""
    match rule.match:
        case NameMatch.EXACT:
            return (source,) if source else ()
        case NameMatch.PREFIX:
            return (f"{source}.{zone or label}",) if source else ()
        case NameMatch.SUFFIX:
            return (f"{label}.{source}" if source else label,)
        case NameMatch.SUBSTRING:
            return (f"{label}.{source}.{zone or label}",) if source else ()
        case _:
            assert_never(rule.match)
