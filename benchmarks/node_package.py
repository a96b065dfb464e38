"""The Node client, installed once into a cache directory outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent / "node" / "package.json"
_INSTALL_S: Final = 300


class NodeMissing(Exception):
    """There is no Node client here, and this says why."""


def installed() -> Path:
    """Give the directory that holds the client; install it there at first.

    Raises:
        NodeMissing: `node` or `npm` is missing, or the installation failed.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise NodeMissing("node and npm are not installed")
    text = _PACKAGE.read_bytes()
    directory = _cache() / f"node-{hashlib.sha256(text).hexdigest()[:12]}"
    done = directory / "installed"
    if not done.exists():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "package.json").write_bytes(text)
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            subprocess.run(  # noqa: S603 - npm itself, with the pinned package
                command,
                cwd=directory,
                check=True,
                capture_output=True,
                timeout=_INSTALL_S,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise NodeMissing(f"npm install failed: {error}") from error
        done.touch()
    return directory


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kurrent-conn-benchmarks"
