"""The whole examination as one value: what was seen, what is wrong, and the verdict."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Trouble
from kurrent_conn.diagnose.rules import findings
from kurrent_conn.diagnose.sight import Credentials
from kurrent_conn.diagnose.strategy import Strategy, strategy_of


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the doctor says.

    Args:
        case: Everything that was seen.
        findings: What is wrong, the gravest first; notes last.
        strategy: Which traffic strategy the cluster follows.
        took_s: Seconds that the examination took.
    """

    case: Case
    findings: tuple[Finding, ...]
    strategy: Strategy
    took_s: float = 0.0

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found that counts."""
        return not any(found.counts for found in self.findings)

    @property
    def is_usable(self) -> bool:
        """Whether a client here would reach the leader and be let in."""
        leader = self.case.leader
        if leader is None or not self.case.works(leader):
            return False
        best = self.case.best(leader)
        return best is not None and best.credentials is not Credentials.REFUSED

    @property
    def verdict(self) -> str:
        """The verdict in plain words, one or two sentences."""
        counted = [found for found in self.findings if found.counts]
        if not counted:
            return f"Healthy: {self._way()}"
        first, more = counted[0], len(counted) - 1
        others = f" {_findings(more)} below." if more else ""
        start = "works, with something to mend" if self.is_usable else "cannot work"
        return f"A client here {start}: {first.what}{_where(first.subjects)}.{others}"

    def _way(self) -> str:
        leader = self.case.leader
        best = None if leader is None else self.case.best(leader)
        if leader is None or best is None:
            return "nothing is wrong."
        by = "" if best.route.dial == leader else f" by {best.route.dial}"
        alive = sum(1 for m in self.case.members if self.case.is_alive(m))
        count = "one member" if alive == 1 else f"{alive} members"
        return f"a client here finds {count} and reaches the leader {leader}{by}."


def diagnosis_of(
    case: Case, *, accept: Collection[Trouble] = (), took_s: float = 0.0
) -> Diagnosis:
    """Judge what was seen.

    Args:
        case: Everything that was seen.
        accept: Troubles that are known and meant: shown, and not counted.
        took_s: Seconds that the examination took.
    """
    found = tuple(
        replace(each, is_accepted=each.trouble in accept) for each in findings(case)
    )
    return Diagnosis(case, found, strategy_of(case), took_s)


def _where(subjects: tuple[Endpoint, ...]) -> str:
    if len(subjects) > 1:
        return f" ({len(subjects)} endpoints)"
    return f" ({subjects[0]})" if subjects else ""


def _findings(more: int) -> str:
    return "One more finding is" if more == 1 else f"{more} more findings are"
