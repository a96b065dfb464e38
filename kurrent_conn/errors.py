"""The one tree of errors, and what each carries.

    KurrentConnError
      ConfigurationError          mend it by reading; the network never causes it
        InvalidConnectionString     .problems: all of them
        InvalidSettings             .problems: all of them
        InvalidOverride             .problem, .source, .rule
        InvalidResource             .problems: all of them
        InvalidTlsFile              .option, .path, .problem
        MissingExtra                .package, .extra
      ImpossiblePlan              .problems: why nothing can work as wished
      DiscoveryError              no node could be had: .attempts, .findings
      TlsError                    .findings
      UntrustedName               .host, .told_by, .patterns
      ConnectionClosed            used after close

Fields come first; the text is built from them, names the culprit and the next thing
to check, and never holds a password. A call through a channel raises these same
errors as classes that are also `grpc.RpcError`, see `shells.rpc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kurrent_conn.core.attempt import Attempt
    from kurrent_conn.core.tls_finding import TlsFinding

__all__ = [
    "ConfigurationError",
    "ConnectionClosed",
    "DiscoveryError",
    "ImpossiblePlan",
    "InvalidConnectionString",
    "InvalidOverride",
    "InvalidResource",
    "InvalidSettings",
    "InvalidTlsFile",
    "KurrentConnError",
    "MissingExtra",
    "Problem",
    "TlsError",
    "UntrustedName",
]


class KurrentConnError(Exception):
    """The root of every error of this package."""


class ConfigurationError(KurrentConnError, ValueError):
    """Something that was given is wrong; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a text that was given.

    Args:
        option: The option or part it is about, such as `tls`, `host` or `scheme`.
        reason: What is wrong, without any secret.
        position: Where it starts in the text, counted in characters from 0; None
            when it is about something that is absent.
        hint: What to write instead, or to check next; empty when there is no more
            to say.
    """

    option: str
    reason: str
    position: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        """Write one line: option, reason, position and hint."""
        where = "" if self.position is None else f" (at character {self.position})"
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.option}: {self.reason}{where}{hint}"


class InvalidConnectionString(ConfigurationError):
    """A connection string that cannot be read, with every problem in it.

    Args:
        problems: One or more, in the order of the text.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """List all problems, one a line."""
        return "invalid connection string: " + "\n  ".join(map(str, self.problems))


class InvalidSettings(ConfigurationError):
    """Values passed from Python that no `Settings` can hold, all of them.

    Args:
        problems: One or more; their options are names of fields.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """List all problems, one a line."""
        return "invalid settings: " + "\n  ".join(map(str, self.problems))


class InvalidOverride(ConfigurationError):
    """An override rule, or a file of them, that cannot be used.

    Args:
        problem: What is wrong and what to write instead.
        source: The file, or a word for where the rules came from.
        rule: The rule as text, with its number; empty when it is about the file.
    """

    def __init__(self, problem: str, source: str = "", rule: str = "") -> None:
        super().__init__(problem, source, rule)
        self.problem = problem
        self.source = source
        self.rule = rule

    def __str__(self) -> str:
        """Write source, rule and problem on one line."""
        return ": ".join(
            part for part in (self.source, self.rule, self.problem) if part
        )


class InvalidResource(ConfigurationError):
    """A KurrentDB resource that the operator would refuse, or that cannot be read.

    Args:
        problems: One or more; their options are names of the resource's fields.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """List all problems, one a line."""
        return "invalid resource: " + "\n  ".join(map(str, self.problems))


class MissingExtra(ConfigurationError):
    """Something that was asked for needs a package that is not installed.

    Args:
        package: The package that is missing.
        extra: The extra of this package that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        """Say what to install."""
        return f"this needs {self.package}: pip install 'kurrent-conn[{self.extra}]'"


class InvalidTlsFile(ConfigurationError):
    """A CA, certificate or key file that cannot be used.

    Args:
        option: The connection-string option that names it, such as `tlsCaFile`.
        path: The path as given.
        problem: What is wrong and what to check next.
    """

    def __init__(self, option: str, path: str, problem: str) -> None:
        super().__init__(option, path, problem)
        self.option = option
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        """Write option, path and problem on one line."""
        return f"{self.option}: {self.path}: {self.problem}"


class ImpossiblePlan(KurrentConnError):
    """No way to run KurrentDB on Kubernetes does what was asked, and why.

    Args:
        problems: One or more; their options are questions of the plan, or the
            combinations that were refused.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """List all reasons, one a line."""
        return "impossible plan: " + "\n  ".join(map(str, self.problems))


class DiscoveryError(KurrentConnError):
    """No node could be had: every endpoint tried, each with its own cause.

    Args:
        reason: Why the search ended, in one sentence.
        attempts: Every endpoint tried, newest last, one entry a route: where, by
            which route, in which phase, with which cause.
        findings: What a TLS probe found about the failed routes.
    """

    def __init__(
        self,
        reason: str,
        attempts: tuple[Attempt, ...] = (),
        findings: tuple[TlsFinding, ...] = (),
    ) -> None:
        super().__init__(reason, attempts, findings)
        self.reason = reason
        self.attempts = attempts
        self.findings = findings

    def __str__(self) -> str:
        """Write the reason, then a line an endpoint, then the findings."""
        lines = [self.reason, *map(str, self.attempts), *map(str, self.findings)]
        return "\n  ".join(lines)


class TlsError(KurrentConnError):
    """A TLS handshake failed, or would have verified the wrong thing.

    Args:
        reason: What failed, in one sentence.
        findings: Typed facts, each with its kind, endpoint, route and names.
    """

    def __init__(self, reason: str, findings: tuple[TlsFinding, ...] = ()) -> None:
        super().__init__(reason, findings)
        self.reason = reason
        self.findings = findings

    def __str__(self) -> str:
        """Write the reason, then a line a finding."""
        return "\n  ".join([self.reason, *map(str, self.findings)])


class UntrustedName(KurrentConnError):
    """A member or a redirect names a host outside `trusted_names`; it was refused.

    Args:
        host: The refused host.
        told_by: Who named it, as `host:port`.
        patterns: The patterns that it had to match.
    """

    def __init__(self, host: str, told_by: str, patterns: tuple[str, ...]) -> None:
        super().__init__(host, told_by, patterns)
        self.host = host
        self.told_by = told_by
        self.patterns = patterns

    def __str__(self) -> str:
        """Name the host, who named it, and the patterns."""
        return (
            f"{self.told_by} names {self.host}, which no pattern of trusted_names "
            f"({', '.join(self.patterns) or 'none'}) covers; add a pattern if the host "
            "is one of yours"
        )


class ConnectionClosed(KurrentConnError):
    """The connection was closed before or while this was asked of it."""

    def __init__(self, reason: str = "the connection is closed") -> None:
        super().__init__(reason)
