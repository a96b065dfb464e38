"""Writes rules as the sidecar's JSON, or says which rules have no such form.

The sidecar knows whole names and patterns for whole names, one result each. Its rules
compare upper and lower case; names are written in lower case, as resolvers ask them.

Source: dns-sidecar 1f8ac8a5, `dns/dns.go`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import assert_never

from kurrent_conn.core.overrides.coredns import HostsEntry, NameMatch, Rewrite
from kurrent_conn.core.overrides.coredns_match import fully_qualified
from kurrent_conn.core.overrides.exportable import refuse_odd_targets
from kurrent_conn.core.overrides.match import exact_key
from kurrent_conn.core.overrides.pattern_text import (
    groups_in,
    inside_anchors,
    literal,
    refuse_last_group,
    refuse_open_quote,
)
from kurrent_conn.core.overrides.plan import label
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.core.overrides.rule import ADVERTISED, MatchKind, Override, Then
from kurrent_conn.core.overrides.sidecar import SidecarRule
from kurrent_conn.core.overrides.sidecar_template import dollars
from kurrent_conn.errors import InvalidOverride


def write_sidecar(rules: Sequence[Rule]) -> str:
    """Write rules as a configuration of the sidecar.

    Args:
        rules: The rules in their order.

    Returns:
        A JSON object with `rules`; the sidecar itself also needs its `resolver`.

    Raises:
        InvalidOverride: Some rules have no form there; it names each of them and
            why.
    """
    problems: list[str] = []
    entries: list[dict[str, str | bool]] = []
    rewrites = any(isinstance(rule, Rewrite) for rule in rules)
    for place, rule in enumerate(rules):
        try:
            entries.append(_entry(_converted(rule, rewrites=rewrites)))
        except InvalidOverride as error:
            problems.append(f"{label(place, rule)}: {error.problem}")
    if problems:
        raise InvalidOverride("no form in the sidecar for " + "; ".join(problems))
    return json.dumps({"rules": entries}, indent=2, ensure_ascii=False) + "\n"


def _entry(rule: SidecarRule) -> dict[str, str | bool]:
    entry: dict[str, str | bool] = {"host": rule.host, "result": rule.result}
    if rule.regex:
        entry["regex"] = True
    return entry


def _converted(rule: Rule, *, rewrites: bool) -> SidecarRule:
    match rule:
        case SidecarRule():
            return rule
        case Override():
            _refuse_extras(rule)
            return _override(rule)
        case Rewrite():
            return _rewrite(rule)
        case HostsEntry():
            if rewrites:
                raise InvalidOverride("it is also asked about what the rewrites make")
            return _hosts_entry(rule)
        case _:
            assert_never(rule)


def _override(rule: Override) -> SidecarRule:
    target = rule.targets[0]
    host = target.host.replace("$", "$$")
    bare = rule.pattern.lower().removesuffix(".")
    match rule.kind:
        case MatchKind.EXACT:
            return SidecarRule(exact_key(rule), target.host)
        case MatchKind.PREFIX:
            rest = "" if target.is_address else "${1}"
            return SidecarRule(
                literal(rule.pattern.lower()) + "(.*)", host + rest, regex=True
            )
        case MatchKind.SUFFIX:
            labels = r"(.*\.)" if bare.startswith(".") else r"((?:.*\.)?)"
            rest = "" if target.is_address else "${1}"
            return SidecarRule(
                labels + literal(bare.lstrip(".")), rest + host.lstrip("."), regex=True
            )
        case MatchKind.REGEX:
            refuse_open_quote(rule.pattern)
            refuse_last_group(target.host)
            count = compile_pattern(rule.pattern).group_count
            result = dollars(target.host, count)
            return SidecarRule(f"(?i)^(?:{rule.pattern})$", result, regex=True)
        case MatchKind.WILDCARD:
            stars = literal(bare).replace(r"\*", "([^.]+)")
            result = dollars(target.host, bare.count("*"))
            return SidecarRule(stars, result, regex=True)
        case MatchKind.SUBSTRING | MatchKind.CIDR:
            raise InvalidOverride(f"the sidecar has nothing like {rule.kind}")
        case _:
            assert_never(rule.kind)


def _refuse_extras(rule: Override) -> None:
    reasons = [
        reason
        for reason, found in (
            ("matches a port", rule.port is not None),
            ("dials a port", rule.targets[0].port is not None),
            ("names server_name", rule.server_name not in {None, ADVERTISED}),
            ("has otherwise", rule.otherwise is not None),
            ("has several targets", len(rule.targets) > 1),
            ("goes on to other rules", rule.then == Then.CONTINUE),
        )
        if found
    ]
    if reasons:
        raise InvalidOverride(f"it {', '.join(reasons)}")
    refuse_odd_targets(rule)


def _rewrite(rule: Rewrite) -> SidecarRule:
    if rule.then is Then.CONTINUE:
        raise InvalidOverride("it goes on to other rules")
    if rule.replacement is None:
        raise InvalidOverride("it ends the rules without a result")
    if not rule.scope.is_everything:
        raise InvalidOverride("it applies to one server block only")
    target = fully_qualified(rule.replacement)[:-1]
    if rule.match is NameMatch.REGEX:
        return _regex(rule, target)
    source = fully_qualified(rule.source)[:-1]
    if "\\" in source + target:
        raise InvalidOverride("it has an escape")
    result = target.replace("$", "$$")
    match rule.match:
        case NameMatch.EXACT:
            return SidecarRule(source, target)
        case NameMatch.PREFIX:
            pattern = literal(source) + r"((?:\..*)?)"
            return SidecarRule(pattern, result + "${1}", regex=True)
        case NameMatch.SUFFIX:
            return SidecarRule("(.*)" + literal(source), "${1}" + result, regex=True)
        case NameMatch.SUBSTRING:
            raise InvalidOverride("the sidecar has nothing like substring")
        case _:
            assert_never(rule.match)


def _regex(rule: Rewrite, target: str) -> SidecarRule:
    if 0 in groups_in(target):
        raise InvalidOverride("{0} has the trailing dot, which makes an invalid name")
    inner = inside_anchors(rule.source)
    refuse_last_group(target)
    count = compile_pattern(rule.source).group_count
    return SidecarRule(f"^(?:{inner})$", dollars(target, count), regex=True)


def _hosts_entry(rule: HostsEntry) -> SidecarRule:
    if not rule.scope.is_everything:
        raise InvalidOverride("it applies to one server block only")
    if len(rule.addresses) != 1:
        raise InvalidOverride("it has several addresses")
    name = fully_qualified(rule.name)[:-1]
    if name.startswith("*."):
        return SidecarRule("[^.]+" + literal(name[1:]), rule.addresses[0], regex=True)
    return SidecarRule(name, rule.addresses[0])
