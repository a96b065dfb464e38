"""Hosts: names, addresses and ports, as the string may hold them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from kurrent_conn.core.connection_string.finding import Remarks
from kurrent_conn.core.connection_string.value import Unreadable
from kurrent_conn.core.endpoint import DEFAULT_PORT, MAX_PORT, Endpoint

# In ASCII the characters of a host name and the underscore, beyond it everything that
# is visible (an IDN keeps its spelling). What a connection string uses itself is out.
_NAME: Final = re.compile(
    r"[^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x9f\s\ud800-\udfff]+"
)
_ZONE: Final = re.compile(r"[A-Za-z0-9._~-]+")
_ZONE_MARK: Final = "%25"
_GROUPS: Final = re.compile(r"(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*)?")
_IPV6_GROUPS: Final = 8
_MAX_PORT_DIGITS: Final = len(str(MAX_PORT))


def read_hosts(text: str, position: int, problems: Remarks) -> tuple[Endpoint, ...]:
    """Read a comma-separated list of hosts.

    Args:
        text: The list, without userinfo.
        position: Where it starts in the whole text.
        problems: Receives what is wrong.

    Returns:
        The endpoints that could be read, in their order.
    """
    found: list[Endpoint] = []
    known: dict[str, Endpoint] = {}
    for part in text.split(","):
        endpoint = known.get(part)
        if endpoint is None:
            endpoint = _read_host(part, position, problems)
            if endpoint is None:
                if problems.full:
                    break
                position += len(part) + 1
                continue
            known[part] = endpoint
        found.append(endpoint)
        position += len(part) + 1
    return tuple(found)


def _read_host(part: str, position: int, problems: Remarks) -> Endpoint | None:
    text = part.strip()
    try:
        return _parse(text)
    except Unreadable as error:
        start = position + len(part) - len(part.lstrip())
        problems.add_unreadable("host", error, start if text else position)
        return None


def _parse(text: str) -> Endpoint:
    if text.startswith("["):
        return _parse_bracketed(text)
    name, colon, port = text.partition(":")
    if not _NAME.fullmatch(name):
        raise _bad_name(name)
    if not colon:
        return Endpoint(name, DEFAULT_PORT)
    return Endpoint(name, _parse_port(port, len(name) + 1))


def _parse_bracketed(text: str) -> Endpoint:
    address, closed, rest = text[1:].partition("]")
    if not closed:
        raise Unreadable("'[' is not closed", hint="write [address]:port")
    host = _parse_address(address)
    if not rest:
        return Endpoint(host, DEFAULT_PORT)
    offset = len(address) + 2
    if not rest.startswith(":"):
        raise Unreadable("something follows ']'", "write [address]:port", offset)
    return Endpoint(host, _parse_port(rest[1:], offset + 1))


def _parse_address(text: str) -> str:
    address, mark, zone = text.partition(_ZONE_MARK)
    if not is_ipv6(address):
        raise Unreadable(
            "what is in brackets is no IPv6 address",
            hint="a zone is written %25eth0" if "%" in address else "",
            offset=1,
        )
    if mark and not _ZONE.fullmatch(zone):
        raise Unreadable("the zone is no name", "a zone is written %25eth0", 1)
    return f"{address}%{zone}" if mark else address


def _parse_port(text: str, offset: int) -> int:
    if not text:
        raise Unreadable("the port is empty", "drop the ':' or add a port", offset)
    if ":" in text:
        raise Unreadable(
            "there are two colons", "an IPv6 address stands in brackets", offset
        )
    if not (text.isascii() and text.isdigit()):
        raise Unreadable("the port is no number", f"write 1 to {MAX_PORT}", offset)
    significant = text.lstrip("0")
    port = int(significant or "0") if len(significant) <= _MAX_PORT_DIGITS else 0
    if not 1 <= port <= MAX_PORT:
        raise Unreadable(f"the port is not in 1 to {MAX_PORT}", offset=offset)
    return port


def _bad_name(name: str) -> Unreadable:
    if not name:
        return Unreadable("the host is empty", "a host stands before ',', ':' and '?'")
    if "%" in name:
        return Unreadable(
            "a host holds a '%'",
            hint="hosts are not percent-encoded",
            offset=name.index("%"),
        )
    good = _NAME.match(name)
    return Unreadable(
        "a host holds a character that no name has",
        hint="hosts are separated by ',', options start at '?'",
        offset=good.end() if good else 0,
    )


def is_ipv6(text: str) -> bool:
    """Tell whether text is an IPv6 address without brackets and zone.

    Args:
        text: Any text.
    """
    if "." in text:
        return _is_ipv6_with_ipv4(text)
    head, gap, tail = text.partition("::")
    if not (_GROUPS.fullmatch(head) and _GROUPS.fullmatch(tail)):
        return False
    groups = head.count(":") + tail.count(":") + bool(head) + bool(tail)
    return groups < _IPV6_GROUPS if gap else groups == _IPV6_GROUPS


def _is_ipv6_with_ipv4(text: str) -> bool:
    # Slow but rare: the standard library knows where the dotted part may stand.
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def is_writable(host: str) -> bool:
    """Tell whether a connection string can carry a host.

    Args:
        host: A name or an address, IPv6 without brackets.
    """
    if _NAME.fullmatch(host):
        return True
    address, mark, zone = host.partition("%")
    return is_ipv6(address) and (not mark or _ZONE.fullmatch(zone) is not None)


def write_host(endpoint: Endpoint) -> str:
    """Write a host with its port; always with it, as some readers default to 443.

    Args:
        endpoint: An endpoint whose host `is_writable`.

    Source: kurrentdbclient 1.3.5, `connection_spec.py` keeps `[::1]` without a port.
    """
    if endpoint.is_ipv6:
        return f"[{endpoint.host.replace('%', _ZONE_MARK)}]:{endpoint.port}"
    return f"{endpoint.host}:{endpoint.port}"
