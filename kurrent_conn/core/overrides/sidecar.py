"""Rules of the operator's SplitDNS sidecar: its values, and what they mean.

Its semantics differ from ours: names are compared with their case, and a regex matches
when its *leftmost-first* match happens to be the whole name, so `a|ab` misses "ab".

Source: dns-sidecar 1f8ac8a5, `dns/dns.go` (MakeLookupFunc); Go's `regexp.Expand`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.overrides.regex import Pattern, compile_pattern
from kurrent_conn.errors import InvalidOverride

Lookup = Callable[[str], str | None]
"""Takes a host without the trailing dot, in its own case."""

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_FIELDS: Final = {"host": str, "result": str, "regex": bool}


@dataclass(frozen=True, slots=True)
class SidecarRule:
    """One entry of the sidecar's `rules`.

    Args:
        host: The whole name, or a pattern for it.
        result: An address or a name; with `regex` it may hold `$1`, `${1}`, `${name}`.
        regex: Whether `host` is a pattern.
    """

    host: str
    result: str
    regex: bool = False

    def __str__(self) -> str:
        """Write the rule on one line."""
        kind = "sidecar regex" if self.regex else "sidecar"
        return f'{kind} "{self.host}" -> {self.result}'


def lookup_of(rule: SidecarRule) -> Lookup:
    """Prepare what a rule answers for a host.

    Args:
        rule: The rule.

    Raises:
        InvalidOverride: Its pattern is not RE2.
    """
    if not rule.regex:
        return lambda host: rule.result if host == rule.host else None
    pattern = compile_pattern(rule.host)
    search, parts = pattern.search, template(rule.result, pattern)

    def lookup(host: str) -> str | None:
        groups = search(host)
        if groups is None or groups[0] != host:
            return None
        return "".join(
            part if isinstance(part, str) else groups[part] for part in parts
        )

    return lookup


def read_sidecar(text: str, source: str) -> tuple[SidecarRule, ...]:
    """Read the sidecar's configuration; only its `rules` matter to us.

    Keys are read in any case and unknown ones are ignored, as Go's decoder does.

    Args:
        text: The JSON text.
        source: Where it came from, for messages.

    Raises:
        InvalidOverride: It is no JSON object with a list of rules, or a field has
            the wrong type.
    """
    try:
        document: object = json.loads(
            text, object_pairs_hook=_folded, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidOverride(f"is not JSON: {error}", source) from None
    if not isinstance(document, dict) or "rules" not in document:
        raise InvalidOverride(
            'has no rules; write {"rules": [{"host": "...", "result": "..."}]}', source
        )
    rules: object = document["rules"]
    if not isinstance(rules, list):
        raise InvalidOverride("rules is not a list; write [...]", source)
    return tuple(_rule(each, i, source) for i, each in enumerate(rules, 1))


def _rule(entry: object, number: int, source: str) -> SidecarRule:
    label = f"rule {number}"
    if entry is None:
        entry = {}
    if not isinstance(entry, dict):
        raise InvalidOverride('is no object; write {"host": ...}', source, label)
    for name, kind in _FIELDS.items():
        value: object = entry.get(name)
        if value is not None and not isinstance(value, kind):
            word = "true or false" if kind is bool else "a string"
            raise InvalidOverride(f"{name} is {word}, not {value!r}", source, label)
    return SidecarRule(
        host=str(entry.get("host") or ""),
        result=str(entry.get("result") or ""),
        regex=bool(entry.get("regex")),
    )


def _folded(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {key.lower(): value for key, value in pairs if value is not None}


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def template(text: str, pattern: Pattern) -> tuple[str | int, ...]:
    """Part a result into texts and the numbers of groups.

    Args:
        text: The result of a rule with a regex.
        pattern: The rule's pattern.
    """
    # Go: `$name` takes as many letters, digits and underscores as it can, so `$1x` is
    # the group "1x"; a group that does not exist is empty; a `$` that starts no
    # reference is itself.
    parts: list[str | int] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[end : found.start()])
        parts.append("$" if found[1] else _group(found[2] or found[3], pattern))
        end = found.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def _group(name: str, pattern: Pattern) -> str | int:
    if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
        number = int(name)
        return number if number <= pattern.group_count else ""
    return pattern.names.get(name, "")
