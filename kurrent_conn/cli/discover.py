"""`kurrent-conn discover`: what the cluster says of itself, and where we would dial."""

from __future__ import annotations

import click

from kurrent_conn.cli.given import DOCTOR, connection_string, overrides_option
from kurrent_conn.cli.output import Json, write_json, write_table
from kurrent_conn.core.cluster import Member, Topology
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import DiscoveryError
from kurrent_conn.shells.blocking.connection import connect


@click.command()
@connection_string
@overrides_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def discover(
    *, string: str, overrides_file: str | None, timeout_s: float, as_json: bool
) -> int:
    """Ask the cluster of STRING who its members are, and say how each is reached.

    STRING may be '-' for stdin, or come from KURRENTDB_URI. Exit code 1 when nobody
    answers or nobody leads.
    """
    rules = Overrides()
    if overrides_file is not None:
        rules = Overrides.from_file(overrides_file)
    settings = Settings.from_string(string)
    with connect(settings, overrides=rules, timeout=timeout_s, lazy=True) as connection:
        try:
            topology = connection.refresh()
        except DiscoveryError as error:
            click.echo(f"error: {error}\n{DOCTOR}", err=True)
            return 1
    if as_json:
        write_json(_as_json(topology, rules))
    else:
        _as_table(topology, rules)
    return 0 if topology.leader is not None else 1


def _as_json(topology: Topology, rules: Overrides) -> Json:
    return {
        "told_by": str(topology.told_by),
        "leader": str(topology.leader) if topology.leader else None,
        "members": [_member_json(member, rules) for member in topology.members],
    }


def _member_json(member: Member, rules: Overrides) -> Json:
    return {
        "advertised": str(member.advertised),
        "state": member.state_name,
        "is_alive": member.is_alive,
        "routes": [
            {
                "dial": str(route.dial),
                "server_name": route.server_name,
                "rule": route.rule,
            }
            for route in rules.routes(member.advertised)
        ],
    }


def _as_table(topology: Topology, rules: Overrides) -> None:
    rows = (
        (
            str(member.advertised),
            member.state_name if member.is_alive else f"{member.state_name} (dead)",
            str(route.dial),
            route.server_name,
            route.rule or "no rule",
        )
        for member in topology.members
        for route in rules.routes(member.advertised)
    )
    write_table(
        ("advertised", "state", "we dial", "certificate must name", "because of"),
        rows,
        title=f"{topology.told_by} says:",
    )
    click.echo(f"leader: {topology.leader or 'nobody leads now'}")
