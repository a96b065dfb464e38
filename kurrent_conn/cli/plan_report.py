"""What `kurrent-conn plan` prints: a decision, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from kurrent_conn.cli.output import Json, printable, problem_json, write_json
from kurrent_conn.errors import ImpossiblePlan, Problem
from kurrent_conn.kubernetes.certificate_names import server_names
from kurrent_conn.kubernetes.client_side import ClientSide, client_sides
from kurrent_conn.kubernetes.decision import Decision
from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.plan import Combination, Plan, Rejection
from kurrent_conn.kubernetes.readme import manual_steps
from kurrent_conn.kubernetes.rendering import RenderedFile
from kurrent_conn.kubernetes.site import Site, quorum, standalone
from kurrent_conn.kubernetes.situation import Situation


def write_refusal(problems: tuple[Problem, ...], *, as_json: bool) -> None:
    """Write why nothing can work: to stderr, or as the JSON object.

    Args:
        problems: The reasons.
        as_json: Whether JSON is wanted.
    """
    if as_json:
        listed: list[Json] = [problem_json(each) for each in problems]
        write_json({"ok": False, "plans": [], "impossible": listed})
        return
    click.echo(f"error: {ImpossiblePlan(problems)}", err=True)


def write_decision(
    decision: Decision,
    site: Site,
    rank: int,
    directory: Path | None,
    files: tuple[RenderedFile, ...],
    *,
    as_json: bool,
) -> None:
    """Write the plans, one of them in full.

    Args:
        decision: One plan or more, and what was rejected.
        site: The values.
        rank: Which plan, from 1.
        directory: Where its files were written; None when they were not.
        files: Its files.
        as_json: Whether JSON is wanted.
    """
    if as_json:
        write_json(_decision_json(decision, site, rank, directory, files))
        return
    for line in _lines(decision, site, rank, directory, files):
        click.echo(printable(line))


def _lines(
    decision: Decision,
    site: Site,
    rank: int,
    directory: Path | None,
    files: tuple[RenderedFile, ...],
) -> Iterator[str]:
    chosen = decision.plans[rank - 1]
    yield f"plan {rank} of {len(decision.plans)}: {chosen.combination}"
    yield f"load balancer: {chosen.load_balancer}"
    yield from _section("why", (str(reason) for reason in chosen.reasons))
    against = (str(drawback.reason) for drawback in chosen.drawbacks)
    yield from _section("what speaks against it", against)
    made = (f"{each.kind}: {each.reason}" for each in chosen.objects)
    yield from _section("made beside the KurrentDB resource", made)
    yield from _section("who could pass for a server", chosen.impersonators)
    for side in client_sides(chosen, site):
        yield from _section(f"clients at {side.location}", _side_lines(side))
    yield from _section("left for you to do", manual_steps(chosen, site))
    others = (
        f"{place}: {each.combination}"
        for place, each in enumerate(decision.plans, 1)
        if place != rank
    )
    yield from _section("other plans, by --rank", others)
    refused = (f"{each.combination}: {each.reasons[0]}" for each in decision.rejected)
    yield from _section("cannot work", refused)
    if directory is None:
        yield "to write its files, say the same again with --render DIRECTORY"
    else:
        yield f"wrote {len(files)} files to {directory}: kubectl apply -k {directory}"


def _section(title: str, lines: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    listed = tuple(lines)
    if listed:
        yield f"{title}:"
        yield from (f"  - {line}" for line in listed)


def _side_lines(side: ClientSide) -> Iterator[str]:
    yield side.connection_string
    if side.discover_string is not None:
        yield f"or {side.discover_string}"
    yield f"trusts {side.trust}"
    yield from (f"override {rule}" for rule in side.overrides.rules)


def _decision_json(
    decision: Decision,
    site: Site,
    rank: int,
    directory: Path | None,
    files: tuple[RenderedFile, ...],
) -> Json:
    plans: list[Json] = [_plan_json(each) for each in decision.plans]
    rejected: list[Json] = [_rejection_json(each) for each in decision.rejected]
    paths: list[Json] = [file.path for file in files]
    return {
        "ok": True,
        "situation": _situation_json(decision.plans[0].situation),
        "plans": plans,
        "rejected": rejected,
        "chosen": rank,
        "certificates": _certificates_json(decision.plans[rank - 1], site),
        "clients": [
            _side_json(each) for each in client_sides(decision.plans[rank - 1], site)
        ],
        "manual": list(manual_steps(decision.plans[rank - 1], site)),
        "files": paths,
        "directory": None if directory is None else str(directory),
    }


def _situation_json(situation: Situation) -> Json:
    return {
        "servers": situation.servers.value,
        "clients": situation.clients.value,
        "clusters": situation.cluster_count,
        "peering": situation.peering,
        "dns": situation.dns.value,
        "hairpin": situation.hairpin.value,
        "deployment": situation.deployment.value,
        "ingress": situation.ingress,
    }


def _combination_json(combination: Combination) -> dict[str, Json]:
    return {
        "certificates": combination.certificates.value,
        "internode": combination.internode.value,
        "client_traffic": combination.client_traffic.value,
    }


def _plan_json(plan: Plan) -> Json:
    return {
        **_combination_json(plan.combination),
        "load_balancer": plan.load_balancer.value,
        "locations": [each.value for each in plan.locations],
        "objects": [
            {"kind": each.kind.value, **_reason_json(each.reason)}
            for each in plan.objects
        ],
        "reasons": [_reason_json(each) for each in plan.reasons],
        "drawbacks": [
            {"weight": each.weight, **_reason_json(each.reason)}
            for each in plan.drawbacks
        ],
        "impersonators": list(plan.impersonators),
    }


def _rejection_json(rejection: Rejection) -> Json:
    return {
        **_combination_json(rejection.combination),
        "reasons": [_reason_json(each) for each in rejection.reasons],
    }


def _reason_json(reason: Reason) -> dict[str, Json]:
    return {
        "basis": reason.basis.name.lower(),
        "corrects_guide": isinstance(reason.basis, Correction),
        "section": reason.basis.section,
        "text": reason.text or reason.basis.claim,
    }


def _certificates_json(plan: Plan, site: Site) -> Json:
    if not plan.tls:
        return {}
    resources = (quorum(plan, site), standalone(plan, site))
    named = {each.name: server_names(plan, site, each) for each in resources if each}
    return {
        name: {"common_name": names.common_name, "dns_names": list(names.dns)}
        for name, names in named.items()
    }


def _side_json(side: ClientSide) -> Json:
    return {
        "location": side.location.value,
        "connection_string": side.connection_string,
        "discover_string": side.discover_string,
        "trust": side.trust,
        "overrides": [str(rule) for rule in side.overrides.rules],
        "corefile": side.corefile,
    }
