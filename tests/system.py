"""What the tests of kind `system` need from the machine.

They run wherever their tools are; with `CI=true` a missing tool is a failure, so that
nobody believes in tests that never ran.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

import pytest


def require(*tools: str) -> tuple[str, ...]:
    """Find programs, or skip the test that needs them.

    Args:
        tools: Their names.

    Returns:
        Their paths, in the same order.
    """
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        _miss(f"{', '.join(missing)}: not installed")
    return tuple(str(shutil.which(tool)) for tool in tools)


def require_namespaces() -> None:
    """Skip the test where this user may not make network namespaces."""
    (unshare,) = require("unshare")
    if refused := _refusal_of(unshare):
        _miss(f"no namespaces of our own: {refused}")


@cache
def _refusal_of(unshare: str) -> str:
    command = [unshare, "--mount", "--net", "--pid", "--fork", "--mount-proc", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the system's own
    return "" if done.returncode == 0 else done.stderr.strip() or "it failed"


def _miss(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
