"""How Rust reads a connection string: the `url` crate, with a second try for seeds.

When a port does not parse and there is a comma, every comma of the *whole* string
becomes a `/`, and the path's segments are the other seeds, the empty ones too.

Source: KurrentDB-Client-Rust b4c829b, `kurrentdb/src/grpc.rs`; `url` 2.3.1, which
follows the WHATWG URL Standard for a scheme that is not special.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import quote, unquote_plus

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
    Reader,
    Table,
    defaults,
    exact_flag,
    milliseconds,
    or_off,
    preference,
    require_both,
    table,
    text,
)
from kurrent_conn.core.connection_string.host import is_ipv6
from kurrent_conn.core.endpoint import DEFAULT_PORT

SOURCE: Final = "KurrentDB-Client-Rust, kurrentdb/src/grpc.rs"
_URL_SOURCE: Final = "url 2.3.1; WHATWG URL Standard, opaque hosts"

_SCHEMES: Final = frozenset(
    name + suffix
    for name in ("esdb", "kdb", "kurrent", "kurrentdb")
    for suffix in ("", "+discover")
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_TRIMMED: Final = "".join(map(chr, range(0x21)))
_DROPPED: Final = str.maketrans("", "", "\t\n\r")
_AUTHORITY_END: Final = re.compile("[/?#]")
_DIGITS: Final = re.compile("[0-9]+")
_BAD_HOST: Final = re.compile(r"[\x00\t\n\r #/:<>?@\[\\\]^|]")

# What stays as it is where the crate percent-encodes; `%` always stays.
_KEPT_IN_USERINFO: Final = "%!$&'()*+,"
_KEPT_IN_PATH: Final = "%!$&'()*+,;=:@/|^[]\\"
_KEPT_IN_HOST: Final = "%!$&'()*+,;=\"`{}"

_KEEP_ALIVE_FLOOR_MS: Final = 10_000


def _keep_alive() -> Reader:
    read = or_off(number.rust_signed)

    def read_s(value: str) -> OptionValue:
        if 0 <= number.rust_signed(value) < _KEEP_ALIVE_FLOOR_MS:
            return _KEEP_ALIVE_FLOOR_MS / 1_000
        return read(value)

    return read_s


_KNOWN: Final[Table] = table(
    Known("maxDiscoverAttempts", 3, number.rust_unsigned),
    Known("discoveryInterval", 0.5, milliseconds(number.rust_unsigned)),
    Known("gossipTimeout", 3.0, milliseconds(number.rust_unsigned)),
    Known("tls", True, exact_flag),
    Known("tlsVerifyCert", True, exact_flag),
    Known("nodePreference", "leader", preference),
    Known("keepAliveInterval", 10.0, _keep_alive()),
    Known("keepAliveTimeout", 10.0, _keep_alive()),
    Known("defaultDeadline", None, or_off(number.rust_signed)),
    Known("connectionName", None, text),
    Known("userCertFile", None, text),
    Known("userKeyFile", None, text),
    Known("tlsCaFile", None, text),
)

_ENCODED: Final = Fact("credentials stay percent-encoded, or become so", _URL_SOURCE)
_PHANTOM: Final = Fact(
    "with several ports, every '/' before the '?' adds a host, an empty one too", SOURCE
)
_ENCODED_HOST: Final = Fact("hosts beyond ASCII become percent-encoded", _URL_SOURCE)
_PORT_LOST: Final = Fact(
    "the port of the last of several hosts is dropped when it is the only one", SOURCE
)
_FORM_DECODED: Final = Fact(
    "options are form-decoded, where '+' is a blank; the last of two counts", SOURCE
)
_FLOOR: Final = Fact("a value from 0 to 9999 is ignored for 10 s", SOURCE)
_DNS_DISCOVER: Final = Fact("dnsDiscover is unknown to it", SOURCE)


class _BadPort(Exception):
    """`url::ParseError::InvalidPort`: the one error that leads to the second try."""


@dataclass(frozen=True, slots=True, repr=False)
class _Url:
    scheme: str
    username: str
    password: str
    host: str
    port: int | None
    path: str
    query: str


def read(string: str, _exists: FileCheck) -> Accepted:
    """Read as Rust does.

    Args:
        string: The connection string.

    Raises:
        Refusal: The client returns an error.
    """
    url, rewritten = _url_of(string)
    seeds = _rewritten_hosts(url) if rewritten else ()
    if url.scheme not in _SCHEMES:
        raise Refusal("the scheme is unknown")
    hosts = seeds or _hosts(url)
    given, ignored = _options(url.query)
    values = defaults(_KNOWN) | given
    require_both(values)
    known_user = bool(url.username)
    return Accepted(
        client=Client.RUST,
        hosts=hosts,
        username=url.username if known_user else None,
        password=url.password if known_user else None,
        tls=values["tls"] is True,
        discover="+discover" in url.scheme,
        values=values,
        ignored=ignored,
        facts=_FACTS | {"hosts": _host_fact(hosts, rewritten=rewritten)},
    )


_FACTS: Final = dict.fromkeys(defaults(_KNOWN), _FORM_DECODED) | {
    "username": _ENCODED,
    "password": _ENCODED,
    "keepAliveInterval": _FLOOR,
    "keepAliveTimeout": _FLOOR,
    "discover": _DNS_DISCOVER,
}


def _host_fact(hosts: tuple[Seed, ...], *, rewritten: bool) -> Fact:
    if any("%" in seed.host for seed in hosts):
        return _ENCODED_HOST
    return _PHANTOM if rewritten else _PORT_LOST


def _url_of(string: str) -> tuple[_Url, bool]:
    try:
        return _parse_url(string), False
    except _BadPort:
        pass
    if "," in string:
        try:
            return _parse_url(string.replace(",", "/")), True
        except (_BadPort, Refusal):
            pass
    raise Refusal("a port is no number from 0 to 65535")


def _parse_url(string: str) -> _Url:
    cleaned = string.strip(_TRIMMED).translate(_DROPPED)
    scheme, colon, rest = cleaned.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        raise Refusal("there is no scheme")
    if not rest.startswith("//"):
        raise Refusal("there is no host")
    end = _AUTHORITY_END.search(rest, 2)
    authority, tail = (
        (rest[2:], "")
        if end is None
        else (
            rest[2 : end.start()],
            rest[end.start() :],
        )
    )
    userinfo, at, place = authority.rpartition("@")
    host, port = _parse_place(place)
    if at and not place:
        raise Refusal("there is no host")
    username, _, password = userinfo.partition(":")
    before, _, query = tail.partition("#")[0].partition("?")
    return _Url(
        scheme.lower(),
        quote(username, safe=_KEPT_IN_USERINFO),
        quote(password, safe=_KEPT_IN_USERINFO),
        host,
        port,
        quote(before, safe=_KEPT_IN_PATH),
        query,
    )


def _parse_place(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        host, closed, rest = place.partition("]")
        host, port = host + closed, rest.removeprefix(":")
        if not closed or (rest and not rest.startswith(":")):
            raise Refusal("a bracket is not closed around a host")
        return _parse_ipv6(host[1:-1]), _parse_port(port)
    host, colon, port = place.partition(":")
    if not host and colon:
        raise Refusal("a host is empty")
    if _BAD_HOST.search(host):
        raise Refusal("a host holds a character that is not allowed there")
    return quote(host, safe=_KEPT_IN_HOST), _parse_port(port)


def _parse_ipv6(address: str) -> str:
    if not is_ipv6(address):
        raise Refusal("what is in brackets is no IPv6 address")
    return f"[{IPv6Address(address).compressed}]"


def _parse_port(text_after: str) -> int | None:
    digits = _DIGITS.match(text_after)
    size = digits.end() if digits else 0
    significant = text_after[:size].lstrip("0")
    rest = text_after[size:]
    if len(significant) > len("65535") or (rest and not rest.startswith("\\")):
        raise _BadPort
    port = int(significant or "0")
    if port > number.UINT16_MAX:
        raise _BadPort
    if rest:
        raise Refusal("a port ends in a backslash, which starts a path")
    return port if size else None


def _hosts(url: _Url) -> tuple[Seed, ...]:
    if url.path not in {"", "/"}:
        raise Refusal("there is a path")
    if not url.host:
        raise Refusal("there is no host")
    if "," not in url.host:
        return (Seed(url.host, DEFAULT_PORT if url.port is None else url.port),)
    return tuple(map(_seed, url.host.split(",")))


def _rewritten_hosts(url: _Url) -> tuple[Seed, ...]:
    first = Seed(url.host, DEFAULT_PORT if url.port is None else url.port)
    segments = url.path[1:].split("/") if url.path else ()
    return (first, *map(_seed, segments))


def _seed(part: str) -> Seed:
    host, colon, port = part.partition(":")
    if ":" in port:
        raise Refusal("a seed has two colons")
    if not colon:
        return Seed(part, DEFAULT_PORT)
    return Seed(host, number.rust_unsigned(port, number.UINT16_MAX))


def _options(query: str) -> tuple[dict[str, OptionValue], tuple[str, ...]]:
    given: dict[str, OptionValue] = {}
    ignored: list[str] = []
    for pair in filter(None, query.split("&")):
        key, _, value = map(unquote_plus, pair.partition("="))
        known = _KNOWN.get(key.lower())
        if known is None:
            ignored.append(key)
        else:
            given[known.name] = known.take(value)
    return given, tuple(ignored)
