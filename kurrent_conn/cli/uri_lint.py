"""`kurrent-conn uri lint`: which client accepts a string, and who reads it apart."""

from __future__ import annotations

from pathlib import Path

import click

from kurrent_conn.cli.given import connection_string
from kurrent_conn.cli.output import (
    Json,
    printable,
    problem_json,
    write_json,
    write_table,
)
from kurrent_conn.cli.uri_parse import write_problems
from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    FileCheck,
    present,
)
from kurrent_conn.core.client_readings.difference import (
    MAX_SHOWN,
    Difference,
    DifferenceKind,
    is_suspect,
    shown_seed,
)
from kurrent_conn.core.client_readings.lint import Lint, Verdict
from kurrent_conn.core.client_readings.lint import lint as lint_string
from kurrent_conn.core.connection_string.writing import MASK


def _clients(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[Client, ...]:
    if value is None:
        return tuple(Client)
    words = [word.strip().lower() for word in value.split(",")]
    unknown = sorted(set(words) - set(Client))
    if unknown:
        known = ", ".join(Client)
        raise click.BadParameter(f"{', '.join(unknown)}: the clients are {known}")
    return tuple(client for client in Client if client in words)


@click.command()
@connection_string
@click.option(
    "--for",
    "clients",
    callback=_clients,
    help="Only these clients, such as python,java.",
)
@click.option("--defaults", is_flag=True, help="Also show defaults that differ.")
@click.option(
    "--files-elsewhere",
    is_flag=True,
    help="Take the files it names for existing: it is used on another machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def lint(
    string: str,
    *,
    clients: tuple[Client, ...],
    defaults: bool,
    files_elsewhere: bool,
    as_json: bool,
) -> int:
    """Say for each client whether it accepts STRING, and what it reads otherwise.

    STRING may be '-' for stdin, or come from KURRENTDB_URI. The password is never
    shown. Exit code 1: not every client accepts it and reads it alike.
    """
    exists: FileCheck = present if files_elsewhere else _is_file
    found = lint_string(string, clients, exists)
    if as_json:
        write_json(_json(found, string, defaults=defaults))
    else:
        _write(found, defaults=defaults)
    return 0 if found.agrees else 1


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _shown(verdict: Verdict, *, defaults: bool) -> tuple[Difference, ...]:
    return tuple(
        each
        for each in verdict.differences
        if defaults or each.kind is not DifferenceKind.DEFAULT
    )


def _write(found: Lint, *, defaults: bool) -> None:
    write_problems(found.problems)
    write_table(
        ("client", "accepts", "reads"),
        ((each.client.label, *_summary(each, found)) for each in found.verdicts),
    )
    for verdict in found.verdicts:
        for each in _shown(verdict, defaults=defaults):
            click.echo(f"{verdict.client.label}: {printable(str(each))}")


def _summary(verdict: Verdict, found: Lint) -> tuple[str, str]:
    if not isinstance(verdict.reading, Accepted):
        return "no", verdict.reading.fact.text
    if found.settings is None:
        return "yes", "what we refuse"
    return "yes", "alike" if verdict.agrees else "differently"


def _json(found: Lint, string: str, *, defaults: bool) -> Json:
    return {
        "string": found.settings.redacted() if found.settings else None,
        "accepted": found.settings is not None,
        "problems": [problem_json(problem) for problem in found.problems],
        "agrees": found.agrees,
        "clients": {
            verdict.client.value: _verdict_json(
                verdict, found, string, defaults=defaults
            )
            for verdict in found.verdicts
        },
    }


def _verdict_json(
    verdict: Verdict, found: Lint, string: str, *, defaults: bool
) -> Json:
    reading = verdict.reading
    if not isinstance(reading, Accepted):
        return {
            "accepted": False,
            "reason": reading.fact.text,
            "source": reading.fact.source,
        }
    return {
        "accepted": True,
        "agrees": verdict.agrees,
        "hosts": _hosts_json(reading, found, string),
        "username": reading.username,
        "password": MASK if reading.password else reading.password,
        "tls": reading.tls,
        "discover": reading.discover,
        "differences": [
            _difference_json(each) for each in _shown(verdict, defaults=defaults)
        ],
    }


def _hosts_json(reading: Accepted, found: Lint, string: str) -> list[Json]:
    hosts = found.settings.hosts if found.settings else ()
    clear = frozenset(host.host for host in hosts)
    return [
        [shown_seed(seed, string, clear), None]
        if seed.host not in clear and is_suspect(seed.host, string)
        else [seed.host, seed.port]
        for seed in reading.hosts[:MAX_SHOWN]
    ]


def _difference_json(difference: Difference) -> Json:
    return {
        "aspect": difference.aspect,
        "kind": difference.kind.value,
        "ours": difference.ours,
        "theirs": difference.theirs,
        "fact": difference.fact.text,
        "source": difference.fact.source,
    }
