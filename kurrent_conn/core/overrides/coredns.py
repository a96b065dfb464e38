"""Rules of a Corefile, as values: `rewrite` lines and `hosts` entries.

They keep the semantics of CoreDNS, which differ from those of our own rules in every
kind: `prefix` means whole labels, `suffix` may cut a label, `regex` sees the trailing
dot and replaces the whole name. Read next: `coredns_match`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kurrent_conn.core.overrides.rule import Then


class NameMatch(StrEnum):
    """How a `rewrite` line looks at a name; the values are the words of a Corefile."""

    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    SUBSTRING = "substring"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Scope:
    """The server block that a rule stands in: it applies to the block's names only.

    A name belongs to the block with the longest matching zone. It is the *asked* name
    that counts: a rewrite does not move it to another block.

    Args:
        zones: The zones of the block, in lower case without the trailing dot; the
            root is the empty string.
        others: Zones of other blocks below those.

    Source: CoreDNS 4b26cced, `core/dnsserver/server.go` (ServeDNS).
    """

    zones: tuple[str, ...] = ("",)
    others: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether every name is covered."""
        return "" in self.zones and not self.others

    def covers(self, host: str) -> bool:
        """Say whether the block answers for a name.

        Args:
            host: The asked name, in lower case without the trailing dot.
        """
        while True:
            if host in self.zones:
                return True
            if host in self.others or not host:
                return False
            host = host.partition(".")[2]


EVERYWHERE: Final = Scope()
"""The scope of bare directives, and of a root block that is alone."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A `rewrite` line.

    Args:
        match: How names are compared.
        source: FROM, as written.
        replacement: TO, as written; None for a rule of another field (`ttl`,
            `rcode`, ...), which changes no name but ends the rules when it matches.
        then: Whether later rewrite lines see the result.
        scope: The server block.
    """

    match: NameMatch
    source: str
    replacement: str | None
    then: Then = Then.STOP
    scope: Scope = EVERYWHERE

    def __str__(self) -> str:
        """Write the line without its options."""
        if self.replacement is None:
            return f"rewrite {self.then} (another field) {self.match} {self.source}"
        return f"rewrite {self.then} name {self.match} {self.source} {self.replacement}"


@dataclass(frozen=True, slots=True)
class HostsEntry:
    """One name of a `hosts` block with its addresses.

    `hosts` runs after `rewrite`, so an entry also sees what a `stop` rule made.

    Args:
        name: The name; its leftmost label may be `*`.
        addresses: IPv4 before IPv6, each in the order of the block.
        scope: The server block.
    """

    name: str
    addresses: tuple[str, ...]
    scope: Scope = EVERYWHERE

    def __str__(self) -> str:
        """Write addresses and name, as a hosts file has them."""
        return f"hosts {' '.join(self.addresses)} {self.name}"
