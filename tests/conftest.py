"""What all tests share: hypothesis profiles, and that nothing is left behind."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("local", deadline=None, max_examples=100)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")

_GRACE_S = 10.0
_PROCESS_WIDE = ("_poll_wrapper", "asyncio_", "pytest_timeout", "Dummy-")
"""Threads that grpc, asyncio and pytest-timeout keep for the whole process."""


def _threads() -> set[str]:
    return {
        thread.name
        for thread in threading.enumerate()
        if thread is not threading.main_thread()
        and not any(part in thread.name for part in _PROCESS_WIDE)
    }


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(map(int, (task / "children").read_text().split()))
        except OSError:  # the thread ended meanwhile, or this kernel does not say
            continue
    return found


def _listening() -> set[str]:
    """List the sockets that this process listens on, by inode."""
    own = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            own.add(target[8:-1])
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        rows = Path("/proc/net", table).read_text().splitlines()[1:]
        found.update(row.split()[9] for row in rows if row.split()[3] == "0A")
    return own & found


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """After all tests no thread, child process or listening socket is left."""
    if not Path("/proc/self/task").exists():
        yield
        return
    before = _threads(), _children(), _listening()
    yield
    waiting, ends_at = threading.Event(), monotonic() + _GRACE_S
    while True:
        gc.collect()
        left = (
            _threads() - before[0],
            _children() - before[1],
            _listening() - before[2],
        )
        if not any(left) or monotonic() > ends_at:
            break
        waiting.wait(0.05)
    assert not any(left), f"left behind: threads, children, sockets {left}"


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is
def pytest_xdist_auto_num_workers() -> int:
    """Run more tests than there are cores at once: half their time they wait."""
    return 1 + (os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `--rewrite` write the golden transcripts anew."""
    parser.addoption(
        "--rewrite", action="store_true", help="write tests/scenarios/transcripts anew"
    )
