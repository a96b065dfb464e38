"""`kurrent-conn uri build`: a string from flags, or from a KurrentDB resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, cast

import click

from kurrent_conn.cli.given import STDIN, read_stdin
from kurrent_conn.cli.output import write_json
from kurrent_conn.core.connection_string.option import OPTIONS, AnyOption
from kurrent_conn.core.connection_string.reading import Values
from kurrent_conn.core.connection_string.value import Unreadable
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidResource, Problem
from kurrent_conn.kubernetes.names import Resource, ResourceValues, TrafficStrategy
from kurrent_conn.kubernetes.resource_file import read_resources

PASSWORD_VARIABLE: Final = "KURRENTDB_PASSWORD"  # noqa: S105 - a variable's name

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Given:
    """A value that was given, which may be None: off."""

    value: object


def _reader(option: AnyOption) -> Callable[[str], Given]:
    def read(text: str) -> Given:
        try:
            return Given(option.kind.read(text))
        except Unreadable as error:
            hint = f"; {error.hint}" if error.hint else ""
            message = f"{error.reason}{hint}"
        raise click.BadParameter(message)

    return read


def _endpoint(text: str) -> Endpoint:
    try:
        return Endpoint.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _kebab(name: str) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in name)


def _option_flags(command: Command) -> Command:
    """Add a flag for each option of the connection string."""
    for option in reversed(OPTIONS):
        help_text = f"{option.meaning}: {option.kind.expects}."
        add = click.option(
            f"--{_kebab(option.name)}",
            option.field,
            type=_reader(option),
            metavar="VALUE",
            help=help_text[0].upper() + help_text[1:],
        )
        command = add(command)
    return command


_RESOURCE_FLAGS: Final = (
    click.option("--resource", "name", help="Name of a KurrentDB resource."),
    click.option("--namespace", help="Its namespace."),
    click.option("--replicas", type=int, help="Its quorum nodes; 3 when not given."),
    click.option("--read-only-replicas", type=int, help="Its read-only replicas."),
    click.option("--domain", help="Its domain."),
    click.option("--fqdn-template", help="Its template of FQDNs."),
    click.option(
        "--client-traffic",
        type=click.Choice([each.value for each in TrafficStrategy]),
        help="Which names its nodes advertise to clients.",
    ),
    click.option("--port", type=int, help="The port that they advertise."),
    click.option("--cluster-domain", help="The Kubernetes cluster's domain."),
)
_RESOURCE_FIELDS: Final = (
    "namespace",
    "replicas",
    "read_only_replicas",
    "domain",
    "fqdn_template",
    "client_traffic",
    "port",
    "cluster_domain",
)


def _resource_flags(command: Command) -> Command:
    """Add the flags that describe a KurrentDB resource."""
    for add in reversed(_RESOURCE_FLAGS):
        command = add(command)
    return command


def _password(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    source = context.get_parameter_source(parameter.name or "")
    # One in the environment may be there for other commands.
    is_flag = source is click.core.ParameterSource.COMMANDLINE
    if is_flag and context.params.get("username") is None:
        raise click.UsageError("a password is somebody's: give --username too")
    return read_stdin() if value == STDIN else value


@click.command()
@click.option(
    "--host",
    "hosts",
    multiple=True,
    type=_endpoint,
    metavar="HOST[:PORT]",
    help="A seed; repeatable.",
)
@click.option("--discover", is_flag=True, help="Resolve the hosts to members by DNS.")
@click.option("--username", is_eager=True, help="Who to authenticate as.")
@click.option(
    "--password",
    envvar=PASSWORD_VARIABLE,
    callback=_password,
    help=f"'-' reads it from stdin; or set {PASSWORD_VARIABLE}.",
)
@_option_flags
@click.option(
    "-f",
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file with a KurrentDB resource; flags overrule it.",
)
@_resource_flags
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def build(
    *,
    hosts: tuple[Endpoint, ...],
    discover: bool,
    username: str | None,
    password: str | None,
    file: Path | None,
    name: str | None,
    as_json: bool,
    **flags: object,
) -> int:
    """Write a connection string, with its password in plain text.

    Its hosts are given, or are those of a KurrentDB resource, named as the operator
    does, from flags or from the resource's YAML.
    """
    if (name is not None or file is not None) == bool(hosts):
        raise click.UsageError("give --host, or a resource by --resource or -f")
    resource = _resource(name, file, flags)
    values = _values(flags)
    if resource is not None:
        hosts = tuple(node.advertised for node in resource.nodes())
        if not resource.tls:
            values.setdefault("tls", False)
    if username is not None:
        values |= Values(username=username, password=password or "")
    values |= Values(hosts=hosts, discover=discover)
    settings = Settings(**values)
    _write(settings.to_string(), as_json=as_json)
    return 0


def _write(string: str, *, as_json: bool) -> None:
    warnings = Settings.from_string(string).warnings
    if as_json:
        write_json({"string": string, "warnings": [str(each) for each in warnings]})
        return
    click.echo(string)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _values(flags: Mapping[str, object]) -> Values:
    given = {
        option.field: flag.value
        for option in OPTIONS
        if isinstance(flag := flags[option.field], Given)
    }
    # The kind of each option, which read the value, fits the option's field.
    return cast("Values", given)


def _resource(
    name: str | None, file: Path | None, flags: Mapping[str, object]
) -> Resource | None:
    described = _described(flags)
    if file is not None:
        return Resource(**(_from_file(file, name) | described))
    if name is not None:
        return Resource(**(ResourceValues(name=name, replicas=3) | described))
    if described:
        raise click.UsageError("these flags describe a resource: add --resource")
    return None


def _described(flags: Mapping[str, object]) -> ResourceValues:
    given = {
        field: flags[field] for field in _RESOURCE_FIELDS if flags[field] is not None
    }
    traffic = given.get("client_traffic")
    if isinstance(traffic, str):
        given["client_traffic"] = TrafficStrategy(traffic)
    # Each flag's type, which click enforced, fits the field of its name.
    return cast("ResourceValues", given)


def _from_file(file: Path, name: str | None) -> ResourceValues:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise click.FileError(str(file), f"cannot be read: {error}") from None
    found = read_resources(text)
    chosen = [each for each in found if name in {None, each.get("name")}]
    if len(chosen) != 1:
        names = ", ".join(str(each.get("name")) for each in found)
        problem = Problem(
            "file", f"holds {names}", hint="choose one of them with --resource"
        )
        raise InvalidResource((problem,))
    return chosen[0]
