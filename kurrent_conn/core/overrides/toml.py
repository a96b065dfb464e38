"""The overrides file: TOML, one `[[override]]` a rule, in order.

    [[override]]
    exact = "mydb-0.kurrent.test"     # or prefix suffix substring regex wildcard cidr
    port = 2113                       # optional: only this advertised port
    target = "127.0.0.1:21130"        # or a list, in order of preference
    server_name = "advertised"        # or "target", or a name
    then = "stop"                     # or "continue"
    otherwise = "advertised"          # optional

`rule.Override` says what each key means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Final

from kurrent_conn.core.overrides.rule import MatchKind, Override
from kurrent_conn.errors import InvalidOverride

_TABLE: Final = "override"
_STRINGS: Final = (*MatchKind, "server_name", "then", "otherwise")
_KEYS: Final = (*_STRINGS, "port", "target")


def read_toml(text: str, source: str) -> tuple[Override, ...]:
    """Read the rules of an overrides file.

    Args:
        text: The TOML text.
        source: Where it came from, for messages.

    Raises:
        InvalidOverride: It is no TOML, has a key that is not known, or a rule in it
            is wrong.
    """
    try:
        document: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
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


def _numbered(table: object, number: int, source: str) -> Override:
    label = f"rule {number}"
    try:
        return _rule(table)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, source, label) from None


def _rule(table: object) -> Override:
    if not isinstance(table, dict):
        raise InvalidOverride(f"is not a table; write [[{_TABLE}]] above it")
    for key in table:
        if key not in _KEYS:
            raise InvalidOverride(
                f"the key {key!r} is not known; there are {', '.join(_KEYS)}"
            )
    words = {key: _string(key, table[key]) for key in _STRINGS if key in table}
    return Override(
        **words,
        port=_port(table.get("port")),
        target=_targets(table.get("target")),
    )


def _string(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidOverride(f"{key} is a string in quotes, not {value!r}")
    return value


def _port(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidOverride(f"port is a number without quotes, not {value!r}")


def _targets(value: object) -> tuple[str, ...]:
    if value is None:
        raise InvalidOverride('there is no target; write target = "host:port"')
    if isinstance(value, list):
        return tuple(_string("target", each) for each in value)
    return (_string("target", value),)
