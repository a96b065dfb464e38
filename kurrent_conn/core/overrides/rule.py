"""One rule of our own language: what it matches and where it sends.

The words are those of the overrides file. Imported rules keep the semantics of their
format and have types of their own, see `coredns` and `sidecar`.
Read next: `match`, which gives these values their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from kurrent_conn.core.endpoint import MAX_PORT
from kurrent_conn.core.overrides.target import Target
from kurrent_conn.errors import InvalidOverride

ADVERTISED: Final = "advertised"
"""The word for the advertised host, in `server_name` and `otherwise`."""

TARGET: Final = "target"
"""The word for the target's host, in `server_name`."""


class MatchKind(StrEnum):
    """How a rule looks at a host; the values are the keys of the overrides file."""

    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    SUBSTRING = "substring"
    REGEX = "regex"
    WILDCARD = "wildcard"
    CIDR = "cidr"


class Then(StrEnum):
    """What happens after a rule matched."""

    STOP = "stop"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Override:
    """A rule: exactly one matcher, and one or more targets.

    Hosts are compared in lower case without the trailing dot.

    Args:
        exact: The whole host.
        prefix: The start of the host; the target replaces that part.
        suffix: The end of the host, at a label boundary (a leading dot asks for at
            least one label before it); the target replaces that part.
        substring: Any part of the host; the target replaces each occurrence.
        regex: An RE2 pattern for the whole host; needs `kurrent-conn[regex]`.
        wildcard: The whole host with `*` for one label, or for a part of one.
        cidr: A network that the advertised address lies in.
        target: A name or an address, with a port or without (then the advertised
            port stays); several are an order of preference. After `regex` and
            `wildcard`, `{1}` is the first group or star and `{0}` the whole host.
            An address takes the place of the whole host whatever matched.
        port: Match this advertised port only; None matches all.
        server_name: The name that the certificate must carry: "advertised",
            "target" (one target only), or a name. None says nothing: an earlier
            rule of a continue chain decides, else it is the advertised host.
        then: "stop", or "continue": the rules after this one see its results, each
            target on its own and in order of preference.
        otherwise: "advertised" tries the advertised endpoint itself after all
            targets; None does not.

    Raises:
        InvalidOverride: No or several matchers, no target, a target that cannot be
            read, a port out of range, an unknown word, or `server_name = "target"`
            with several targets.
    """

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    substring: str | None = None
    regex: str | None = None
    wildcard: str | None = None
    cidr: str | None = None
    target: str | Sequence[str]
    port: int | None = None
    server_name: str | None = None
    then: str = Then.STOP
    otherwise: str | None = None
    kind: MatchKind = field(init=False, compare=False)
    pattern: str = field(init=False, compare=False)
    targets: tuple[Target, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        kind, pattern = self._matcher()
        written = (self.target,) if isinstance(self.target, str) else self.target
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "pattern", pattern)
        object.__setattr__(self, "target", tuple(written))
        object.__setattr__(self, "targets", tuple(Target.parse(t) for t in written))
        object.__setattr__(self, "then", self._then())
        self._check()

    def _matcher(self) -> tuple[MatchKind, str]:
        given = [
            (kind, pattern)
            for kind, pattern in zip(
                MatchKind,
                (
                    self.exact,
                    self.prefix,
                    self.suffix,
                    self.substring,
                    self.regex,
                    self.wildcard,
                    self.cidr,
                ),
                strict=True,
            )
            if pattern is not None
        ]
        if len(given) != 1:
            words = ", ".join(kind for kind, _ in given) or "none"
            raise InvalidOverride(
                f"a rule has one of {', '.join(MatchKind)}; this one has {words}"
            )
        kind, pattern = given[0]
        if not (pattern if kind is MatchKind.REGEX else pattern.strip(".")):
            raise InvalidOverride(f"{kind} is empty; write what it must match")
        return kind, pattern

    def _then(self) -> Then:
        try:
            return Then(self.then)
        except ValueError:
            raise InvalidOverride(
                f'then is "stop" or "continue", not {self.then!r}'
            ) from None

    def _check(self) -> None:
        if not self.targets:
            raise InvalidOverride("there is no target; write one name or address")
        if self.port is not None and not 1 <= self.port <= MAX_PORT:
            raise InvalidOverride(f"port is 1 to {MAX_PORT}, not {self.port}")
        if self.server_name is not None and not self.server_name:
            raise InvalidOverride(
                'server_name is empty; write "advertised", "target" or a name'
            )
        if self.server_name == TARGET and len(self.targets) > 1:
            raise InvalidOverride(
                'server_name = "target" needs one target: with several, the name to '
                "verify would depend on which one answers; write the name itself"
            )
        if self.otherwise not in {None, ADVERTISED}:
            raise InvalidOverride(
                f'otherwise is "advertised" or absent, not {self.otherwise!r}'
            )

    def __str__(self) -> str:
        """Write the rule on one line: matcher, target, and what is not default."""
        targets = ", ".join(map(str, self.targets))
        parts = [f'{self.kind} "{self.pattern}" -> {targets}']
        if self.port is not None:
            parts.append(f"port {self.port}")
        if self.server_name is not None:
            parts.append(f"as {self.server_name}")
        if self.then == Then.CONTINUE:
            parts.append("continue")
        if self.otherwise:
            parts.append(f"otherwise {self.otherwise}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        """Write the constructor call with what was given."""
        words = [f"{self.kind}={self.pattern!r}", f"target={self.target!r}"]
        words += [
            f"{name}={value!r}"
            for name, value in (
                ("port", self.port),
                ("server_name", self.server_name),
                ("otherwise", self.otherwise),
            )
            if value is not None
        ]
        if self.then == Then.CONTINUE:
            words.append("then='continue'")
        return f"Override({', '.join(words)})"
