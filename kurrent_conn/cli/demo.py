"""`kurrent-conn demo`: see a leader die while the calls go on."""

from __future__ import annotations

import json
import threading
from collections import deque
from time import monotonic
from typing import Final

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kurrent_conn.testing.cluster import Isolation
from kurrent_conn.testing.demonstration import Demonstration, Report

_BARS: Final = " ▁▂▃▄▅▆▇█"
_TICK_S: Final = 0.1
_WIDTH: Final = 50


class _Picture:
    """What is on the screen: the timeline, and calls per second as bars."""

    def __init__(self, demonstration: Demonstration) -> None:
        self._demonstration = demonstration
        self._rates: deque[float] = deque(maxlen=_WIDTH)
        self._calls = 0
        self._at = monotonic()

    def tick(self) -> None:
        """Measure the calls since the last tick."""
        calls, at = self._demonstration.calls, monotonic()
        self._rates.append((calls - self._calls) / max(at - self._at, 1e-6))
        self._calls, self._at = calls, at

    def __rich__(self) -> RenderableType:
        timeline = Table(box=None, show_header=False, padding=(0, 1))
        timeline.add_column(justify="right", style="cyan", no_wrap=True)
        timeline.add_column()
        for scene in tuple(self._demonstration.scenes):
            timeline.add_row(f"{scene.at_s:.3f} s", scene.text)
        return Group(timeline, self._bars())

    def _bars(self) -> Text:
        top = max(self._rates, default=0.0) or 1.0
        steps = len(_BARS) - 1
        bars = "".join(_BARS[round(rate / top * steps)] for rate in self._rates)
        now = self._rates[-1] if self._rates else 0.0
        return Text.assemble(("calls/s ", "bold"), (bars, "green"), f" {now:,.0f}")


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--isolation",
    type=click.Choice(["process", "thread"]),
    default="process",
    show_default=True,
    help="Whether the nodes are processes or threads.",
)
@click.option(
    "--election",
    "leaderless_s",
    type=click.FloatRange(0.0, 60.0),
    default=0.3,
    show_default=True,
    help="Seconds in which nobody leads.",
)
@click.option(
    "--calm",
    "calm_s",
    type=click.FloatRange(0.1, 60.0),
    default=1.5,
    show_default=True,
    help="Seconds before the leader dies, and after the election.",
)
def demo(
    *, as_json: bool, isolation: Isolation, leaderless_s: float, calm_s: float
) -> int:
    """Watch a three-node TLS cluster lose its leader while calls go on.

    The members advertise names that resolve nowhere; overrides lead to them. Ends with
    the account of every append: 0 lost, 0 duplicated.
    """
    demonstration = Demonstration(isolation, calm_s, leaderless_s)
    if as_json:
        report = demonstration.run()
        click.echo(json.dumps(report.as_json()))
    else:
        report = _show(demonstration)
    balance = report.balance
    return 1 if balance.lost or balance.duplicated or balance.errors else 0


def _show(demonstration: Demonstration) -> Report:
    console = Console()
    picture = _Picture(demonstration)
    over = threading.Event()
    with Live(picture, console=console, refresh_per_second=10) as live:

        def follow() -> None:
            while not over.wait(_TICK_S):
                picture.tick()

        ticker = threading.Thread(target=follow, name="demo picture")
        ticker.start()
        try:
            report = demonstration.run()
        finally:
            over.set()
            ticker.join()
            live.refresh()
    if not console.is_terminal:
        console.line()  # the picture's last line is open then
    console.print(Text(str(report), style="bold"), soft_wrap=True)
    return report
