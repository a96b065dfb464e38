"""The command group and its exit codes: 0 fine, 1 a problem found, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Sequence

import click

from kurrent_conn.cli.cluster import cluster
from kurrent_conn.cli.demo import demo
from kurrent_conn.cli.discover import discover
from kurrent_conn.cli.doctor import doctor
from kurrent_conn.cli.overrides import overrides
from kurrent_conn.cli.plan import plan
from kurrent_conn.cli.tls import tls
from kurrent_conn.cli.uri import uri
from kurrent_conn.cli.watch import watch
from kurrent_conn.errors import ConfigurationError, KurrentConnError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kurrent-conn")
def app() -> None:
    """Connect to KurrentDB clusters: try it, look at it, find what is wrong."""


app.add_command(cluster)
app.add_command(demo)
app.add_command(discover)
app.add_command(watch)
app.add_command(doctor)
app.add_command(uri)
app.add_command(tls)
app.add_command(overrides)
app.add_command(plan)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code.

    Args:
        arguments: The words after the command's name; None takes `sys.argv`.

    Returns:
        0 when all is fine, 1 when a problem was found, 2 for wrong usage. Errors of
        this package are printed to stderr without a traceback.
    """
    try:
        result: object = app.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="kurrent-conn",
            standalone_mode=False,
        )
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return 2
    except ConfigurationError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    except KurrentConnError as error:
        click.echo(f"error: {error}", err=True)
        return 1
    return result if isinstance(result, int) else 0
