"""`kurrent-conn cluster`: a cluster on loopback for any language, to be broken."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from kurrent_conn.cli.cluster_prompt import Prompt
from kurrent_conn.cli.cluster_wait import Waker
from kurrent_conn.errors import KurrentConnError
from kurrent_conn.testing.cluster import MAX_SIZE, Isolation
from kurrent_conn.testing.control import ControlServer, connection, describe
from kurrent_conn.testing.faults.fault_name import UnknownFault
from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_actor import BlockingActor
from kurrent_conn.testing.scenarios.scenario_file import read_scenario
from kurrent_conn.testing.scenarios.scenario_run import play_on
from kurrent_conn.testing.scenarios.trace import judge
from kurrent_conn.testing.watched_cluster import WatchedCluster

_PORT: Final = 2113


@click.command("cluster")
@click.option(
    "--size",
    type=click.IntRange(1, MAX_SIZE),
    default=3,
    show_default=True,
    help="Members; node 0 leads at first.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="Of node 0, the others follow; 0 lets the system choose each.",
)
@click.option("--tls/--no-tls", default=True, show_default=True, help="Serve TLS.")
@click.option(
    "--read-only-replicas",
    "replicas",
    type=click.IntRange(0, MAX_SIZE),
    default=0,
    show_default=True,
    help="Replicas beside the members.",
)
@click.option(
    "--advertise",
    metavar="TEMPLATE",
    help='What nodes tell clients, such as "n{index}.kurrent.test:2113".',
)
@click.option(
    "--isolation",
    type=click.Choice(["process", "thread"]),
    default="process",
    show_default=True,
    help="Whether the nodes are processes or threads.",
)
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Of the control endpoint; the system chooses when 0 or not given.",
)
@click.option(
    "--scenario",
    "scenario_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play a scenario from a YAML file, and end with its verdict.",
)
@click.option(
    "--for",
    "for_s",
    type=click.FloatRange(0.0),
    metavar="SECONDS",
    help="End after so long.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when up.")
def cluster(
    *,
    size: int,
    port: int,
    tls: bool,
    replicas: int,
    advertise: str | None,
    isolation: Isolation,
    control_port: int,
    scenario_file: Path | None,
    for_s: float | None,
    as_json: bool,
) -> int:
    """Run a cluster on loopback that fails when it is told to.

    Prints the connection string and the CA's file. Faults come from the prompt, from
    the control endpoint (see GET / there) or from a scenario, which brings its own
    size, replicas, TLS and advertised names. Ends on SIGINT, SIGTERM, the end of
    stdin, or after --for. Exit code 1 when a scenario's verdict is against it.
    """
    scenario = None if scenario_file is None else read_scenario(scenario_file)
    nodes = WatchedCluster(
        scenario.cluster.size if scenario else size,
        tls=scenario.cluster.tls if scenario else tls,
        read_only_replicas=scenario.cluster.read_only_replicas
        if scenario
        else replicas,
        advertise=scenario.cluster.advertise if scenario else advertise,
        settle_s=scenario.cluster.settle_s if scenario else 0.05,
        isolation=isolation,
        first_port=port or None,
        proxied=True,
    )
    with ExitStack() as stack:
        waker = stack.enter_context(Waker(can_wait=scenario is None))
        _start(stack, nodes, port, advertise)
        control = _control(nodes, control_port, waker)
        stack.callback(control.close)
        _announce(nodes, control, as_json=as_json)
        if scenario is not None:
            return _play(nodes, scenario, as_json=as_json)
        prompt = Prompt(nodes, waker, is_quiet=as_json)
        waker.wait(for_s, prompt.lines)
    return 0


def _start(
    stack: ExitStack, nodes: WatchedCluster, port: int, advertise: str | None
) -> None:
    try:
        stack.enter_context(nodes)
    except OSError as error:
        hint = f"--port {port} and the next ones must be free; --port 0 finds some"
        raise KurrentConnError(f"{error.strerror}: {hint}") from error
    except (ValueError, LookupError) as error:
        reason = f"{advertise!r} cannot be advertised: {error}"
        raise click.BadParameter(reason, param_hint="--advertise") from error


def _control(nodes: WatchedCluster, port: int, waker: Waker) -> ControlServer:
    try:
        return ControlServer(nodes, port, waker.stop)
    except OSError as error:
        reason = f"--control-port {port}: {error.strerror}"
        raise KurrentConnError(reason) from error


def _announce(nodes: WatchedCluster, control: ControlServer, *, as_json: bool) -> None:
    if as_json:
        facts = {**connection(nodes), "control": control.url, **describe(nodes)}
        click.echo(json.dumps(facts))
        return
    for key, value in connection(nodes).items():
        click.echo(f"{key.replace('_', ' ')}: {value or 'none'}")
    click.echo(f"control: {control.url}")


def _play(nodes: WatchedCluster, scenario: Scenario, *, as_json: bool) -> int:
    def say(at_s: float, text: str) -> None:
        if not as_json:
            click.echo(f"{at_s:9.3f}  {text}")

    try:
        (trace,) = play_on(nodes, scenario, [BlockingActor], say)
    except (LookupError, RuntimeError, ValueError, UnknownFault) as error:
        raise KurrentConnError(f"{scenario.name}: {error}") from error
    problems = judge(scenario, trace)
    if as_json:
        verdict = {
            "scenario": scenario.name,
            "passed": not problems,
            "problems": list(problems),
            "trace": trace.lines(),
        }
        click.echo(json.dumps(verdict))
    else:
        for line in trace.lines():
            click.echo(f"           {line}")
        for problem in problems:
            click.echo(f"wrong: {problem}")
        click.echo(f"{scenario.name}: {'failed' if problems else 'passed'}")
    return 1 if problems else 0
