"""Hosts of the connection string behind which nobody is.

A seed is wanted for the first question only: while another answers, a dead one is a
warning. Members are the business of other rules, also where a seed is their address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    dead = [s for s in seeds if case.reach(s) is Reach.NOTHING]
    dead = [s for s in dead if not _is_a_member(case, s)]
    views = [s for s in dead if is_internal(case, s)]
    if views:
        yield internal_view(case, views)
    yield from _unknown(case, [s for s in seeds if _has_no_address(case, s)])
    yield from _dead(case, [s for s in dead if s not in views])


def _has_no_address(case: Case, seed: Endpoint) -> bool:
    explained = case.overrides.explain(seed).problem is None
    return explained and not case.routes(seed)


def _severity(case: Case) -> Severity:
    return Severity.WARNING if case.views else Severity.PROBLEM


def _unknown(case: Case, seeds: Sequence[Endpoint]) -> Iterator[Finding]:
    if seeds:
        yield Finding(
            Trouble.SEED_UNKNOWN,
            _severity(case),
            tuple(seeds),
            "the connection string names a host that does not resolve here",
            tuple(_failure(case, seed) for seed in seeds),
            (*_without(case, seeds), fix.step("correct the name")),
        )


def _dead(case: Case, seeds: Sequence[Endpoint]) -> Iterator[Finding]:
    if seeds:
        yield Finding(
            Trouble.DEAD_SEED,
            _severity(case),
            tuple(seeds),
            "the connection string names a host where nothing answers",
            tuple(_cause(case, seed) for seed in seeds),
            (*_without(case, seeds), fix.step("start what should listen there")),
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


def _without(case: Case, seeds: Sequence[Endpoint]) -> tuple[Fix, ...]:
    found = fix.without_seeds(case.settings, seeds)
    return (found,) if found is not None else ()
