"""What a `rewrite` line and a `hosts` entry mean, exactly as CoreDNS has it.

Names are compared in lower case *with* the trailing dot, and that dot takes part: FROM
and TO get one too. Hence `prefix foo bar` matches whole leading labels only, and
`substring a.b x` matches only where a label ends after `b`.

Source: CoreDNS 4b26cced, `plugin/rewrite/name.go` and `plugin/hosts/hostsfile.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, assert_never

from kurrent_conn.core.overrides.coredns import HostsEntry, NameMatch, Rewrite
from kurrent_conn.core.overrides.regex import Groups, compile_pattern
from kurrent_conn.errors import InvalidOverride

Rename = Callable[[str], str | None]
"""Takes a name in lower case with the trailing dot; None when it does not match."""

_HIGHEST_GROUP: Final = 100
"""CoreDNS looks for `{0}` to `{100}` when it counts what TO uses."""

_SPECIAL: Final = re.compile(r"\\([0-9]{3})|\\(.)|[ '@;()\"\\]|[^!-~]", re.DOTALL)
_ESCAPED_BY_BACKSLASH: Final = frozenset(". '@;()\"\\")


def fully_qualified(name: str) -> str:
    """Give a name as the rewrite plugin compares it: lower case, with the dot.

    Args:
        name: FROM or TO, as written.
    """
    ended = name.endswith(".") and not _ends_in_escape(name[:-1])
    return (name if ended else name + ".").lower()


def asked_name(host: str) -> str:
    """Give the name that CoreDNS sees when somebody asks for a host.

    Characters that are special in a zone file arrive escaped; a host that is written
    with escapes keeps those that are needed.

    Args:
        host: The host, in lower case without the trailing dot.

    Source: miekg/dns 1.1.72, `types.go` (sprintName).
    """
    return _SPECIAL.sub(_escaped, host).lower() + "."


def rename_of(rule: Rewrite) -> Rename:
    """Prepare what a rewrite line does to a name.

    A rule of another field gives the name itself when it matches.

    Args:
        rule: The line.

    Raises:
        InvalidOverride: CoreDNS refuses it: a pattern is not RE2, or TO uses more
            groups than FROM has.
    """
    if rule.match is NameMatch.REGEX:
        return _regex(rule)
    source = fully_qualified(rule.source)
    target = source if rule.replacement is None else fully_qualified(rule.replacement)
    match rule.match:
        case NameMatch.EXACT:
            if rule.replacement is not None:
                _check_exact(source, target)
            return lambda name: target if name == source else None
        case NameMatch.PREFIX:
            return lambda name: (
                target + name[len(source) :] if name.startswith(source) else None
            )
        case NameMatch.SUFFIX:
            return lambda name: (
                name[: -len(source)] + target if name.endswith(source) else None
            )
        case NameMatch.SUBSTRING:
            return lambda name: name.replace(source, target) if source in name else None
        case _:
            assert_never(rule.match)


def names_entry(entry: HostsEntry) -> Callable[[str], bool]:
    """Prepare the test whether a hosts entry is about a name.

    Args:
        entry: The entry; a `*` as its leftmost label stands for one label.
    """
    wanted = fully_qualified(entry.name)
    if not wanted.startswith("*."):
        return lambda name: name == wanted
    rest = wanted[2:]
    return lambda name: name.partition(".")[2] == rest


def check_groups(pattern_groups: int, target: str) -> None:
    """Refuse a TO that uses more distinct groups than its pattern has.

    CoreDNS counts distinct references, not the highest: `{2}` alone passes with one
    group, and stays in the result as text.

    Args:
        pattern_groups: How many groups the pattern has.
        target: TO, as written.

    Raises:
        InvalidOverride: It uses more.
    """
    used = sum(f"{{{number}}}" in target for number in range(_HIGHEST_GROUP + 1))
    if used > pattern_groups:
        raise InvalidOverride(
            f"{target!r} uses {used} groups, but its pattern has {pattern_groups}; "
            "put what {1} stands for into parentheses"
        )


def substituted(target: str, groups: Groups) -> str:
    """Put groups into TO, one number after the other as CoreDNS does.

    Args:
        target: TO, normalised.
        groups: The whole match, then each group.
    """
    for number, group in enumerate(groups):
        target = target.replace(f"{{{number}}}", group)
    return target


def _regex(rule: Rewrite) -> Rename:
    pattern = compile_pattern(rule.source)
    search = pattern.search
    if rule.replacement is None:
        return lambda name: None if search(name) is None else name
    check_groups(pattern.group_count, rule.replacement)
    target = fully_qualified(rule.replacement)

    def rename(name: str) -> str | None:
        groups = search(name)
        return None if groups is None else substituted(target, groups)

    return rename


def _check_exact(source: str, target: str) -> None:
    # CoreDNS compiles TO of an exact rule as a pattern and counts what FROM uses: two
    # swapped arguments, kept here because a Corefile that it refuses must be refused.
    # Plain names pass without google-re2.
    if re.fullmatch(r"[a-z0-9_.-]*", target) and "{" not in source:
        return
    check_groups(compile_pattern(target).group_count, source)


def _ends_in_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _escaped(found: re.Match[str]) -> str:
    number, character = found[1], found[2] or found[0]
    if number is not None:
        character = chr(int(number))
    if character in _ESCAPED_BY_BACKSLASH:
        return "\\" + character
    if "!" <= character <= "~":
        return character
    octets = bytes([int(number) % 256]) if number is not None else character.encode()
    return "".join(f"\\{octet:03d}" for octet in octets)
