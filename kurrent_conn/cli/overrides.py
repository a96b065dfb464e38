"""`kurrent-conn overrides`: explain, convert and check split-horizon rules."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from kurrent_conn.cli.overrides_check import check
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Explanation, Format, Overrides
from kurrent_conn.core.overrides.host import is_address
from kurrent_conn.errors import InvalidOverride

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def overrides() -> None:
    """Look at the rules that replace CoreDNS rewrites and the SplitDNS sidecar."""


@overrides.command()
@click.argument("advertised", metavar="HOST[:PORT]")
@click.option(
    "--overrides", "file", type=_FILE, required=True, help="TOML, Corefile or JSON."
)
@_JSON
def explain(advertised: str, file: Path, *, as_json: bool) -> int:
    """Say which rule applies, where it dials, and what DNS says instead.

    A hairpin: DNS gives another address than the override dials, so without the rule
    the traffic would take another way, often out of the cluster and back.
    """
    try:
        endpoint = Endpoint.parse(advertised)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="HOST[:PORT]") from None
    explanation = Overrides.from_file(file).explain(endpoint)
    report = _report(explanation)
    if as_json:
        _print_json(report)
    else:
        _print_explanation(explanation, report)
    return 1 if explanation.problem else 0


@overrides.command()
@click.argument("file", type=_FILE)
@click.option("--to", "to", type=click.Choice([f.value for f in Format]), required=True)
@_JSON
def convert(file: Path, to: str, *, as_json: bool) -> int:
    """Write the rules of FILE in another format, so that they route alike.

    What the format cannot express is an error that names each rule. What was left out
    when FILE was read is said on stderr.
    """
    rules = Overrides.from_file(file)
    try:
        text = _written(rules, Format(to))
    except InvalidOverride as error:
        if as_json:
            _print_json({"to": to, "text": None, "error": str(error)})
        else:
            click.echo(f"error: {error}", err=True)
        return 1
    if as_json:
        _print_json({"to": to, "text": text, "error": None, "notes": list(rules.notes)})
        return 0
    for note in rules.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(text, nl=False)
    return 0


overrides.add_command(check)


def _written(rules: Overrides, to: Format) -> str:
    match to:
        case Format.TOML:
            return rules.to_toml()
        case Format.COREFILE:
            return rules.to_corefile()
        case Format.SIDECAR:
            return rules.to_sidecar()


def _report(explanation: Explanation) -> dict[str, object]:
    best = explanation.routes[0] if explanation.routes else None
    dns, dns_error = _resolved(explanation.advertised.host)
    target: list[str] = []
    target_error: str | None = None
    if best is not None:
        target, target_error = _resolved(best.dial.host)
    hairpin: bool | None = None
    if explanation.is_direct or (not dns and best is not None):
        hairpin = False
    elif dns and target:
        hairpin = not set(dns) & set(target)
    return {
        "advertised": str(explanation.advertised),
        "problem": explanation.problem,
        "rule": best.rule if best else None,
        "rules": [
            {
                "number": step.number,
                "rule": str(step.rule),
                "from": str(step.given),
                "to": str(step.result),
            }
            for step in (explanation.ways[0] if explanation.ways else ())
        ],
        "routes": [
            {"dial": str(r.dial), "server_name": r.server_name, "rule": r.rule}
            for r in explanation.routes
        ],
        "server_name": best.server_name if best else None,
        "dns": {"addresses": dns, "error": dns_error},
        "target": {"addresses": target, "error": target_error},
        "hairpin": hairpin,
    }


def _resolved(host: str) -> tuple[list[str], str | None]:
    """Ask the system's resolver, as a dial would."""
    if is_address(host):
        return [host], None
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return [], error.strerror or str(error)
    except UnicodeError as error:
        return [], str(error)
    return list(dict.fromkeys(str(address[0]) for *_, address in found)), None


def _print_explanation(explanation: Explanation, report: dict[str, object]) -> None:
    table = Table(title=str(explanation.advertised), show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if explanation.problem is not None:
        table.add_row("problem", explanation.problem)
    steps = explanation.ways[0] if explanation.ways else ()
    for step in steps:
        table.add_row(f"rule {step.number}", str(step.rule))
    if explanation.is_direct:
        table.add_row("rule", "none matches: it is dialled as advertised")
    for place, route in enumerate(explanation.routes, 1):
        table.add_row(f"route {place}", str(route.dial))
    if explanation.routes:
        table.add_row("certificate", explanation.routes[0].server_name)
    for title, key in (("DNS says", "dns"), ("target is", "target")):
        answer = report[key]
        if isinstance(answer, dict):
            said = ", ".join(answer["addresses"]) or answer["error"] or "nothing"
            table.add_row(title, said)
    table.add_row("hairpin", _hairpin(explanation, report["hairpin"]))
    Console(soft_wrap=True, markup=False, highlight=False).print(table)


def _hairpin(explanation: Explanation, hairpin: object) -> str:
    if explanation.is_direct:
        return "no rule, so DNS decides"
    if hairpin is None:
        return "cannot be told: the target does not resolve here"
    if hairpin:
        return "yes: without the rule, another address would be dialled"
    return "no: DNS gives no other address"


def _print_json(value: dict[str, object]) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
