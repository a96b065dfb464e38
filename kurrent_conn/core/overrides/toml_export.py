"""Writes rules of any kind as an overrides file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from kurrent_conn.core.overrides.coredns import HostsEntry, Rewrite, Scope
from kurrent_conn.core.overrides.corefile_export import rewrite_words
from kurrent_conn.core.overrides.plan import label
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rule import Override, Then
from kurrent_conn.core.overrides.sidecar import SidecarRule
from kurrent_conn.errors import InvalidOverride

_PLAIN: Final = re.compile(r"[^\\\"\x00-\x1f\x7f]*")
_LITERAL: Final = re.compile(r"[^'\x00-\x1f\x7f]*")
_ESCAPED: Final = re.compile(r"[\\\"\x00-\x1f\x7f]")


def write_toml(rules: Sequence[Rule]) -> str:
    """Write rules as TOML.

    Args:
        rules: The rules in their order.

    Raises:
        InvalidOverride: A rewrite rule, made in Python, holds what no Corefile line
            can hold.
    """
    tables: list[str] = []
    for place, rule in enumerate(rules):
        try:
            lines = "".join(f"{key} = {value}\n" for key, value in _pairs(rule))
        except InvalidOverride as error:
            raise InvalidOverride(error.problem, rule=label(place, rule)) from None
        tables.append(f"[[override]]\n{lines}")
    return "\n".join(tables) or "# no rules\n"


def _pairs(rule: Rule) -> Iterator[tuple[str, str]]:
    match rule:
        case Override():
            yield from _override(rule)
        case Rewrite():
            yield "rewrite", _string(rewrite_words(rule))
            yield from _scope(rule.scope)
        case HostsEntry():
            yield "hosts", _string(rule.name)
            yield "target", _strings(rule.addresses)
            yield from _scope(rule.scope)
        case SidecarRule():
            regex = ", regex = true" if rule.regex else ""
            host, result = _string(rule.host), _string(rule.result)
            yield "sidecar", f"{{ host = {host}, result = {result}{regex} }}"
        case _:
            assert_never(rule)


def _override(rule: Override) -> Iterator[tuple[str, str]]:
    yield rule.kind, _string(rule.pattern)
    if rule.port is not None:
        yield "port", str(rule.port)
    targets = tuple(rule.target)
    yield "target", _string(targets[0]) if len(targets) == 1 else _strings(targets)
    if rule.server_name is not None:
        yield "server_name", _string(rule.server_name)
    if rule.then == Then.CONTINUE:
        yield "then", _string(rule.then)
    if rule.otherwise is not None:
        yield "otherwise", _string(rule.otherwise)


def _scope(scope: Scope) -> Iterator[tuple[str, str]]:
    if scope.zones != ("",):
        yield "zones", _strings(tuple(zone or "." for zone in scope.zones))
    if scope.others:
        yield "not_zones", _strings(scope.others)


def _strings(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_string, texts))}]"


def _string(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    if _LITERAL.fullmatch(text):
        return f"'{text}'"
    return '"' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'
