"""`kurrent-conn uri parse`: what a string says, and what is left to default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from kurrent_conn.cli.given import connection_string
from kurrent_conn.cli.output import (
    Json,
    problem_json,
    write_json,
    write_table,
)
from kurrent_conn.core.client_readings.client import OptionValue
from kurrent_conn.core.client_readings.difference import shown
from kurrent_conn.core.connection_string import read
from kurrent_conn.core.connection_string.option import OPTIONS
from kurrent_conn.core.connection_string.writing import MASK
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidConnectionString, Problem


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a string: its name, itself, how it is shown, and if it was given."""

    name: str
    value: Json
    text: str
    given: bool


@click.command()
@connection_string
@click.option("--strict", is_flag=True, help="An unknown option is an error.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def parse(string: str, *, strict: bool, as_json: bool) -> int:
    """Show what STRING says, and which values are defaults.

    STRING may be '-' for stdin, or come from KURRENTDB_URI. The password is never
    shown. Exit code 1: it cannot be read.
    """
    try:
        reading = read(string, strict=strict)
    except InvalidConnectionString as error:
        _write_refusal(error, as_json=as_json)
        return 1
    settings = Settings(**reading.values, warnings=reading.warnings)
    lines = tuple(_lines(settings, frozenset(reading.values)))
    if as_json:
        write_json(_json(settings, lines))
    else:
        _write(settings, lines)
    return 0


def _lines(settings: Settings, given: frozenset[str]) -> Iterator[Line]:
    hosts: list[Json] = [[host.host, host.port] for host in settings.hosts]
    yield Line("hosts", hosts, ", ".join(map(str, settings.hosts)), given=True)
    yield _line("discover", settings.discover, given=settings.discover)
    yield _line("username", settings.username, given="username" in given)
    password = MASK if settings.password else settings.password
    yield _line("password", password, given="password" in given)
    for option in OPTIONS:
        value: OptionValue = getattr(settings, option.field)
        yield _line(option.name, value, given=option.field in given)


def _line(name: str, value: OptionValue, *, given: bool) -> Line:
    return Line(name, value, shown(value), given)


def _source(line: Line) -> str:
    return "given" if line.given else "default"


def _json(settings: Settings, lines: tuple[Line, ...]) -> Json:
    return {
        "valid": True,
        "string": settings.redacted(),
        "values": {
            line.name: {"value": line.value, "source": _source(line)} for line in lines
        },
        "warnings": [problem_json(warning) for warning in settings.warnings],
    }


def _write(settings: Settings, lines: tuple[Line, ...]) -> None:
    write_table(
        ("option", "value", "source"),
        ((line.name, line.text, _source(line)) for line in lines),
    )
    for warning in settings.warnings:
        click.echo(f"warning: {warning}")


def _write_refusal(error: InvalidConnectionString, *, as_json: bool) -> None:
    if as_json:
        problems: list[Json] = [problem_json(each) for each in error.problems]
        write_json({"valid": False, "problems": problems})
    else:
        write_problems(error.problems)


def write_problems(problems: tuple[Problem, ...]) -> None:
    """Write a line a problem to stderr.

    Args:
        problems: What is wrong.
    """
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
