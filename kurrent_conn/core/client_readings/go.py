"""How Go reads a connection string: `net/url`, with a second try for seeds.

When the URL does not parse and holds a comma, every comma of the *whole* string becomes
a `/`, and the path's segments are the other seeds.

Source: KurrentDB-Client-Go 15d6ef7, `kurrentdb/configuration.go`; Go, `net/url/url.go`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, unquote_plus

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
    milliseconds,
    or_off,
    preference,
    require_both,
    require_files,
    seconds,
    table,
    text,
)
from kurrent_conn.core.endpoint import DEFAULT_PORT

SOURCE: Final = "KurrentDB-Client-Go, kurrentdb/configuration.go"

_SCHEMES: Final = frozenset(
    name + suffix
    for name in ("esdb", "kdb", "kurrent", "kurrentdb")
    for suffix in ("", "+discover")
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_USERINFO: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_HOST: Final = re.compile(
    r"""(?:[A-Za-z0-9._~!$&'()*+,;=:\[\]<>"-]|[^\x00-\x7f]|%(?:25|[89A-Fa-f][0-9A-Fa-f]))*"""
)
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_UINT16: Final = 2**16


def _bool(value: str) -> bool:
    folded = value.lower()
    if folded in {"1", "t", "true"}:
        return True
    if folded in {"0", "f", "false"}:
        return False
    raise Refusal("neither true nor false as it spells them")


def _path(value: str) -> str:
    # Made absolute: an empty path becomes the working directory, which is not empty.
    return value or "."


def _deadline(value: str) -> float:
    try:
        ms = number.go(value)
    except Refusal:
        return 0.0
    return ms / 1_000 if ms > 0 else 0.0


_KNOWN: Final[Table] = table(
    Known("discoveryInterval", 0.1, milliseconds(number.go)),
    Known("gossipTimeout", 5.0, seconds(number.go)),
    Known("maxDiscoverAttempts", 10, number.go),
    Known("nodePreference", "leader", preference),
    Known("keepAliveInterval", 10.0, or_off(number.go)),
    Known("keepAliveTimeout", 10.0, or_off(number.go)),
    Known("tls", True, _bool),
    Known("tlsCaFile", None, text),
    Known("userCertFile", None, _path),
    Known("userKeyFile", None, _path),
    Known("tlsVerifyCert", True, _bool),
    Known("defaultDeadline", 10.0, _deadline),
)

_WRAPS: Final = Fact("a port is kept in 16 bits: 70000 becomes 4464", SOURCE)
_REWRITTEN: Final = Fact(
    "commas of the whole string become '/' when it does not parse as a URL", SOURCE
)
_SECONDS: Final = Fact("gossipTimeout is in seconds", SOURCE)
_FORM_DECODED: Final = Fact(
    "options are form-decoded, where '+' is a blank; the first of two counts, and of "
    "two that differ in case a random one",
    SOURCE,
)
_DEADLINE: Final = Fact(
    "a defaultDeadline that is no positive number becomes 0: every call fails", SOURCE
)
_DNS_DISCOVER: Final = Fact("dnsDiscover is unknown to it", SOURCE)


@dataclass(frozen=True, slots=True, repr=False)
class _Url:
    scheme: str
    username: str | None
    password: str | None
    host: str
    path: str
    query: str


def read(string: str, exists: FileCheck) -> Accepted:
    """Read as Go does.

    Args:
        string: The connection string.
        exists: Whether a file is there; this client opens the CA file while parsing.

    Raises:
        Refusal: The client returns an error.
    """
    url, rewritten = _url_of(string)
    hosts = _rewritten_hosts(url) if rewritten else ()
    if url.scheme not in _SCHEMES:
        raise Refusal("the scheme is unknown")
    if url.username == "":
        raise Refusal("the user name is empty")
    given, ignored = _options(url.query)
    values = defaults(_KNOWN) | given
    require_files(values, ("tlsCaFile",), exists)
    require_both(values)
    return Accepted(
        client=Client.GO,
        hosts=hosts or _hosts(url),
        username=url.username,
        password=url.password,
        tls=values["tls"] is True,
        discover="+discover" in url.scheme,
        values=values,
        ignored=ignored,
        facts=_FACTS | {"hosts": _REWRITTEN if rewritten else _WRAPS},
    )


_FACTS: Final = dict.fromkeys(defaults(_KNOWN), _FORM_DECODED) | {
    "gossipTimeout": _SECONDS,
    "defaultDeadline": _DEADLINE,
    "discover": _DNS_DISCOVER,
}


def _url_of(string: str) -> tuple[_Url, bool]:
    try:
        return _parse_url(string), False
    except Refusal as error:
        if "," not in string:
            raise
        reason = error.reason
    try:
        return _parse_url(string.replace(",", "/")), True
    except Refusal:
        pass
    raise Refusal(reason)


def _parse_url(string: str) -> _Url:
    string, _, fragment = string.partition("#")
    if _CONTROL.search(string):
        raise Refusal("there is a control character")
    _check_escapes(fragment)
    scheme, colon, rest = string.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        raise Refusal("there is no scheme")
    before, _, query = rest.partition("?")
    if not before.startswith("//"):
        raise Refusal("there is no host")
    authority, slash, tail = before[2:].partition("/")
    _check_escapes(tail)
    userinfo, at, host = authority.rpartition("@")
    decoded_host = _parse_host(host)
    username, password = _credentials(userinfo) if at else (None, None)
    path = slash + unquote(tail)
    return _Url(scheme.lower(), username, password, decoded_host, path, query)


def _parse_host(host: str) -> str:
    if host.startswith("["):
        name, closed, port = host.rpartition("]")
        port = port if closed else "?"
    else:
        name, colon, port = host.rpartition(":")
        name, port = (name, colon + port) if colon else (host, "")
    if not _PORT.fullmatch(port):
        raise Refusal("a port is no number")
    if not _HOST.fullmatch(name):
        raise Refusal("a host holds a character that is not allowed there")
    return unquote(host)


def _credentials(userinfo: str) -> tuple[str, str]:
    if not _USERINFO.fullmatch(userinfo):
        raise Refusal("the credentials hold a character that must be percent-encoded")
    _check_escapes(userinfo)
    username, _, password = userinfo.partition(":")
    return unquote(username), unquote(password)


def _check_escapes(encoded: str) -> None:
    if _BROKEN_ESCAPE.search(encoded):
        raise Refusal("a '%' is no escape")


def _hosts(url: _Url) -> tuple[Seed, ...]:
    if url.path not in {"", "/"}:
        raise Refusal("there is a path")
    return tuple(map(_seed, url.host.split(",")))


def _rewritten_hosts(url: _Url) -> tuple[Seed, ...]:
    return (_seed(url.host), *(_seed(part) for part in url.path.split("/") if part))


def _seed(part: str) -> Seed:
    host, colon, port = part.partition(":")
    if not part or ":" in port:
        raise Refusal("a host is empty or has two colons")
    return Seed(host, number.go(port) % _UINT16 if colon else DEFAULT_PORT)


def _options(query: str) -> tuple[dict[str, OptionValue], tuple[str, ...]]:
    first: dict[str, str] = {}
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        # A pair that does not decode is skipped without a word.
        if pair and ";" not in pair and not _BROKEN_ESCAPE.search(pair):
            first.setdefault(unquote_plus(key), unquote_plus(value))
    given: dict[str, OptionValue] = {}
    ignored: list[str] = []
    for key, value in first.items():
        known = _KNOWN.get(key.lower())
        if known is None:
            ignored.append(key)
        else:
            given[known.name] = known.take(value)
    return given, tuple(ignored)
