"""`Overrides`: an ordered set of rules, and the routes they give.

The value that users hold. The meaning of a rule is in `match`, the walk through the
rules in `plan`, the file format in `toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides.check import Finding, check
from kurrent_conn.core.overrides.corefile import read_corefile
from kurrent_conn.core.overrides.corefile_export import write_corefile
from kurrent_conn.core.overrides.explanation import Explanation, explain
from kurrent_conn.core.overrides.format import Format, format_of
from kurrent_conn.core.overrides.plan import Plan
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rule import Override
from kurrent_conn.core.overrides.sidecar import read_sidecar
from kurrent_conn.core.overrides.sidecar_export import write_sidecar
from kurrent_conn.core.overrides.target import Target
from kurrent_conn.core.overrides.toml import read_toml
from kurrent_conn.core.overrides.toml_export import write_toml
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride

_REMEMBERED: Final = 8192
"""Endpoints whose routes are kept; a cluster has tens, so this only bounds abuse."""

_SHOWN: Final = 3
"""Rules that a repr writes out."""


@dataclass(frozen=True, slots=True, repr=False)
class Overrides:
    """Rules that turn advertised endpoints into routes; the first match wins.

    Immutable, equal by value, and safe for many threads. Without rules every route is
    direct.

    Args:
        rules: The rules in their order.
        source: Where they came from, for messages; not part of equality.
        notes: What an import left out, one sentence each; not part of equality.

    Raises:
        InvalidOverride: A rule cannot be used; it names the rule and its number.
    """

    rules: tuple[Rule, ...] = ()
    source: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    _plan: Plan = field(init=False, compare=False)
    _known: dict[tuple[str, int], tuple[Route, ...]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        try:
            object.__setattr__(self, "_plan", Plan(self.rules))
        except InvalidOverride as error:
            raise self._located(error) from None
        object.__setattr__(self, "_known", {})

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read an overrides file; its content says which format it has.

        This is the one place where the core reads a file.

        Args:
            path: The file.

        Raises:
            InvalidOverride: The file cannot be read, or a rule in it is wrong; it
                names the file and the rule.
        """
        source = str(path)
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InvalidOverride(f"cannot be read: {reason}", source) from None
        return cls.from_bytes(data, source=source)

    @classmethod
    def from_bytes(cls, data: bytes, *, source: str = "") -> Self:
        """Read the content of an overrides file.

        Args:
            data: UTF-8 text in any of the three formats.
            source: Where it came from, for messages.

        Raises:
            InvalidOverride: It is not UTF-8, or as `from_text`.
        """
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidOverride(
                f"is not UTF-8 text (byte {error.start}); save it as UTF-8", source
            ) from None
        return cls.from_text(text, source=source)

    @classmethod
    def from_text(cls, text: str, *, source: str = "") -> Self:
        """Read an overrides file that is in memory; its content says its format.

        Args:
            text: TOML, a Corefile, or the sidecar's JSON.
            source: Where it came from, for messages.

        Raises:
            InvalidOverride: There is nothing but blanks in it (a file that is being
                written looks like that), or a rule in it is wrong.
        """
        match format_of(text, source):
            case Format.TOML:
                return cls.from_toml(text, source=source)
            case Format.COREFILE:
                return cls.from_corefile(text, source=source)
            case Format.SIDECAR:
                return cls.from_sidecar(text, source=source)

    @classmethod
    def from_toml(cls, text: str, *, source: str = "") -> Self:
        """Read our own format, see `toml`.

        Args:
            text: The TOML text.
            source: Where it came from, for messages.

        Raises:
            InvalidOverride: It is no TOML, has a key that is not known, or a rule
                in it is wrong.
        """
        return cls(read_toml(text, source), source)

    @classmethod
    def from_corefile(cls, text: str, *, source: str = "") -> Self:
        """Read a Corefile, or directives without a server block.

        Its `rewrite` and `hosts` rules keep their CoreDNS semantics. `notes` says
        what was left out.

        Args:
            text: The Corefile.
            source: Where it came from, for messages.

        Raises:
            InvalidOverride: CoreDNS would refuse it, or a rule refers to the
                environment of the server; it names the line.
        """
        rules, notes = read_corefile(text, source)
        return cls(rules, source, notes)

    @classmethod
    def from_sidecar(cls, text: str, *, source: str = "") -> Self:
        """Read the configuration of the operator's SplitDNS sidecar.

        Its rules keep their semantics. Only `rules` is required.

        Args:
            text: The JSON text.
            source: Where it came from, for messages.

        Raises:
            InvalidOverride: It is no JSON, has no rules, or a rule is wrong.
        """
        return cls(read_sidecar(text, source), source)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str | Sequence[str]]) -> Self:
        """Make exact rules of a mapping.

        Args:
            mapping: From an advertised `host` or `host:port` to a target, or to
                several in order of preference:
                `{"mydb-0.kurrent.test": "127.0.0.1:21130"}`.

        Raises:
            InvalidOverride: A key or a target cannot be read.
        """
        return cls(tuple(_exact(key, target) for key, target in mapping.items()))

    def routes(self, advertised: Endpoint, /) -> tuple[Route, ...]:
        """Give the routes to an advertised endpoint, best first.

        All routes of one endpoint verify the same name.

        Args:
            advertised: The endpoint as a member, a redirect or a seed names it.

        Returns:
            One or more routes; the direct one when no rule matches.

        Raises:
            InvalidOverride: The host is longer than 253 characters, what a rule
                makes of it is no host, or two routes would verify different names.
        """
        key = (advertised.host, advertised.port)
        known = self._known.get(key)
        if known is not None:
            return known
        try:
            routes = self._plan.routes(advertised)
        except InvalidOverride as error:
            raise self._located(error) from None
        # Threads may race here; at worst an answer is worked out twice.
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = routes
        return routes

    def route(self, advertised: Endpoint, /) -> Route:
        """Give the best route to an advertised endpoint: the first of `routes`.

        Args:
            advertised: The endpoint as a member, a redirect or a seed names it.

        Raises:
            InvalidOverride: As `routes`.
        """
        return self.routes(advertised)[0]

    def explain(self, advertised: Endpoint, /) -> Explanation:
        """Say which rules lead to the routes of an advertised endpoint.

        Args:
            advertised: The endpoint as a member advertises it.

        Returns:
            The explanation; a result that is no host is its `problem`, not an error.
        """
        return explain(self._plan, advertised)

    def check(self) -> tuple[Finding, ...]:
        """Look for dead and shadowed rules, loops, and results that are no host.

        Returns:
            The findings, in the order of the rules; empty when nothing is odd.
        """
        return check(self._plan)

    def to_corefile(self) -> str:
        """Write the rules as a Corefile that routes alike.

        Returns:
            Directives for a server block, or whole blocks when the rules came from
            several.

        Raises:
            InvalidOverride: Some rules have no form there; it names each and why.
        """
        try:
            return write_corefile(self.rules)
        except InvalidOverride as error:
            raise self._located(error) from None

    def to_sidecar(self) -> str:
        """Write the rules as JSON for the operator's SplitDNS sidecar.

        Returns:
            A JSON object with `rules`. The sidecar also needs its `resolver`.

        Raises:
            InvalidOverride: Some rules have no form there; it names each and why.
        """
        try:
            return write_sidecar(self.rules)
        except InvalidOverride as error:
            raise self._located(error) from None

    def to_toml(self) -> str:
        """Write the rules as an overrides file; every kind of rule has a form there.

        Raises:
            InvalidOverride: A rewrite rule that was made in Python holds what no
                Corefile line can hold.
        """
        try:
            return write_toml(self.rules)
        except InvalidOverride as error:
            raise self._located(error) from None

    def _located(self, error: InvalidOverride) -> InvalidOverride:
        return InvalidOverride(error.problem, error.source or self.source, error.rule)

    def __len__(self) -> int:
        return len(self.rules)

    def __bool__(self) -> bool:
        """Stay true without rules: an empty set is a set, not the absence of one."""
        return True

    def __reduce__(
        self,
    ) -> tuple[type[Overrides], tuple[tuple[Rule, ...], str, tuple[str, ...]]]:
        """Pickle the rules; compiled patterns are made anew."""
        return type(self), (self.rules, self.source, self.notes)

    def __repr__(self) -> str:
        """Write the first rules, how many more there are, and the source."""
        shown = [str(rule) for rule in self.rules[:_SHOWN]]
        more = len(self.rules) - len(shown)
        if more:
            shown.append(f"and {more} more")
        source = f" from {self.source}" if self.source else ""
        return f"<Overrides{source}: {'; '.join(shown) or 'no rules'}>"


def _exact(key: str, target: str | Sequence[str]) -> Override:
    try:
        advertised = Target.parse(key)
        return Override(exact=advertised.host, target=target, port=advertised.port)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, "mapping", repr(key)) from None
