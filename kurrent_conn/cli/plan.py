"""`kurrent-conn plan`: the operator's networking guide, asked, decided and written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from kurrent_conn.cli.plan_check import check
from kurrent_conn.cli.plan_flags import (
    choice,
    describes_situation,
    given_flags,
    read_site,
    read_situation,
    situation_and_site_flags,
)
from kurrent_conn.cli.plan_questions import ask
from kurrent_conn.cli.plan_report import write_decision, write_refusal
from kurrent_conn.cli.plan_write import write_files
from kurrent_conn.errors import ImpossiblePlan
from kurrent_conn.kubernetes.decision import Decision, decide, problems_of
from kurrent_conn.kubernetes.rendering import RenderedFile, render
from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import Situation
from kurrent_conn.kubernetes.solution import Solution


@click.command()
@click.option("--solution", type=choice(Solution), help="A common solution.")
@situation_and_site_flags
@click.option(
    "--rank",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Which of the ranked plans to show in full and to render.",
)
@click.option(
    "--render",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the plan as files into this directory.",
)
@click.option("--force", is_flag=True, help="Into a directory that is not empty, too.")
@click.option(
    "--check",
    "checked",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Find mistakes in the manifests of a directory instead.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def plan(
    *,
    solution: str | None,
    rank: int,
    directory: Path | None,
    force: bool,
    checked: Path | None,
    as_json: bool,
    **flags: object,
) -> int:
    """Decide how servers and clients find each other on Kubernetes.

    The operator's networking guide as a tool: say by flags what is given, or name a
    common solution and change it by flags; on a terminal, without any, it asks. Plans
    are ranked, with reasons; what cannot work is refused with the reason.
    """
    given = given_flags(flags)
    if checked is not None:
        if given or solution or directory:
            raise click.UsageError("--check reads manifests; it takes no other flags")
        return check(checked, as_json=as_json)
    try:
        situation, site = _asked_or_given(solution, given)
    except ImpossiblePlan as error:
        write_refusal(error.problems, as_json=as_json)
        return 1
    decision = decide(situation)
    if not decision.plans:
        write_refusal(problems_of(decision), as_json=as_json)
        return 1
    files = _rendered(decision, site, rank)
    if directory is not None:
        write_files(directory, files, force=force)
    write_decision(decision, site, rank, directory, files, as_json=as_json)
    return 0


def _asked_or_given(
    solution: str | None, given: Mapping[str, object]
) -> tuple[Situation, Site]:
    if solution or describes_situation(given):
        return read_situation(solution, given), read_site(given)
    if not sys.stdin.isatty():
        raise click.UsageError(
            "say what is given, such as --clients anywhere, or name a --solution; "
            "on a terminal the questions are asked"
        )
    return ask(read_site(given))


def _rendered(decision: Decision, site: Site, rank: int) -> tuple[RenderedFile, ...]:
    if rank > len(decision.plans):
        raise click.BadParameter(
            f"the last plan is {len(decision.plans)}", param_hint="--rank"
        )
    return render(decision.plans[rank - 1], site)
