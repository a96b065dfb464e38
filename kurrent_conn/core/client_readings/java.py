"""How Java reads a connection string: `java.net.URL`, with a second try for seeds.

When the URL does not parse and holds a comma, every comma of the *whole* string becomes
a `/`, and the path's segments are the other seeds.

Source: KurrentDB-Client-Java 06ed98a, `KurrentDBConnectionString.java` and
`ConnectionSettingsBuilder.java`; OpenJDK, `java.net.URLStreamHandler.parseURL`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import unquote_plus

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
    table,
    text,
)
from kurrent_conn.core.connection_string.host import is_ipv6
from kurrent_conn.core.endpoint import DEFAULT_PORT

SOURCE: Final = "KurrentDB-Client-Java, ConnectionSettingsBuilder.java"
_URL_SOURCE: Final = "KurrentDB-Client-Java, KurrentDBConnectionString.java"
_HEADER_SOURCE: Final = "KurrentDB-Client-Java, UserCredentials.java"

_SCHEMES: Final = frozenset(
    {
        "esdb",
        "esdb+discover",
        "kurrent+discover",
        "kdb",
        "kdb+discover",
        "kurrentdb",
        "kurrentdb+discover",
    }
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*")
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_TRIMMED: Final = "".join(map(chr, range(0x21)))
_NO_PORT: Final = -1
_SHORTEST_BRACKETED: Final = 3


def _path(value: str) -> str:
    if not value:
        raise Refusal("empty")
    return value


_long = partial(number.java, largest=number.INT64_MAX)


def _count(value: str) -> int:
    count = number.java(value)
    if count < 0:
        raise Refusal("below 0")
    return count


_KNOWN: Final[Table] = table(
    Known("nodePreference", "leader", preference),
    Known("maxDiscoverAttempts", 3, _count),
    Known("discoveryInterval", 0.5, milliseconds(number.java, least=0)),
    Known("gossipTimeout", 3.0, milliseconds(number.java, least=0)),
    Known("dnsDiscover", False, flag),
    Known("tls", True, flag),
    Known("tlsVerifyCert", True, flag),
    Known("keepAliveTimeout", 10.0, or_off(_long)),
    Known("keepAliveInterval", 10.0, or_off(_long)),
    Known("defaultDeadline", 10.0, milliseconds(_long, least=1)),
    Known("tlsCaFile", None, _path),
    Known("userCertFile", None, _path),
    Known("userKeyFile", None, _path),
    Known("feature", None, text),
)
_CASE_KEPT: Final = frozenset({"tlsCaFile", "userCertFile", "userKeyFile"})

_FORM_DECODED: Final = Fact("credentials are form-decoded: '+' is a blank", SOURCE)
_ASCII: Final = Fact(
    "credentials are sent as ASCII: other characters become '?'", _HEADER_SOURCE
)
_REWRITTEN: Final = Fact(
    "commas of the whole string become '/' when there are several ports", _URL_SOURCE
)
_PORT_LOST: Final = Fact(
    "the port of the last of several hosts is dropped when it is the only one",
    _URL_SOURCE,
)
_LAST_WINS: Final = Fact(
    "a value is cut at its second '='; the last of two counts", SOURCE
)
_VERBATIM: Final = Fact("options are not percent-decoded", SOURCE)
_OVERRULES: Final = Fact("dnsDiscover overrules the scheme", SOURCE)
_EMPTY_SKIPPED: Final = Fact("an option without a value is skipped", SOURCE)


class _MalformedUrl(Exception):
    """`java.net.MalformedURLException`: the one error that leads to the second try."""


@dataclass(frozen=True, slots=True, repr=False)
class _Url:
    scheme: str
    userinfo: str | None
    host: str
    port: int
    path: str
    query: str | None


def read(string: str, _exists: FileCheck) -> Accepted:
    """Read as Java does.

    Args:
        string: The connection string.

    Raises:
        Refusal: The client raises.
    """
    url, rewritten = _url_of(string)
    username, password = _credentials(url.userinfo)
    hosts = _rewritten_hosts(url) if rewritten else None
    if url.scheme not in _SCHEMES:
        raise Refusal("the scheme is unknown; it does not know kurrent:// either")
    if hosts is None:
        hosts = _hosts(url)
    given, ignored = _options(url.query)
    discover = given.pop("dnsDiscover", url.scheme.endswith("+discover"))
    values = defaults(_KNOWN) | given
    require_both(values)
    return Accepted(
        client=Client.JAVA,
        hosts=hosts,
        username=username,
        password=password,
        tls=values["tls"] is True,
        discover=discover is True,
        values=values,
        ignored=ignored,
        facts=_facts(url, rewritten=rewritten),
    )


def _facts(url: _Url, *, rewritten: bool) -> dict[str, Fact]:
    userinfo = url.userinfo or ""
    credentials = _FORM_DECODED if "+" in userinfo else _ASCII
    return {
        "hosts": _REWRITTEN if rewritten else _PORT_LOST,
        "username": credentials,
        "password": credentials,
        "discover": _OVERRULES,
        "tls": _EMPTY_SKIPPED,
        **{
            name: _VERBATIM if name in _CASE_KEPT else _LAST_WINS
            for name in defaults(_KNOWN)
            if name != "tls"
        },
    }


def _url_of(string: str) -> tuple[_Url, bool]:
    url = _parse_or_none(string)
    if url is not None:
        return url, False
    url = _parse_or_none(string.replace(",", "/")) if "," in string else None
    if url is None:
        raise Refusal("it is no java.net.URL: a scheme or a port is malformed")
    return url, True


def _parse_or_none(string: str) -> _Url | None:
    try:
        return _parse_url(string)
    except (_MalformedUrl, Refusal):
        return None


def _parse_url(string: str) -> _Url:
    spec = string.strip(_TRIMMED)
    if spec[:4].lower() == "url:":
        spec = spec[4:]
    scheme, colon, rest = spec.partition(":")
    if not colon or "/" in scheme or not _SCHEME.fullmatch(scheme):
        raise _MalformedUrl
    rest = rest.partition("#")[0]
    before, mark, query = rest.partition("?")
    userinfo: str | None = None
    host, port, path = "", _NO_PORT, before
    if before.startswith("//") and not before.startswith("////"):
        authority, slash, tail = before[2:].partition("/")
        path = slash + tail
        userinfo, host, port = _parse_authority(authority)
    return _Url(scheme.lower(), userinfo, host, port, path, query if mark else None)


def _parse_authority(authority: str) -> tuple[str | None, str, int]:
    userinfo, at, host = authority.partition("@")
    if not at:
        userinfo, host = "", authority
    elif "@" in host:
        # Not "server based" in the words of the JDK: neither userinfo nor host.
        return None, "", _NO_PORT
    if host.startswith("["):
        name, port = _parse_bracketed(host)
    else:
        name, colon, port_text = host.partition(":")
        port = number.java(port_text) if colon and port_text else _NO_PORT
    if port < _NO_PORT:
        raise _MalformedUrl
    return userinfo if at else None, name, port


def _parse_bracketed(host: str) -> tuple[str, int]:
    end = host.find("]")
    if end < _SHORTEST_BRACKETED or not is_ipv6(host[1:end].partition("%")[0]):
        raise _MalformedUrl
    rest = host[end + 1 :]
    if rest and not rest.startswith(":"):
        raise _MalformedUrl
    port = number.java(rest[1:]) if rest[1:] else _NO_PORT
    return host[: end + 1], port


def _credentials(userinfo: str | None) -> tuple[str | None, str | None]:
    if not userinfo:
        return None, None
    username, colon, password = userinfo.partition(":")
    if not colon:
        return _ascii(username), ""
    return _ascii(_form_decode(username)), _ascii(_form_decode(password))


def _form_decode(encoded: str) -> str:
    if _BROKEN_ESCAPE.search(encoded):
        raise Refusal("a '%' in the credentials is no escape")
    return unquote_plus(encoded)


def _ascii(decoded: str) -> str:
    return decoded.encode("ascii", errors="replace").decode("ascii")


def _hosts(url: _Url) -> tuple[Seed, ...]:
    if url.path not in {"", "/"}:
        raise Refusal("there is a path")
    if not url.host:
        raise Refusal("there is no host, or there are two '@'")
    if "," not in url.host:
        return (Seed(url.host, DEFAULT_PORT if url.port == _NO_PORT else url.port),)
    return tuple(map(_seed, _split(url.host, ",")))


def _rewritten_hosts(url: _Url) -> tuple[Seed, ...]:
    if not url.host:
        raise Refusal("there is no host")
    first = Seed(url.host, DEFAULT_PORT if url.port == _NO_PORT else url.port)
    return (first, *(_seed(part) for part in url.path.split("/") if part))


def _seed(part: str) -> Seed:
    pieces = _split(part, ":")
    if len(pieces) == 1:
        return Seed(part, DEFAULT_PORT)
    if len(pieces) != len(("host", "port")):
        raise Refusal("a seed has no host, or two colons")
    return Seed(pieces[0], number.java(pieces[1], number.INT16_MAX))


def _split(joined: str, separator: str) -> list[str]:
    """Split as `String.split` does: trailing empty pieces are dropped."""
    pieces = joined.split(separator)
    while len(pieces) > 1 and not pieces[-1]:
        pieces.pop()
    return pieces if joined and any(pieces) else [""] if not joined else []


def _options(query: str | None) -> tuple[dict[str, OptionValue], tuple[str, ...]]:
    given: dict[str, OptionValue] = {}
    ignored: list[str] = []
    for pair in _split(query or "", "&"):
        pieces = _split(pair, "=")
        if len(pieces) <= 1:
            continue
        known = _KNOWN.get(pieces[0].lower())
        if known is None:
            ignored.append(pieces[0])
            continue
        value = pieces[1] if known.name in _CASE_KEPT else pieces[1].lower()
        given[known.name] = known.take(value)
    return given, tuple(ignored)
