"""How commands write: tables and lines for people, one JSON object for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kurrent_conn.errors import Problem

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"

_WIDE: Final = 10_000


def write_json(value: Json) -> None:
    """Write one JSON object, a key a line, in ASCII.

    Args:
        value: What to write.
    """
    click.echo(json.dumps(value, indent=2))


def write_table(
    headings: Iterable[str], rows: Iterable[Iterable[str]], title: str = ""
) -> None:
    """Write a table as wide as its content; long cells are folded, never cut.

    Args:
        headings: The columns' names.
        rows: Cells as plain text: nothing in them is markup.
        title: A line above the table; empty for none.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    if title:
        click.echo(title)
    # Into a pipe or a file a row is a line, so that it can be searched.
    width = None if sys.stdout.isatty() else _WIDE
    Console(highlight=False, width=width).print(table)


def printable(text: str) -> str:
    r"""Escape what a terminal would act upon or cannot show.

    Args:
        text: Any text; `\n` and ESC become visible.
    """
    if text.isprintable():
        return text
    return "".join(
        each
        if each.isprintable()
        else each.encode("unicode_escape", "surrogatepass").decode()
        for each in text
    )


def problem_json(problem: Problem) -> Json:
    """Give a problem as JSON.

    Args:
        problem: A problem or a warning.
    """
    return {
        "option": problem.option,
        "reason": problem.reason,
        "position": problem.position,
        "hint": problem.hint,
    }
