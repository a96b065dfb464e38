"""`kurrent-conn uri`: parse, build and lint connection strings."""

from __future__ import annotations

import click

from kurrent_conn.cli.uri_build import build
from kurrent_conn.cli.uri_lint import lint
from kurrent_conn.cli.uri_parse import parse


@click.group()
def uri() -> None:
    """Understand, build and compare connection strings."""


uri.add_command(parse)
uri.add_command(build)
uri.add_command(lint)
