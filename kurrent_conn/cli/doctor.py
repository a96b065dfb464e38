"""`kurrent-conn doctor`: examine a deployment from here, and say what mends it."""

from __future__ import annotations

from pathlib import Path

import click

from kurrent_conn.cli.doctor_json import as_json
from kurrent_conn.cli.doctor_report import write_report
from kurrent_conn.cli.given import connection_string, overrides_option
from kurrent_conn.cli.output import write_json
from kurrent_conn.diagnose import Trouble, Vantage, diagnose
from kurrent_conn.diagnose.page import page_of

_TROUBLES = tuple(each.value for each in Trouble)


@click.command()
@connection_string
@overrides_option
@click.option(
    "--from-pod/--from-outside",
    "is_pod",
    default=None,
    help="Where this client stands; found out when neither is given.",
)
@click.option(
    "--namespace",
    default="",
    help="Where the servers live in Kubernetes, to find the way to their pods.",
)
@click.option(
    "--accept",
    multiple=True,
    metavar="KIND",
    type=click.Choice(_TROUBLES),
    help="A kind of finding that is known and meant, such as hairpin: shown, not "
    "counted.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=15.0,
    show_default=True,
    help="Seconds for all of it.",
)
@click.option(
    "--allow-plaintext-credentials",
    is_flag=True,
    help="Send user and password although tls=false.",
)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html",
    "page_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True),
    help="Also write one page with a map of who dials whom.",
)
def doctor(
    *,
    string: str,
    overrides_file: str | None,
    is_pod: bool | None,
    namespace: str,
    accept: tuple[str, ...],
    timeout_s: float,
    allow_plaintext_credentials: bool,
    as_object: bool,
    page_file: str | None,
) -> int:
    """Examine the cluster of STRING from here: every seed, every member, every step.

    STRING may be '-' for stdin, or come from KURRENTDB_URI. Nothing is written to the
    cluster. Exit code 1 when something has to be mended.
    """
    diagnosis = diagnose(
        string,
        overrides=overrides_file,
        vantage=_vantage(is_pod),
        namespace=namespace,
        timeout=timeout_s,
        accept=tuple(Trouble(each) for each in accept),
        allow_plaintext_credentials=allow_plaintext_credentials,
    )
    if page_file is not None:
        _write(page_file, page_of(diagnosis))
    if as_object:
        write_json(as_json(diagnosis))
    else:
        write_report(diagnosis)
    return 0 if diagnosis.is_healthy else 1


def _vantage(is_pod: bool | None) -> Vantage | None:
    if is_pod is None:
        return None
    return Vantage.POD if is_pod else Vantage.OUTSIDE


def _write(path: str, page: str) -> None:
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.FileError(path, error.strerror or str(error)) from error
