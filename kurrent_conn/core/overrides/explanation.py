"""Why an advertised endpoint is dialled as it is: the rules that led there."""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides.plan import Plan, Step
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the rules make of one advertised endpoint, and how.

    Args:
        advertised: The endpoint that was asked about.
        routes: The routes, best first; empty when there is a problem.
        ways: For each way through the rules, best first, the rules that matched in
            their order: several after `continue`. Two ways to one endpoint make one
            route.
        problem: Why there is no route; None when there is one.
    """

    advertised: Endpoint
    routes: tuple[Route, ...]
    ways: tuple[tuple[Step, ...], ...]
    problem: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether no rule matched."""
        return not self.ways and self.problem is None

    def __str__(self) -> str:
        """Write the endpoint, then its routes or the problem."""
        if self.problem is not None:
            return f"{self.advertised}: {self.problem}"
        return f"{self.advertised} -> {', '.join(map(str, self.routes))}"


def explain(plan: Plan, advertised: Endpoint) -> Explanation:
    """Say what rules make of an advertised endpoint.

    Args:
        plan: The rules.
        advertised: The endpoint as a member advertises it.

    Returns:
        The explanation; a result that is no host is its `problem`, not an error.
    """
    try:
        branches = plan.branches(advertised)
        routes = plan.routes(advertised)
    except InvalidOverride as error:
        return Explanation(advertised, (), (), str(error))
    return Explanation(advertised, routes, tuple(branch.steps for branch in branches))
