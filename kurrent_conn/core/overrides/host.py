"""What a host name may look like: for us, and for DNS software.

Knows text; knows nothing of rules or of lookups.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

MAX_NAME: Final = 253
"""Characters in a host name, without the trailing dot. Source: RFC 1035, 2.3.4."""

MAX_LABEL: Final = 63
"""Characters between two dots. Source: RFC 1035, 2.3.4."""

_ODD_CHARACTER: Final = re.compile(r"[^A-Za-z0-9_.-]")
_ESCAPE: Final = re.compile(r"\\(?:[0-9]{3}|.)", re.DOTALL)


def is_address(host: str) -> bool:
    """Say whether a host is an IPv4 or a raw IPv6 address.

    Args:
        host: A host without brackets.
    """
    return (":" in host or host[-1:].isdigit()) and _is_address(host)


@lru_cache(maxsize=1024)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_problem(host: str) -> str | None:
    """Say why a text can be neither a host name nor an address.

    Letters, digits, hyphens and underscores (service names have them), as
    resolvers take them.

    Args:
        host: The text, without brackets and without the trailing dot.

    Returns:
        The reason as a clause, or None when it is a host.
    """
    if is_address(host):
        return None
    odd = _ODD_CHARACTER.search(host)
    if odd:
        return f"has the character {odd[0]!r}"
    return length_problem(host)


def domain_problem(name: str) -> str | None:
    """Say why a text is no domain name as DNS servers see it.

    More passes than a host may hold: any character, and escapes. Imported rules are
    judged by this, because the software that they come from judges so.

    Args:
        name: The text, without the trailing dot.

    Returns:
        The reason as a clause, or None when it is a domain name.

    Source: CoreDNS 4b26cced, `rewrite/rewrite.go` (refuses what `dns.IsDomainName`
    of miekg/dns refuses).
    """
    return length_problem(_ESCAPE.sub("x", name))


def length_problem(host: str) -> str | None:
    """Say why the parts of a dotted name have lengths that no name has.

    Args:
        host: The text, without the trailing dot.

    Returns:
        The reason as a clause, or None when the lengths are right.
    """
    if not host:
        return "is empty"
    if len(host) > MAX_NAME:
        return f"is {len(host)} characters long; a name has at most {MAX_NAME}"
    labels = host.split(".")
    if "" in labels:
        return "has an empty label: two dots in a row, or one at the start"
    longest = max(map(len, labels))
    if longest > MAX_LABEL:
        return f"has a label of {longest} characters; a label has at most {MAX_LABEL}"
    return None
