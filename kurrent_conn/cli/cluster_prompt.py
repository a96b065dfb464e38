"""The prompt of `kurrent-conn cluster`: a line, a fault."""

from __future__ import annotations

import shlex
import sys
from typing import Final

import click

from kurrent_conn.cli.cluster_wait import Waker
from kurrent_conn.cli.output import printable, write_table
from kurrent_conn.testing.control import describe
from kurrent_conn.testing.fault import Elect
from kurrent_conn.testing.faults.fault_name import (
    FAULTS,
    UnknownFault,
    fault_of_words,
    usage,
)
from kurrent_conn.testing.watched_cluster import WatchedCluster

_MARK: Final = "> "
_QUIT: Final = frozenset({"quit", "exit", "stop"})


class Prompt:
    """Reads lines and carries them out.

    Args:
        cluster: Started.
        waker: Ends the wait that feeds this.
        is_quiet: Whether nothing but problems is written.
    """

    def __init__(
        self, cluster: WatchedCluster, waker: Waker, *, is_quiet: bool
    ) -> None:
        self._cluster = cluster
        self._waker = waker
        self._is_quiet = is_quiet
        self._told = cluster.chronicle.count
        self._is_terminal = not is_quiet and sys.stdin is not None and _is_terminal()

    def lines(self, lines: list[str]) -> bool:
        """Carry out some lines; says whether to go on.

        Args:
            lines: As they were typed; none at first.
        """
        for line in lines:
            if not self._take(line):
                return False
        if self._is_terminal:
            click.echo(_MARK, nl=False)
        return True

    def _take(self, line: str) -> bool:
        try:
            words = shlex.split(line.replace("|", " | "))
        except ValueError as error:
            click.echo(f"error: {error}", err=True)
            return True
        match words:
            case []:
                pass
            case [word] if word in _QUIT:
                return False
            case ["help"]:
                self._help()
            case ["status"]:
                self._status()
            case ["restore"]:
                self._cluster.restore()
                self._tell()
            case _:
                self._fault(words)
        return True

    def _fault(self, words: list[str]) -> None:
        advertised = [node.advertised for node in self._cluster.nodes]
        try:
            fault = fault_of_words(words, advertised)
            if isinstance(fault, Elect):
                self._cluster.elect(fault.node, fault.after_s)
            else:
                self._cluster.apply(fault)
        except (UnknownFault, LookupError, RuntimeError, ValueError) as error:
            click.echo(f"error: {printable(str(error))}", err=True)
        self._tell()

    def _tell(self) -> None:
        entries = self._cluster.chronicle.entries(self._told)
        self._told = self._cluster.chronicle.count
        if not self._is_quiet:
            for entry in entries:
                click.echo(str(entry))

    def _status(self) -> None:
        rows = (
            (
                str(node["index"]),
                str(node["state"]),
                "frozen"
                if node["is_frozen"]
                else "alive"
                if node["is_alive"]
                else "dead",
                str(node["endpoint"]),
                str(node["advertised"]),
                str(node["pid"] or ""),
            )
            for node in describe(self._cluster)["nodes"]
        )
        write_table(("node", "state", "life", "listens", "advertises", "pid"), rows)

    def _help(self) -> None:
        click.echo("a fault and its arguments, or status, restore, help, quit:")
        for name in FAULTS:
            click.echo(f"  {usage(name)}")


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except ValueError:
        return False
