"""What commands are given: a connection string from argument, stdin or environment.

A process list shows arguments, so `-` and `KURRENTDB_URI` are the ways for a string
with a password.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final, TypeVar

import click

VARIABLE: Final = "KURRENTDB_URI"
STDIN: Final = "-"
DOCTOR: Final = (
    "hint: `kurrent-conn doctor` examines every step, and says what mends it"
)
"""For whom a cluster could not be reached."""

Command = TypeVar("Command", bound=Callable[..., object])


def _read(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str:
    if value == STDIN:
        return read_stdin()
    if value is None:
        value = os.environ.get(VARIABLE)
    if value is None:
        raise click.UsageError(
            f"give a connection string, '-' to read it from stdin, or set {VARIABLE}"
        )
    return value


def read_stdin() -> str:
    """Read all of stdin as text, without a line end at its end.

    Bytes that are no UTF-8 are kept as lone surrogates: whoever reads the text then
    refuses them with a position, instead of a decoder with a traceback.
    """
    data = sys.stdin.buffer.read()
    return data.decode(errors="surrogateescape").rstrip("\r\n")


def connection_string(command: Command) -> Command:
    """Add the argument STRING to a command, passed as `string`.

    Args:
        command: The function of a click command.
    """
    add = click.argument("string", required=False, callback=_read)
    return add(command)


def overrides_option(command: Command) -> Command:
    """Add the option --overrides to a command, passed as `overrides_file`.

    Args:
        command: The function of a click command.
    """
    add = click.option(
        "--overrides",
        "overrides_file",
        type=click.Path(dir_okay=False),
        help="A file of override rules: TOML, a Corefile or the sidecar's JSON.",
    )
    return add(command)
