"""Writing a rendered plan into a directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from kurrent_conn.kubernetes.rendering import RenderedFile


def write_files(directory: Path, files: Iterable[RenderedFile], *, force: bool) -> None:
    """Write the files of a plan.

    Args:
        directory: Where; made when it is not there.
        files: What.
        force: Whether files may already be there; those of other names stay.

    Raises:
        ClickException: It is not empty, or cannot be written to.
    """
    try:
        # What is left of another plan would be applied with this one.
        if not force and directory.is_dir() and any(directory.iterdir()):
            raise click.ClickException(
                f"{directory} is not empty; choose another, or add --force"
            )
        for file in files:
            path = directory / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
    except OSError as error:
        where = error.filename or directory
        raise click.ClickException(
            f"{where} cannot be written: {error.strerror or error}"
        ) from None
