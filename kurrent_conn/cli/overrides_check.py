"""`kurrent-conn overrides check`: what is odd about rules, and about certificates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from kurrent_conn.cli.given import STDIN, read_stdin
from kurrent_conn.cli.output import Json, write_json, write_table
from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Finding, Overrides
from kurrent_conn.core.overrides.coverage import Uncovered, uncovered
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidOverride, KurrentConnError
from kurrent_conn.shells.blocking.connection import connect
from kurrent_conn.shells.survey import survey
from kurrent_conn.shells.trust import read_trust


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--cluster",
    metavar="STRING",
    help="Also look at the certificates of this cluster, by every route; '-' reads "
    "the connection string from stdin.",
)
@click.option(
    "--ca-file", metavar="PATH", help="Trust this instead of the string's tlsCaFile."
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds for the cluster's answer, and for each certificate.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(
    file: Path,
    *,
    cluster: str | None,
    ca_file: str | None,
    timeout_s: float,
    as_json: bool,
) -> int:
    """Look for dead and shadowed rules, loops, and results that are no host.

    With --cluster, also for names that no certificate covers: the cluster is asked for
    its members, and every route to a member is looked at. Exit code 1 with findings, or
    when no certificate could be looked at.
    """
    if ca_file is not None and cluster is None:
        raise click.UsageError("--ca-file is about a cluster: give --cluster too")
    try:
        rules = Overrides.from_file(file)
    except InvalidOverride as error:
        return _refused(error, as_json=as_json)
    findings = rules.check()
    bare: tuple[Uncovered, ...] = ()
    notes, is_blind = rules.notes, False
    if cluster is not None:
        settings = _settings(cluster, ca_file)
        asked, told = _endpoints(settings, rules, timeout_s)
        trust = read_trust(settings)
        seen = survey(asked, rules, trust, timeout_s=timeout_s)
        bare, is_blind = uncovered(seen), all(each.names is None for each in seen)
        notes += (*told, *(("no certificate was seen at all",) if is_blind else ()))
    if as_json:
        write_json(_as_json(rules, findings, bare, notes))
    else:
        _as_text(rules, findings, bare, notes)
    return 1 if findings or bare or is_blind else 0


def _settings(cluster: str, ca_file: str | None) -> Settings:
    settings = Settings.from_string(read_stdin() if cluster == STDIN else cluster)
    if ca_file is not None:
        settings = replace(settings, tls_ca_file=ca_file)
    if not settings.tls:
        raise click.UsageError("--cluster: without TLS there is no certificate")
    return settings


def _endpoints(
    settings: Settings, rules: Overrides, timeout_s: float
) -> tuple[tuple[Endpoint, ...], tuple[str, ...]]:
    """Ask the cluster for its members; by the rules, or else without them.

    Returns:
        Members, or the seeds where nobody answered; and what there is to say of that.
    """
    problem = ""
    for given in (rules, Overrides()):
        try:
            with connect(
                settings, overrides=given, timeout=timeout_s, lazy=True
            ) as connection:
                members = connection.refresh().members
        except KurrentConnError as error:
            problem = str(error).partition("\n")[0]
            continue
        advertised = (m.advertised for m in members if m.state != NodeState.MANAGER)
        told = () if given is rules else ("the members were asked without the rules",)
        return tuple(advertised), told
    return settings.hosts, (f"only the seeds were looked at: {problem}",)


def _refused(error: InvalidOverride, *, as_json: bool) -> int:
    if as_json:
        write_json({"rules": None, "error": str(error), "findings": []})
    else:
        click.echo(f"error: {error}", err=True)
    return 1


def _as_json(
    rules: Overrides,
    findings: tuple[Finding, ...],
    bare: tuple[Uncovered, ...],
    notes: tuple[str, ...],
) -> Json:
    return {
        "rules": len(rules),
        "error": None,
        "findings": [_finding(each) for each in findings],
        "uncovered": [
            {
                "advertised": str(each.advertised),
                "rule": each.route.rule,
                "dial": str(each.route.dial),
                "server_name": each.route.server_name,
                "presented": list(each.presented),
                "hint": each.hint,
            }
            for each in bare
        ],
        "notes": list(notes),
    }


def _finding(finding: Finding) -> Json:
    return {
        "kind": finding.kind,
        "number": finding.number,
        "rule": str(finding.rule),
        "detail": finding.detail,
        "by": finding.by,
    }


def _as_text(
    rules: Overrides,
    findings: tuple[Finding, ...],
    bare: tuple[Uncovered, ...],
    notes: tuple[str, ...],
) -> None:
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if not findings and not bare:
        click.echo(f"rules: {len(rules)}; nothing found")
    if findings:
        write_table(
            ("rule", "what", "text", "detail"),
            ((str(f.number), f.kind, str(f.rule), f.detail) for f in findings),
            title=f"rules: {len(rules)}; findings: {len(findings)}",
        )
    if bare:
        write_table(
            ("advertised", "we dial", "must cover", "because of", "hint"),
            (
                (
                    str(each.advertised),
                    str(each.route.dial),
                    each.route.server_name,
                    each.route.rule or "no rule",
                    each.hint,
                )
                for each in bare
            ),
            title=f"names that no certificate covers: {len(bare)}",
        )
