r"""The overrides file: TOML, one `[[override]]` a rule, in order.

    [[override]]
    exact = "mydb-0.kurrent.test"     # or prefix suffix substring regex wildcard cidr
    port = 2113                       # optional: only this advertised port
    target = "127.0.0.1:21130"        # or a list, in order of preference
    server_name = "advertised"        # or "target", or a name
    then = "stop"                     # or "continue"
    otherwise = "advertised"          # optional

`rule.Override` says what each key means. Rules that were imported stand in the same
list and keep the semantics of their format, in the words of that format:

    [[override]]
    rewrite = "stop name suffix .kurrent.test .svc.cluster.local"   # after `rewrite`
    zones = ["kurrent.test"]          # optional: the server block's zones
    not_zones = ["dev.kurrent.test"]  # optional: zones below that other blocks serve

    [[override]]
    hosts = "*.kurrent.test"          # an entry of a hosts block; zones as above
    target = ["10.0.0.1", "10.0.0.2"]

    [[override]]
    sidecar = { host = 'db-([0-9]+)\.my', result = "db-${1}.svc", regex = true }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Final

from kurrent_conn.core.endpoint import normalized_host
from kurrent_conn.core.overrides.coredns import HostsEntry, Rewrite, Scope
from kurrent_conn.core.overrides.corefile_tokens import tokens_of
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rewrite_line import Line
from kurrent_conn.core.overrides.rule import MatchKind, Override
from kurrent_conn.core.overrides.sidecar import SidecarRule
from kurrent_conn.errors import InvalidOverride

_TABLE: Final = "override"
_STRINGS: Final = (*MatchKind, "server_name", "then", "otherwise")
_SCOPE: Final = ("zones", "not_zones")
_KEYS: Final = {
    "rewrite": ("rewrite", *_SCOPE),
    "hosts": ("hosts", "target", *_SCOPE),
    "sidecar": ("sidecar",),
}
OUR_KEYS: Final = (*_STRINGS, "port", "target")
_SIDECAR_KEYS: Final = ("host", "result", "regex")


def read_toml(text: str, source: str) -> tuple[Rule, ...]:
    """Read the rules of an overrides file.

    Args:
        text: The TOML text.
        source: Where it came from, for messages.

    Raises:
        InvalidOverride: It is no TOML, has a key that is not known, or a rule in it
            is wrong; it names the rule by its number.
    """
    try:
        document: Mapping[str, object] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidOverride(f"is not TOML: {error}", source) from None
    unknown = [key for key in document if key != _TABLE]
    if unknown:
        raise InvalidOverride(
            f"has the key {unknown[0]!r}; rules are [[{_TABLE}]] tables", source
        )
    tables = document.get(_TABLE, [])
    if not isinstance(tables, list):
        raise InvalidOverride(
            f"{_TABLE} is not a list of tables; write [[{_TABLE}]] with two brackets",
            source,
        )
    return tuple(_numbered(table, i, source) for i, table in enumerate(tables, 1))


def _numbered(table: object, number: int, source: str) -> Rule:
    try:
        return _rule(table)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, source, f"rule {number}") from None


def _rule(table: object) -> Rule:
    if not isinstance(table, dict):
        raise InvalidOverride(f"is not a table; write [[{_TABLE}]] above it")
    kind = next((kind for kind in _KEYS if kind in table), None)
    _refuse_unknown(table, OUR_KEYS if kind is None else _KEYS[kind])
    if kind == "rewrite":
        return _rewrite(table)
    if kind == "hosts":
        addresses = _list("target", table.get("target"))
        return HostsEntry(_string("hosts", table["hosts"]), addresses, _scope(table))
    if kind == "sidecar":
        return _sidecar(table["sidecar"])
    return Override(
        **{key: _string(key, table[key]) for key in _STRINGS if key in table},
        port=_port(table.get("port")),
        target=_list("target", table.get("target")),
    )


def _rewrite(table: Mapping[str, object]) -> Rewrite:
    words = [token.text for token in tokens_of(_string("rewrite", table["rewrite"]))]
    line = Line(words, _scope(table))
    if line.rule is None:
        raise InvalidOverride(line.note)
    return line.rule


def _sidecar(entry: object) -> SidecarRule:
    if not isinstance(entry, dict):
        raise InvalidOverride('sidecar is a table; write { host = "", result = "" }')
    _refuse_unknown(entry, _SIDECAR_KEYS)
    regex = entry.get("regex", False)
    if not isinstance(regex, bool):
        raise InvalidOverride(f"regex is true or false, not {regex!r}")
    return SidecarRule(
        _string("host", entry.get("host")),
        _string("result", entry.get("result")),
        regex,
    )


def _scope(table: Mapping[str, object]) -> Scope:
    zones = _list("zones", table.get("zones", "."))
    others = _list("not_zones", table.get("not_zones", []))
    return Scope(
        tuple(map(normalized_host, zones)), tuple(map(normalized_host, others))
    )


def _refuse_unknown(table: Mapping[str, object], keys: Iterable[str]) -> None:
    for key in table:
        if key not in keys:
            raise InvalidOverride(
                f"the key {key!r} is not known here; there are {', '.join(keys)}"
            )


def _string(key: str, value: object) -> str:
    if not isinstance(value, str):
        given = "absent" if value is None else f"not {value!r}"
        raise InvalidOverride(f"{key} is a string in quotes, {given}")
    return value


def _port(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidOverride(f"port is a number without quotes, not {value!r}")


def _list(key: str, value: object) -> tuple[str, ...]:
    if value is None:
        raise InvalidOverride(f'there is no {key}; write {key} = "host:port"')
    if isinstance(value, list):
        return tuple(_string(key, each) for each in value)
    return (_string(key, value),)
