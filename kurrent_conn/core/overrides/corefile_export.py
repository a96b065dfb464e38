"""Writes rules as a Corefile that routes alike, or says which rules have no such form.

Our rules become `rewrite stop name` lines: `exact` and `suffix` as they are, the other
kinds as anchored patterns. CoreDNS cannot rewrite to an address, so such a rule becomes
a `hosts` entry: of the name itself when that is safe, else of an alias under `.invalid`
that only this rule leads to (hosts entries are asked after *all* rewrites, so an entry
of the name would also catch what other rules make of other names).

Source: CoreDNS 4b26cced; issue coredns/coredns 3866 (no rewrite to an address).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, assert_never

from kurrent_conn.core.overrides.coredns import (
    EVERYWHERE,
    HostsEntry,
    NameMatch,
    Rewrite,
    Scope,
)
from kurrent_conn.core.overrides.corefile_tokens import written
from kurrent_conn.core.overrides.exportable import refuse_odd_targets
from kurrent_conn.core.overrides.host import host_problem, is_address
from kurrent_conn.core.overrides.match import exact_key
from kurrent_conn.core.overrides.pattern_text import (
    before_end,
    groups_in,
    literal,
    refuse_choices,
    refuse_last_group,
    shifted,
)
from kurrent_conn.core.overrides.plan import label
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rule import ADVERTISED, MatchKind, Override, Then
from kurrent_conn.core.overrides.sidecar import SidecarRule
from kurrent_conn.core.overrides.sidecar_template import braces
from kurrent_conn.errors import InvalidOverride

NO_CLAMP: Final = "0-4294967295"
"""A TTL range that changes no TTL: the rule around it only ends the rewrites."""

_ALIAS: Final = "kurrent-conn-{}.invalid"
_INDENT: Final = "    "


@dataclass(slots=True)
class _Block:
    lines: list[str] = field(default_factory=list)
    entries: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def text(self) -> list[str]:
        if not self.entries:
            return self.lines
        hosts = [
            f"{_INDENT}{address} {written(name)}"
            for name, addresses in self.entries
            for address in addresses
        ]
        return [*self.lines, "hosts {", *hosts, f"{_INDENT}fallthrough", "}"]


def write_corefile(rules: Sequence[Rule]) -> str:
    """Write rules as a Corefile.

    Args:
        rules: The rules in their order.

    Returns:
        Directives for a server block; whole server blocks when the rules came from
        blocks for several zones.

    Raises:
        InvalidOverride: Some rules have no form in a Corefile; it names each of them
            and why.
    """
    problems: list[str] = []
    blocks: dict[Scope, _Block] = {}
    plain = _plain_entries(rules)
    refuse = _refuse_mixture(rules)
    for place, rule in enumerate(rules):
        scope = rule.scope if isinstance(rule, Rewrite | HostsEntry) else EVERYWHERE
        block = blocks.setdefault(scope, _Block())
        try:
            refuse(place)
            _write(rule, block, place, plain=plain)
        except InvalidOverride as error:
            problems.append(f"{label(place, rule)}: {error.problem}")
    if problems:
        raise InvalidOverride("no form in a Corefile for " + "; ".join(problems))
    return "".join(f"{line}\n" for line in _joined(blocks))


def rewrite_words(rule: Rewrite) -> str:
    """Write what stands after `rewrite` on a rule's line.

    Args:
        rule: A rewrite rule.

    Raises:
        InvalidOverride: A word of it cannot be written.
    """
    source = written(rule.source)
    if rule.replacement is None:
        return f"{rule.then} ttl {rule.match} {source} {NO_CLAMP}"
    return f"{rule.then} name {rule.match} {source} {written(rule.replacement)}"


def _joined(blocks: dict[Scope, _Block]) -> Iterable[str]:
    if set(blocks) <= {EVERYWHERE}:
        for block in blocks.values():
            yield from block.text()
        return
    owned = {zone for scope in blocks for zone in scope.zones}
    yield "# add the plugins that answer, such as kubernetes or forward, to each block"
    for scope, block in blocks.items():
        yield f"{' '.join(zone or '.' for zone in scope.zones)} {{"
        yield from (_INDENT + line for line in block.text())
        yield "}"
    for zone in dict.fromkeys(z for scope in blocks for z in scope.others):
        if zone not in owned:
            yield f"{zone} {{"
            yield "}"


def _write(rule: Rule, block: _Block, place: int, *, plain: bool) -> None:
    match rule:
        case Rewrite():
            answer = "" if _needs_no_answer(rule) else " answer auto"
            block.lines.append(f"rewrite {rewrite_words(rule)}{answer}")
        case HostsEntry():
            block.entries.append((rule.name, _ordered(rule.addresses)))
        case Override():
            _refuse_extras(rule)
            addresses = _addresses(rule)
            if addresses and plain:
                block.entries.append((exact_key(rule), addresses))
                return
            target = rule.targets[0].host
            if addresses:
                target = _ALIAS.format(place + 1)
                block.entries.append((target, addresses))
            block.lines += _override_lines(rule, target, whole=bool(addresses))
        case SidecarRule():
            _write_sidecar(rule, block, place)
        case _:
            assert_never(rule)


def _override_lines(rule: Override, target: str, *, whole: bool) -> list[str]:
    then = Then(rule.then)
    pattern = rule.pattern.lower().removesuffix(".")
    match rule.kind:
        case MatchKind.EXACT:
            return [_line(then, NameMatch.EXACT, exact_key(rule), target)]
        case MatchKind.PREFIX:
            return _prefix_lines(then, rule.pattern.lower(), target, whole=whole)
        case MatchKind.SUFFIX:
            return _suffix_lines(then, pattern, target, whole=whole)
        case MatchKind.REGEX:
            refuse_last_group(target)
            return [_whole_regex(then, f"(?i:{before_end(rule.pattern)})", target)]
        case MatchKind.WILDCARD:
            stars = literal(pattern).replace(r"\*", "([^.]+)")
            return [_whole_regex(then, stars, target)]
        case MatchKind.SUBSTRING | MatchKind.CIDR:
            raise InvalidOverride(
                f"CoreDNS has nothing like {rule.kind} that means the same"
            )
        case _:
            assert_never(rule.kind)


def _prefix_lines(then: Then, prefix: str, target: str, *, whole: bool) -> list[str]:
    start, rest = f"^{literal(prefix)}", "" if whole else "{1}"
    if whole or prefix.endswith(".") or not target.endswith("."):
        return [_regex(then, f"{start}(.*)", target + rest)]
    # Of the prefix alone CoreDNS would make a name with two dots at its end.
    alone = target.removesuffix(".")
    if then is Then.CONTINUE or host_problem(alone):
        raise InvalidOverride(f"CoreDNS makes no host of {prefix} alone with {target}")
    return [
        _regex(then, f"{start}(.+)", target + rest),
        _line(then, NameMatch.EXACT, prefix, alone),
    ]


def _suffix_lines(then: Then, pattern: str, target: str, *, whole: bool) -> list[str]:
    bare, needs_label = pattern.lstrip("."), pattern.startswith(".")
    target = target.lstrip(".")
    if whole or then is Then.CONTINUE:
        # One line, because the result of a first one could match a second.
        labels = r"(.*\.)" if needs_label else r"((?:.*\.)?)"
        rest = "" if whole else "{1}"
        return [_regex(then, f"^{labels}{literal(bare)}", rest + target)]
    lines = [_line(then, NameMatch.SUFFIX, "." + bare, "." + target)]
    if not needs_label:
        lines.append(_line(then, NameMatch.EXACT, bare, target))
    return lines


def _whole_regex(then: Then, pattern: str, target: str) -> str:
    """Anchor a pattern; `{0}` is the host without the dot that CoreDNS would add."""
    if 0 in groups_in(target):
        return _regex(then, f"^({pattern})", shifted(target, 1))
    return _regex(then, f"^{pattern}", target)


def _regex(then: Then, start: str, target: str) -> str:
    return _line(then, NameMatch.REGEX, start + r"\.$", target)


def _line(then: Then, match: NameMatch, source: str, target: str) -> str:
    answer = "" if match is NameMatch.EXACT else " answer auto"
    return f"rewrite {then} name {match} {written(source)} {written(target)}{answer}"


def _write_sidecar(rule: SidecarRule, block: _Block, place: int) -> None:
    comment = "# the sidecar compares upper and lower case, CoreDNS does not"
    if rule.host != rule.host.lower() and not rule.regex:
        block.lines.append(comment)
    target = rule.result
    if is_address(target):
        block.entries.append((_ALIAS.format(place + 1), _ordered((target,))))
        target = _ALIAS.format(place + 1)
    if not rule.regex:
        block.lines.append(_line(Then.STOP, NameMatch.EXACT, rule.host, target))
        return
    refuse_choices(rule.host)
    pattern, target = f"(?:{before_end(rule.host)})", braces(target, rule.host)
    refuse_last_group(target)
    block.lines.append(_whole_regex(Then.STOP, pattern, target))


def _refuse_extras(rule: Override) -> None:
    reasons = [
        reason
        for reason, found in (
            ("matches a port", rule.port is not None),
            ("dials a port", any(t.port is not None for t in rule.targets)),
            ("names server_name", rule.server_name not in {None, ADVERTISED}),
            ("has otherwise", rule.otherwise is not None),
            ("has several names as targets", _several_names(rule)),
            (
                "goes on with an address",
                rule.then == Then.CONTINUE and rule.targets[0].is_address,
            ),
        )
        if found
    ]
    if reasons:
        raise InvalidOverride(f"it {', '.join(reasons)}; CoreDNS knows names only")
    refuse_odd_targets(rule)


def _several_names(rule: Override) -> bool:
    return len(rule.targets) > 1 and not all(t.is_address for t in rule.targets)


def _addresses(rule: Override) -> tuple[str, ...]:
    if not rule.targets[0].is_address:
        return ()
    return _ordered(tuple(target.host for target in rule.targets))


def _ordered(addresses: tuple[str, ...]) -> tuple[str, ...]:
    versions = [ip_address(address).version for address in addresses]
    if versions != sorted(versions):
        raise InvalidOverride("a hosts entry gives IPv4 before IPv6 addresses")
    if any("%" in address for address in addresses):
        raise InvalidOverride("a hosts entry has no IPv6 scope")
    return addresses


def _plain_entries(rules: Sequence[Rule]) -> bool:
    """Say whether addresses can be hosts entries of the matched names themselves."""
    exact = [
        rule
        for rule in rules
        if isinstance(rule, Override) and rule.kind is MatchKind.EXACT
    ]
    if len(exact) != len(rules):
        return False
    if len({exact_key(rule) for rule in exact}) != len(exact):
        return False  # two entries of one name would be joined
    names = {exact_key(rule) for rule in exact if rule.targets[0].is_address}
    return not any(
        (not rule.targets[0].is_address)
        and (rule.targets[0].host in names or exact_key(rule) in names)
        for rule in exact
    )


def _refuse_mixture(rules: Sequence[Rule]) -> Callable[[int], None]:
    """Prepare to refuse what the order of plugins or blocks would change."""
    kept = [rule for rule in rules if isinstance(rule, Rewrite | HostsEntry)]
    scopes = {rule.scope for rule in kept}
    if len(kept) < len(rules):
        scopes.add(EVERYWHERE)
    last_rewrite = {
        rule.scope: place
        for place, rule in enumerate(rules)
        if isinstance(rule, Rewrite)
    }
    overlapping = {scope for scope in scopes if _overlaps(scope, scopes)}

    def refuse(place: int) -> None:
        rule = rules[place]
        if not isinstance(rule, Rewrite | HostsEntry):
            return
        if rule.scope in overlapping:
            raise InvalidOverride("its server block overlaps that of another rule")
        if isinstance(rule, Rewrite):
            return
        if len(kept) < len(rules):
            raise InvalidOverride("CoreDNS would ask it about results of other rules")
        if last_rewrite.get(rule.scope, -1) > place:
            raise InvalidOverride("CoreDNS asks hosts entries after all rewrites")

    return refuse


def _overlaps(scope: Scope, scopes: set[Scope]) -> bool:
    """Say whether a block could not be told from the zones of all blocks."""
    owned = {zone for other in scopes - {scope} for zone in other.zones}
    known = owned.union(*(other.others for other in scopes))
    below = {
        zone
        for zone in known.difference(scope.zones)
        if any(not parent or zone.endswith("." + parent) for parent in scope.zones)
    }
    return bool(owned.intersection(scope.zones)) or below != set(scope.others)


def _needs_no_answer(rule: Rewrite) -> bool:
    return rule.match is NameMatch.EXACT or rule.replacement is None
