"""Where the parts of a connection string begin and end.

Cuts text, decodes nothing and judges only what it must to cut:

    scheme "://" [ userinfo "@" ] hosts [ "/" ] [ "?" query ]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kurrent_conn.core.connection_string.finding import Remarks

_AUTHORITY_END: Final = re.compile("[/?#]")
_SCHEME_END: Final = "://"


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A piece of the text and where it starts, in characters; may be a secret."""

    text: str
    position: int


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """The pieces of one connection string.

    Args:
        scheme: In lower case.
        userinfo: What stands before the last `@` of the authority; None without one.
        hosts: The rest of the authority.
        path: From its `/`, or empty.
        query: After its `?`, or empty.
        fragment: From its `#`, or empty.
    """

    scheme: Part
    userinfo: Part | None
    hosts: Part
    path: Part
    query: Part
    fragment: Part


def cut(text: str, problems: Remarks) -> Parts | None:
    """Cut a connection string into its parts.

    Args:
        text: The whole text; blanks around it are ignored.
        problems: Receives a problem when there is no scheme.

    Returns:
        The parts, or None when there is no `://` to start from.
    """
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    scheme, found, rest = stripped.partition(_SCHEME_END)
    if not found:
        problems.add(
            "scheme", "there is no '://'", None, "start with kurrentdb:// and a host"
        )
        return None
    position = start + len(scheme) + len(_SCHEME_END)
    end = _AUTHORITY_END.search(rest)
    cut_at = end.start() if end else len(rest)
    userinfo, hosts = _cut_authority(Part(rest[:cut_at], position))
    path, query, fragment = _cut_tail(Part(rest[cut_at:], position + cut_at))
    return Parts(Part(scheme.lower(), start), userinfo, hosts, path, query, fragment)


def _cut_authority(authority: Part) -> tuple[Part | None, Part]:
    userinfo, at, hosts = authority.text.rpartition("@")
    if not at:
        return None, authority
    after = authority.position + len(userinfo) + 1
    return Part(userinfo, authority.position), Part(hosts, after)


def _cut_tail(tail: Part) -> tuple[Part, Part, Part]:
    before, mark, fragment = tail.text.partition("#")
    path, _, query = before.partition("?")
    return (
        Part(path, tail.position),
        Part(query, tail.position + len(path) + 1),
        Part(mark + fragment, tail.position + len(before)),
    )


def pairs(query: Part) -> Iterator[tuple[str, str | None, int]]:
    """Cut a query into its pairs, empty ones left out.

    Args:
        query: The part after `?`.

    Yields:
        Key, value and the position of the key; the value is None without a `=`.
    """
    position = query.position
    for pair in query.text.split("&"):
        if pair:
            key, equals, value = pair.partition("=")
            yield key, value if equals else None, position
        position += len(pair) + 1
