"""Hosts of the connection string behind which nobody is.

A seed is wanted for the first question only: while another answers, a dead one is a
warning. Members are the business of other rules, also where a seed is their address.
"""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Fix, Severity, Trouble
from kurrent_conn.diagnose.rules.route import internal_view, is_internal
from kurrent_conn.diagnose.sight import Reach


def about_seeds(case: Case) -> Iterator[Finding]:
    """Find seeds that cannot be looked up or connected to.

    Args:
        case: What was seen.
    """
    seeds = [seed for seed in case.seeds if seed not in case.members]
    unknown = tuple(
        seed
        for seed in seeds
        if case.overrides.explain(seed).problem is None and not case.routes(seed)
    )
    dead = tuple(
        seed
        for seed in seeds
        if case.reach(seed) is Reach.NOTHING and not _is_a_member(case, seed)
    )
    views = tuple(seed for seed in dead if is_internal(case, seed))
    dead = tuple(seed for seed in dead if seed not in views)
    if views:
        yield internal_view(case, views)
    severity = Severity.WARNING if case.views else Severity.PROBLEM
    if unknown:
        yield Finding(
            Trouble.SEED_UNKNOWN,
            severity,
            unknown,
            "the connection string names a host that does not resolve here",
            tuple(_failure(case, seed) for seed in unknown),
            (*_without(case, unknown), fix.step("correct the name")),
        )
    if dead:
        yield Finding(
            Trouble.DEAD_SEED,
            severity,
            dead,
            "the connection string names a host where nothing answers",
            tuple(_cause(case, seed) for seed in dead),
            (*_without(case, dead), fix.step("start what should listen there")),
        )


def _is_a_member(case: Case, seed: Endpoint) -> bool:
    """Whether the seed is another name for a member's place."""
    places = {route.connects_to for m in case.members for route in case.routes(m)}
    return any(route.connects_to in places for route in case.routes(seed))


def _failure(case: Case, seed: Endpoint) -> str:
    hosts = [route.dial.host for route in case.named_routes(seed)]
    reasons = [known.failure for h in hosts if (known := case.lookups.get(h))]
    return f"{seed}: {'; '.join(reasons) or 'no address'}"


def _cause(case: Case, seed: Endpoint) -> str:
    best = case.best(seed)
    return f"{seed}: {best.cause if best is not None else 'no address'}"


def _without(case: Case, seeds: tuple[Endpoint, ...]) -> tuple[Fix, ...]:
    found = fix.without_seeds(case.settings, seeds)
    return (found,) if found is not None else ()
