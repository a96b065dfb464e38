"""The `kurrent-conn` command: thin commands over the library.

One module a command group; `app` joins them and turns errors into exit codes.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run `kurrent-conn`; say what to install where click or rich is missing."""
    try:
        from kurrent_conn.cli.app import run  # noqa: PLC0415 - click is an extra
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        sys.stderr.write(
            f"kurrent-conn needs {error.name}: pip install 'kurrent-conn[cli]'\n"
        )
        sys.exit(2)
    sys.exit(run())
