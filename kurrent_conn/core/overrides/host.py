"""What a host name may look like.

Knows text; knows nothing of rules or of DNS.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

MAX_NAME: Final = 253
"""Characters in a host name, without the trailing dot. Source: RFC 1035, 2.3.4."""

MAX_LABEL: Final = 63
"""Characters between two dots. Source: RFC 1035, 2.3.4."""

_LABEL_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def is_address(host: str) -> bool:
    """Say whether a host is an IPv4 or a raw IPv6 address.

    Args:
        host: A host without brackets.
    """
    if ":" not in host and not host[-1:].isdigit():
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_problem(host: str) -> str | None:
    """Say why a text cannot be a host name or an address.

    Underscores pass: service names in private zones have them.

    Args:
        host: The text, without brackets and without the trailing dot.

    Returns:
        The reason as a clause, or None when it is a host.
    """
    if is_address(host):
        return None
    lengths = length_problem(host)
    if lengths:
        return lengths
    for label in host.lower().split("."):
        odd = next((c for c in label if c not in _LABEL_CHARACTERS), None)
        if odd is not None:
            return f"has the character {odd!r}"
        if label[0] == "-" or label[-1] == "-":
            return f"has a label that starts or ends with a hyphen: {label!r}"
    if label.isdigit():
        return "ends in a number, yet is no IPv4 address"
    return None


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
    longest = 0
    for label in host.split("."):
        if not label:
            return "has an empty label: two dots in a row, or one at the start"
        longest = max(longest, len(label))
    if longest > MAX_LABEL:
        return f"has a label of {longest} characters; a label has at most {MAX_LABEL}"
    return None
