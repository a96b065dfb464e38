"""How Node reads a connection string: a chain of regular expressions.

The client parses the string twice, here and in a Rust bridge that it uses for reads;
this is the first half, `rust` is the other.

Source: KurrentDB-Client-NodeJS 8c95da3, `Client/parseConnectionString.ts`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from kurrent_conn.core.client_readings import number
from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    Fact,
    FileCheck,
    OptionValue,
    Refusal,
    Seed,
)
from kurrent_conn.core.client_readings.option import (
    PREFERENCES,
    Known,
    Table,
    defaults,
    exact_flag,
    milliseconds,
    seconds,
    table,
)
from kurrent_conn.core.endpoint import DEFAULT_PORT

SOURCE: Final = "KurrentDB-Client-NodeJS, Client/parseConnectionString.ts"

_SCHEMES: Final = frozenset({"esdb", "kurrentdb", "kdb", "kurrent"})
_DISCOVER: Final = "+discover"
_ENDS_HOST: Final = re.compile(r"""[$+!?*'(),;\[\]{}|"%~#<>=&]""")
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_ENDS_VALUE: Final = re.compile("[&?]")
_DNS_DISCOVER: Final = "dnsDiscover"


def _flat(key: str) -> str:
    return key.strip().lower().replace("_", "").replace("-", "")


def _preference(value: str) -> str:
    if _flat(value) not in PREFERENCES:
        raise Refusal("no node preference that it knows")
    return _flat(value)


def _decode(encoded: str) -> str:
    if _BROKEN_ESCAPE.search(encoded):
        raise Refusal("a '%' is no escape")
    decoded = unquote_to_bytes(encoded).decode(errors="replace")
    if "\N{REPLACEMENT CHARACTER}" in decoded.replace("%EF%BF%BD", ""):
        raise Refusal("percent-encoded bytes are no UTF-8")
    return decoded


def _or_off(value: str) -> float | None:
    ms = number.node(value)
    return None if ms == -1 else ms / 1_000


_KNOWN: Final[Table] = table(
    Known("userCertFile", None, _decode),
    Known("userKeyFile", None, _decode),
    Known("maxDiscoverAttempts", 10, number.node),
    Known("connectionName", None, _decode),
    Known("defaultDeadline", 10.0, milliseconds(number.node)),
    Known("discoveryInterval", 0.1, milliseconds(number.node)),
    Known("gossipTimeout", 5.0, seconds(number.node)),
    Known("nodePreference", "leader", _preference),
    Known("tls", True, exact_flag),
    Known("tlsVerifyCert", True, exact_flag),
    Known("tlsCaFile", None, _decode),
    Known("throwOnAppendFailure", True, exact_flag),
    Known("keepAliveInterval", 10.0, _or_off),
    Known("keepAliveTimeout", 10.0, _or_off),
)

_CUT_AT_COLON: Final = Fact("a password ends at its first ':'", SOURCE)
_SLASH_KEPT: Final = Fact("a '/' before the '?' becomes a part of the host", SOURCE)
_FIRST_AT: Final = Fact(
    "everything before the first '@' that follows a ':' is taken for userinfo", SOURCE
)
_LONE_USER: Final = Fact("a user name without a password is taken for the host", SOURCE)
_SECONDS: Final = Fact("gossipTimeout is in seconds", SOURCE)
_NUMBER_PREFIX: Final = Fact("what follows the digits of a number is dropped", SOURCE)
_NO_VERIFY: Final = Fact(
    "tlsVerifyCert is read but has no effect outside of the Rust bridge", SOURCE
)


def read(string: str, _exists: FileCheck) -> Accepted:
    """Read as Node does.

    Args:
        string: The connection string.

    Raises:
        Refusal: The client raises.
    """
    scheme, found, rest = string.strip().rstrip("/").partition("://")
    discover = scheme.endswith(_DISCOVER)
    if not found or scheme.removesuffix(_DISCOVER) not in _SCHEMES:
        raise Refusal("the scheme is unknown, or not in lower case")
    username, password, cut, rest = _credentials(rest)
    hosts, rest = _hosts(rest)
    given, ignored = _options(rest)
    overruled = given.pop(_DNS_DISCOVER, discover)
    values = defaults(_KNOWN) | given
    if values["tlsVerifyCert"] is False:
        values["tlsVerifyCert"] = True
    lone_user = username is None and "@" in hosts[0].host
    return Accepted(
        client=Client.NODE,
        hosts=hosts,
        username=username,
        password=password,
        tls=values["tls"] is True,
        discover=overruled is True,
        values=values,
        ignored=ignored,
        facts=_facts(hosts, cut=cut, lone_user=lone_user),
    )


def _facts(hosts: tuple[Seed, ...], *, cut: bool, lone_user: bool) -> dict[str, Fact]:
    slash = any("/" in seed.host for seed in hosts)
    credentials = _LONE_USER if lone_user else _FIRST_AT
    return {
        "hosts": _SLASH_KEPT if slash else credentials,
        "username": credentials,
        "password": _CUT_AT_COLON if cut else credentials,
        "gossipTimeout": _SECONDS,
        "tlsVerifyCert": _NO_VERIFY,
        **dict.fromkeys(
            (
                "maxDiscoverAttempts",
                "defaultDeadline",
                "discoveryInterval",
                "keepAliveInterval",
                "keepAliveTimeout",
            ),
            _NUMBER_PREFIX,
        ),
    }


def _credentials(rest: str) -> tuple[str | None, str | None, bool, str]:
    colon = rest.find(":")
    at = rest.find("@", colon + 1)
    if colon < 1 or at <= colon + 1:
        return None, None, False, rest
    username, password, *more = rest[:at].strip().split(":")
    return _decode(username), _decode(password), bool(more), rest[at + 1 :]


def _hosts(rest: str) -> tuple[tuple[Seed, ...], str]:
    seeds: list[Seed] = []
    position = 0
    while position < len(rest):
        found = _ENDS_HOST.search(rest, position)
        end = found.start() if found else len(rest)
        if end == position:
            break
        seeds.append(_seed(rest[position:end]))
        position = end + 1 if rest[end : end + 1] == "," else end
    if not seeds:
        raise Refusal("there is no host")
    return tuple(seeds), rest[position:]


def _seed(part: str) -> Seed:
    host, *ports = part.strip().split(":")
    if len(ports) > 1:
        raise Refusal("a host has two colons")
    return Seed(host, number.node(ports[0]) if ports else DEFAULT_PORT)


def _options(rest: str) -> tuple[dict[str, OptionValue], tuple[str, ...]]:
    given: dict[str, OptionValue] = {}
    ignored: list[str] = []
    position, separator = 0, "?"
    while position < len(rest):
        key, value, position = _pair(rest, position, separator)
        separator = "&"
        known = _KNOWN.get(_flat(key))
        if known is not None:
            given[known.name] = known.take(value.strip())
        elif key == _DNS_DISCOVER:
            given[key] = exact_flag(value.strip())
        else:
            ignored.append(key)
    return given, tuple(ignored)


def _pair(rest: str, position: int, separator: str) -> tuple[str, str, int]:
    equals = rest.find("=", position)
    if rest[position] != separator or equals <= position + 1:
        raise Refusal("an option is not key=value, or another separator is used")
    ends = _ENDS_VALUE.search(rest, equals + 1)
    end = ends.start() if ends else len(rest)
    if end == equals + 1:
        raise Refusal("an option is empty")
    return rest[position + 1 : equals], rest[equals + 1 : end], end
