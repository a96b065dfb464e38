"""A host and a port: the value that everything else names nodes by.

Knows text and ports; knows nothing of DNS, of routes, or of who advertised it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Self

DEFAULT_PORT: Final = 2113
"""The port of a node that names none.

Source: server, `ClusterVNodeOptions.cs` (NodePort); all six official clients.
"""

MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A host and a port; ordered, hashable, compared exactly as written.

    Args:
        host: Any non-empty host: a name, an IPv4 or an IPv6 address *without*
            brackets (gossip carries raw IPv6 addresses; only text has brackets).
        port: 1 to 65535.

    Raises:
        ValueError: The host is empty or the port is out of range.
    """

    host: str
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("an endpoint needs a host, got an empty string")
        if not 1 <= self.port <= MAX_PORT:
            raise ValueError(f"a port is 1 to {MAX_PORT}, got {self.port}")

    def __hash__(self) -> int:
        """Hash without a tuple in between: endpoints are looked up all the time."""
        return hash(self.host) ^ hash(self.port)

    @classmethod
    def parse(cls, text: str, default_port: int = DEFAULT_PORT) -> Self:
        """Read `host`, `host:port`, `[ipv6]` or `[ipv6]:port`.

        A bare IPv6 address (two colons or more, no brackets) is taken whole, as
        gossip writes it.

        Args:
            text: The endpoint as people write it; blanks around it are ignored.
            default_port: The port when the text has none.

        Raises:
            ValueError: The host is empty, a bracket is not closed, or the port is
                not a number from 1 to 65535; the message quotes the text.
        """
        host, port = _split(text.strip(), text)
        if port is None:
            return cls(host, default_port)
        if not (port.isascii() and port.isdigit()):
            raise ValueError(f"the port of {text!r} is not a number: {port!r}")
        return cls(host, int(port))

    @property
    def is_ipv6(self) -> bool:
        """Whether the host is a raw IPv6 address."""
        return ":" in self.host

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address and no name."""
        return _is_address(self.host)

    def __str__(self) -> str:
        """Write `host:port`, with brackets around an IPv6 address."""
        return (
            f"[{self.host}]:{self.port}" if self.is_ipv6 else f"{self.host}:{self.port}"
        )


@lru_cache(maxsize=1024)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _split(text: str, original: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError(f"the brackets of {original!r} do not close around a host")
        return host, rest[1:] if rest else None
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def normalized_host(host: str) -> str:
    """Fold a host for comparison: lower case, without the trailing dot.

    Args:
        host: A host name or an address.
    """
    return host.lower().removesuffix(".")
