"""A diagnosis for people: the verdict, how everybody answered, the findings."""

from __future__ import annotations

from collections.abc import Iterator

import click

from kurrent_conn.cli.output import printable, write_table
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose import Diagnosis, Finding, Fix, Severity
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.step import Step, steps_of

_COLOURS = {Severity.PROBLEM: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_HEADINGS = ("endpoint", "we dial", "step by step")


def write_report(diagnosis: Diagnosis) -> None:
    """Write a diagnosis to the terminal.

    Args:
        diagnosis: What the doctor says.
    """
    case = diagnosis.case
    colour = "green" if diagnosis.is_healthy else "red"
    click.secho(printable(diagnosis.verdict), fg=colour, bold=True)
    click.echo(
        f"asked {case.vantage}, trusting {printable(case.trust)}; "
        f"strategy: {diagnosis.strategy}; took {diagnosis.took_s:.2f} s"
    )
    click.echo()
    write_table(_HEADINGS, _rows(case))
    _write_names(case)
    for found in diagnosis.findings:
        click.echo()
        _write_finding(found)


def _rows(case: Case) -> Iterator[tuple[str, ...]]:
    for target in case.targets:
        contacts = case.contacts_of(target)
        if not contacts:
            yield _named(case, target), "no address", ""
        for contact in contacts:
            steps = steps_of(contact, case.leader)
            told = ", ".join(_told(step) for step in steps if step.words)
            yield _named(case, target), str(contact.route), told


def _named(case: Case, target: Endpoint) -> str:
    marks = []
    if target in case.seeds:
        marks.append("seed")
    if target in case.members:
        marks.append("member" if case.is_alive(target) else "dead member")
    if target in case.leaders:
        marks.append("leader")
    return f"{target} ({', '.join(marks) or 'from a redirect'})"


def _told(step: Step) -> str:
    took = "" if step.took_s is None else f" {step.took_s * 1000:.1f} ms"
    return f"{step.name} {step.words}{took}"


def _write_names(case: Case) -> None:
    if not case.lookups:
        return
    click.echo()
    write_table(
        ("name", "the system says", "DNS says"),
        (
            (
                lookup.host,
                ", ".join(lookup.system) or lookup.failure,
                ", ".join(lookup.dns or ()) or "nothing",
            )
            for lookup in case.lookups.values()
        ),
    )


def _write_finding(found: Finding) -> None:
    head = f"{found.severity}: {found.trouble}"
    if found.is_accepted:
        head += " (accepted)"
    click.secho(head, fg=_COLOURS[found.severity], bold=True, nl=False)
    where = ", ".join(map(str, found.subjects))
    click.echo(f" {printable(where)}" if where else "")
    click.echo(f"  {printable(found.what)}")
    for each in found.evidence:
        click.echo(f"  - {printable(each)}")
    for number, fix in enumerate(found.fixes):
        _write_fix(fix, "or" if number else "fix")


def _write_fix(fix: Fix, word: str) -> None:
    lines = fix.text.strip().splitlines()
    about = f" ({printable(fix.about)})" if fix.about else ""
    if len(lines) == 1 and not about:
        click.echo(f"  {word}: {printable(lines[0])}")
        return
    click.echo(f"  {word}, {fix.kind}{about}:")
    for line in lines:
        click.echo(f"      {printable(line)}")
