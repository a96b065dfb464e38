"""`kurrent-conn watch`: what happens to a connection, as it happens."""

from __future__ import annotations

import json
import queue
from contextlib import suppress
from time import monotonic

import click

from kurrent_conn.cli.given import DOCTOR, connection_string, overrides_option
from kurrent_conn.cli.output import printable
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import DiscoveryError
from kurrent_conn.shells.blocking.connection import Connection, connect


@click.command()
@connection_string
@overrides_option
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.05),
    default=1.0,
    show_default=True,
    help="Seconds between two questions to the cluster.",
)
@click.option(
    "--for",
    "for_s",
    type=click.FloatRange(0.0),
    help="Stop after so many seconds; until interrupted when left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def watch(
    *,
    string: str,
    overrides_file: str | None,
    every_s: float,
    for_s: float | None,
    as_json: bool,
) -> int:
    """Ask the cluster of STRING again and again, and print what changes.

    STRING may be '-' for stdin, or come from KURRENTDB_URI. Exit code 1 when nobody
    leads at the end.
    """
    rules = Overrides()
    if overrides_file is not None:
        rules = Overrides.from_file(overrides_file)
    heard: queue.SimpleQueue[Notice] = queue.SimpleQueue()
    settings = Settings.from_string(string)
    with connect(
        settings, overrides=rules, lazy=True, timeout=every_s + 1, on_event=heard.put
    ) as connection:
        # An interruption is how a watch without an end is meant to end.
        with suppress(KeyboardInterrupt):
            _follow(connection, heard, every_s, for_s, as_json=as_json)
        if connection.topology.leader is not None:
            return 0
    if not as_json:
        click.echo(DOCTOR, err=True)
    return 1


def _follow(
    connection: Connection,
    heard: queue.SimpleQueue[Notice],
    every_s: float,
    for_s: float | None,
    *,
    as_json: bool,
) -> None:
    """Ask and print until the time is over."""
    began_at = next_at = monotonic()
    ends_at = float("inf") if for_s is None else began_at + for_s
    while (now := monotonic()) < ends_at:
        if now >= next_at:
            next_at = now + every_s
            _ask(connection, min(every_s + 1, ends_at - now))
        try:
            notice = heard.get(timeout=max(min(next_at, ends_at) - now, 0.001))
        except queue.Empty:
            continue
        _print(monotonic() - began_at, notice, as_json=as_json)
    while not heard.empty():
        _print(monotonic() - began_at, heard.get(), as_json=as_json)


def _ask(connection: Connection, within_s: float) -> None:
    """Ask once; a failure is among the notices already."""
    try:
        connection.refresh(within_s)
    except DiscoveryError:
        return


def _print(at_s: float, notice: Notice, *, as_json: bool) -> None:
    kind, text = type(notice).__name__, printable(str(notice))
    if as_json:
        click.echo(json.dumps({"at_s": round(at_s, 3), "event": kind, "text": text}))
    else:
        click.echo(f"{at_s:9.3f} s  {text}")
