"""Where a rule sends: a host that may hold groups, and a port or none.

Knows text; whether the result is a host is decided when a rule is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from kurrent_conn.core.endpoint import MAX_PORT
from kurrent_conn.core.overrides.host import is_address
from kurrent_conn.errors import InvalidOverride

_GROUP: Final = re.compile(r"\{([0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Target:
    """A host with `{1}` for groups of the match, and a port.

    Args:
        host: A name or an address; an IPv6 address without brackets. A trailing dot
            stays: after `prefix` it stands between the target and the rest.
        port: The port to dial; None keeps the advertised one.
    """

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `[ipv6]` or `[ipv6]:port`, in lower case.

        Args:
            text: The target as people write it.

        Raises:
            InvalidOverride: There is no host, a bracket is not closed, or the port
                is no number from 1 to 65535.
        """
        host, port = _split(text.strip().lower())
        if not host.strip("."):
            raise InvalidOverride(
                f'the target {text!r} has no host; write "host" or "host:port"'
            )
        if port is None:
            return cls(host)
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= MAX_PORT):
            raise InvalidOverride(
                f"the port of the target {text!r} is not a number from 1 to {MAX_PORT}"
            )
        return cls(host, int(port))

    @property
    def is_address(self) -> bool:
        """Whether the host is an address, so that nothing can be put around it."""
        return is_address(self.host)

    @property
    def parts(self) -> tuple[str | int, ...]:
        """The host as texts and the numbers of the groups between them."""
        if "{" not in self.host:
            return (self.host,)
        pieces = _GROUP.split(self.host)
        return tuple(
            int(piece) if place % 2 else piece for place, piece in enumerate(pieces)
        )

    def __str__(self) -> str:
        """Write the target as `parse` reads it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise InvalidOverride(
                f"the brackets of the target {text!r} do not close around a host; "
                'write "[::1]:2113"'
            )
        return host, rest[1:] if rest else None
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None
