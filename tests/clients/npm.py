"""The Node clients, installed from their registry, outside the repository.

Once a machine and a version of `node/package-lock.json`; `python -m tests.clients.npm`
does it ahead of the tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from tests.system import require

SOURCE: Final = Path(__file__).parent / "node"
FILES: Final = ("package.json", "package-lock.json")
INSTALLS_WITHIN_S: Final = 45.0


def node_modules() -> Path:
    """Give the directory of the installed packages, installing them when needed.

    No install script of any package runs. What failed once is not tried again.

    Raises:
        OSError: The packages cannot be kept.
        subprocess.SubprocessError: npm failed, or took too long.
    """
    found = _installed()
    if isinstance(found, Exception):
        raise found
    return found / "node_modules"


@cache
def _installed() -> Path | Exception:
    _, npm = require("node", "npm")
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES))
    home = Path(tempfile.gettempdir()) / f"kurrent-conn-guests-{os.getuid()}"
    installed = home / wanted.hexdigest()[:16]
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        _belongs_to_us(home)
        if not installed.exists():
            _install(npm, home, installed)
    except (OSError, subprocess.SubprocessError) as error:
        return error
    return installed


def _install(npm: str, home: Path, installed: Path) -> None:
    # Beside its place first: whoever finds the directory finds all of it.
    made = Path(tempfile.mkdtemp(dir=home))
    try:
        for name in FILES:
            shutil.copy(SOURCE / name, made)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run(  # noqa: S603 - the arguments are this file's own
            (npm, "ci", *options), cwd=made, check=True, timeout=INSTALLS_WITHIN_S
        )
        try:
            made.rename(installed)
        except OSError:
            # Somebody else was faster.
            if not installed.exists():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _belongs_to_us(home: Path) -> None:
    status = home.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(f"{home} belongs to others, or others may write there")


if __name__ == "__main__":
    node_modules()
