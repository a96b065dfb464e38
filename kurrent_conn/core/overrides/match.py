"""What a rule of our own language means: from a host to the hosts it sends to.

Each kind has one function that prepares all it can when the rules are loaded, so that
asking is cheap. Knows hosts; ports, chains and certificate names are for `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import assert_never

from kurrent_conn.core.endpoint import normalized_host
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.core.overrides.rule import MatchKind, Override
from kurrent_conn.core.overrides.target import Target
from kurrent_conn.errors import InvalidOverride

Hosts = tuple[str, ...]
"""One host for each target of a rule, in the rule's order."""

Matcher = Callable[[str], Hosts | None]
"""Takes a host in lower case without the trailing dot; None when it does not match."""

_Fill = Callable[[Target], str]


def matcher_of(rule: Override) -> Matcher:  # noqa: PLR0911 - one a kind
    """Prepare the matcher of a rule.

    Args:
        rule: A rule whose words are checked already.

    Raises:
        InvalidOverride: The pattern is no regex, wildcard or network, or a target
            refers to a group that the pattern does not have.
    """
    match rule.kind:
        case MatchKind.EXACT:
            return _exact(rule)
        case MatchKind.PREFIX:
            return _prefix(rule)
        case MatchKind.SUFFIX:
            return _suffix(rule)
        case MatchKind.SUBSTRING:
            return _substring(rule)
        case MatchKind.REGEX:
            return _regex(rule)
        case MatchKind.WILDCARD:
            return _wildcard(rule)
        case MatchKind.CIDR:
            return _cidr(rule)
        case _:
            assert_never(rule.kind)


def exact_key(rule: Override) -> str:
    """Give the host that an exact rule matches, as hosts are compared."""
    return normalized_host(rule.pattern.strip("[]"))


def _exact(rule: Override) -> Matcher:
    wanted = exact_key(rule)
    hosts = tuple(target.host for target in rule.targets)
    return lambda host: hosts if host == wanted else None


def _prefix(rule: Override) -> Matcher:
    start = rule.pattern.lower()
    targets = rule.targets

    def match(host: str) -> Hosts | None:
        if not host.startswith(start):
            return None
        rest = host[len(start) :]
        return _hosts(targets, lambda target: target.host + rest)

    return match


def _suffix(rule: Override) -> Matcher:
    # The boundary between two labels stays one, however the two sides are spelled:
    # ".a.test" -> "b.test" must not glue "x" and "b" together as CoreDNS does.
    pattern = normalized_host(rule.pattern)
    bare, needs_label = pattern.lstrip("."), pattern.startswith(".")
    end = "." + bare
    targets = rule.targets

    def match(host: str) -> Hosts | None:
        if host.endswith(end):
            rest = host[: -len(end)] + "."
        elif host == bare and not needs_label:
            rest = ""
        else:
            return None
        return _hosts(targets, lambda target: rest + target.host.lstrip("."))

    return match


def _substring(rule: Override) -> Matcher:
    part = rule.pattern.lower()
    targets = rule.targets

    def match(host: str) -> Hosts | None:
        if part not in host:
            return None
        return _hosts(targets, lambda target: host.replace(part, target.host))

    return match


def _regex(rule: Override) -> Matcher:
    pattern = compile_pattern(rule.pattern, fold_case=True)
    full, fill = pattern.full, _filler(rule, pattern.group_count)

    def match(host: str) -> Hosts | None:
        groups = full(host)
        return None if groups is None else fill(groups)

    return match


def _wildcard(rule: Override) -> Matcher:
    labels = normalized_host(rule.pattern).split(".")
    crowded = next((label for label in labels if label.count("*") > 1), None)
    if crowded is not None:
        raise InvalidOverride(
            f"the wildcard label {crowded!r} has several stars; write one a label, or "
            "a regex"
        )
    if not any("*" in label for label in labels):
        raise InvalidOverride(
            f'the wildcard {rule.pattern!r} has no star; write "*" or exact'
        )
    fill = _filler(rule, sum("*" in label for label in labels))
    parts = [label.partition("*") for label in labels]

    def match(host: str) -> Hosts | None:
        given = host.split(".")
        if len(given) != len(parts):
            return None
        groups = [host]
        for label, (before, star, after) in zip(given, parts, strict=True):
            if not star:
                if label != before:
                    return None
                continue
            if not (
                len(label) > len(before) + len(after)
                and label.startswith(before)
                and label.endswith(after)
            ):
                return None
            groups.append(label[len(before) : len(label) - len(after)])
        return fill(groups)

    return match


def _cidr(rule: Override) -> Matcher:
    try:
        network = ip_network(rule.pattern)
    except ValueError as error:
        raise InvalidOverride(
            f'the cidr {rule.pattern!r} is no network: {error}; write "10.0.0.0/8"'
        ) from None
    hosts = tuple(target.host for target in rule.targets)

    def match(host: str) -> Hosts | None:
        if ":" not in host and not host[-1:].isdigit():
            return None
        try:
            inside = ip_address(host) in network
        except ValueError:
            return None
        return hosts if inside else None

    return match


def _hosts(targets: tuple[Target, ...], part: _Fill) -> Hosts:
    return tuple(t.host if t.is_address else part(t) for t in targets)


def _filler(rule: Override, count: int) -> Callable[[Sequence[str]], Hosts]:
    """Prepare to put groups into the targets."""
    hosts = tuple(target.parts for target in rule.targets)
    for part in (part for parts in hosts for part in parts):
        if isinstance(part, int) and part > count:
            have = f"the groups {{0}} to {{{count}}}" if count else "no group"
            raise InvalidOverride(
                f"the target refers to {{{part}}}, but the pattern has {have}"
            )

    def fill(groups: Sequence[str]) -> Hosts:
        return tuple(
            "".join([part if isinstance(part, str) else groups[part] for part in parts])
            for parts in hosts
        )

    return fill
