"""`kurrent-conn plan --check DIR`: mistakes in manifests, each with its mending."""

from __future__ import annotations

from pathlib import Path

import click

from kurrent_conn.cli.output import Json, printable, write_json
from kurrent_conn.kubernetes.lint import Finding, check_directory


def check(directory: Path, *, as_json: bool) -> int:
    """Check the manifests of a directory.

    Args:
        directory: Where they are.
        as_json: Whether JSON is wanted.

    Returns:
        0 without a finding, else 1.

    Raises:
        InvalidResource: There is nothing to check.
        MissingExtra: pyyaml is not installed.
    """
    findings = check_directory(directory)
    if as_json:
        found: list[Json] = [_json(each) for each in findings]
        write_json({"ok": not findings, "findings": found})
    elif findings:
        for finding in findings:
            for line in str(finding).splitlines():
                click.echo(printable(line))
    else:
        click.echo("no mistakes found")
    return 1 if findings else 0


def _json(finding: Finding) -> Json:
    return {
        "mistake": finding.mistake.value,
        "file": finding.file,
        "object": finding.object,
        "field": finding.field,
        "reason": finding.reason,
        "fix": finding.fix,
    }
