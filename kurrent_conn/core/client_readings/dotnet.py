"""How .NET reads a connection string: cut by hand, nothing decoded.

Source for every rule: KurrentDB-Client-Dotnet 4ff0ba9,
`Core/KurrentDBClientSettings.ConnectionString.cs`.
"""

from __future__ import annotations

from typing import Final

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
    Known,
    Table,
    defaults,
    flag,
    milliseconds,
    or_off,
    preference,
    require_both,
    require_files,
    table,
    text,
)
from kurrent_conn.core.endpoint import DEFAULT_PORT, MAX_PORT

SOURCE: Final = "KurrentDB-Client-Dotnet, KurrentDBClientSettings.ConnectionString.cs"

_SCHEMES: Final = frozenset({"esdb", "kdb", "kurrent", "kurrentdb"})
_DISCOVER: Final = "+discover"


def _bool(value: str) -> bool:
    return flag(value.strip("\t\n\v\f\r \0"))


_KNOWN: Final[Table] = table(
    Known("connectionName", None, text),
    Known("maxDiscoverAttempts", 10, number.dotnet),
    Known("discoveryInterval", 0.1, milliseconds(number.dotnet)),
    Known("gossipTimeout", 5.0, milliseconds(number.dotnet)),
    Known("nodePreference", "leader", preference),
    Known("tls", True, _bool),
    Known("tlsVerifyCert", True, _bool),
    Known("tlsCaFile", None, text),
    Known("defaultDeadline", 10.0, milliseconds(number.dotnet)),
    Known("throwOnAppendFailure", True, _bool),
    Known("keepAliveInterval", 10.0, or_off(number.dotnet)),
    Known("keepAliveTimeout", 10.0, or_off(number.dotnet)),
    Known("userCertFile", None, text),
    Known("userKeyFile", None, text),
)

_VERBATIM: Final = Fact("percent-encoding is not decoded", SOURCE)
FIRST_AT: Final = Fact("everything before the first '@' is taken for userinfo", SOURCE)
_SCHEME_CASE: Final = Fact("+discover counts in lower case only", SOURCE)
_VERBATIM_OPTIONS: Final = (
    "connectionName",
    "tlsCaFile",
    "userCertFile",
    "userKeyFile",
)


def read(string: str, exists: FileCheck) -> Accepted:
    """Read as .NET does.

    Args:
        string: The connection string.
        exists: Whether a file is there; this client opens them while parsing.

    Raises:
        Refusal: The client raises.
    """
    scheme, found, rest = string.partition("://")
    if not found:
        raise Refusal("there is no ://")
    base = scheme.lower().removesuffix(_DISCOVER)
    if base not in _SCHEMES:
        raise Refusal("the scheme is unknown")
    userinfo, at, after = rest.partition("@")
    username, password = _credentials(userinfo) if at else (None, None)
    authority, query = _cut_path(after if at else rest)
    hosts = tuple(map(_seed, authority.split(",")))
    values = defaults(_KNOWN) | _options(query)
    require_files(values, ("tlsCaFile",), exists)
    require_both(values)
    require_files(values, ("userCertFile", "userKeyFile"), exists)
    return Accepted(
        client=Client.DOTNET,
        hosts=hosts,
        username=username,
        password=password,
        tls=values["tls"] is True,
        discover=scheme.endswith(_DISCOVER),
        values=values,
        facts={
            "hosts": FIRST_AT,
            "username": FIRST_AT if "/" in userinfo or "?" in userinfo else _VERBATIM,
            "password": _VERBATIM,
            "discover": _SCHEME_CASE,
            **dict.fromkeys(_VERBATIM_OPTIONS, _VERBATIM),
        },
    )


def _credentials(userinfo: str) -> tuple[str, str]:
    username, colon, password = userinfo.partition(":")
    if not colon or ":" in password:
        raise Refusal("what stands before the first '@' has not exactly one ':'")
    return username, password


def _cut_path(text_after: str) -> tuple[str, str | None]:
    before, mark, query = text_after.partition("?")
    authority, slash, path = before.partition("/")
    if slash and path:
        raise Refusal("there is a path")
    return authority, query if mark else None


def _seed(part: str) -> Seed:
    host, colon, port_text = part.partition(":")
    if not host or ":" in port_text:
        raise Refusal("a host is empty or has two colons")
    port = number.dotnet(port_text) if colon else DEFAULT_PORT
    if not 0 <= port <= MAX_PORT:
        raise Refusal("a port is out of range")
    return Seed(host, port)


def _options(query: str | None) -> dict[str, OptionValue]:
    given: dict[str, OptionValue] = {}
    for pair in query.split("&") if query is not None else ():
        key, equals, value = pair.partition("=")
        if not equals or "=" in value:
            raise Refusal("an option has not exactly one '='")
        known = _KNOWN.get(key.lower())
        if known is None:
            raise Refusal("an option is unknown to it")
        if known.name in given:
            raise Refusal(f"{known.name} is given twice")
        given[known.name] = known.take(value)
    return given
