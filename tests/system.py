"""What the tests of kind `system` need from the machine.

They run wherever their tools are; with `CI=true` a missing tool is a failure, so that
nobody believes in tests that never ran.
"""

from __future__ import annotations

import os
import shutil

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
        reason = f"{', '.join(missing)}: not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return tuple(str(shutil.which(tool)) for tool in tools)
