"""`testing.processes.nursery` leaves no process and no socket, whoever is cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from kurrent_conn.testing.processes.nursery import Child, Nursery
from kurrent_conn.testing.processes.process_message import ServeLog, SetGate
from kurrent_conn.testing.stages.stage import Gate


def ignore(_: Any = None) -> None:
    """Take any message, and any death."""


@pytest_asyncio.fixture
async def nursery() -> AsyncIterator[Nursery]:
    """A process that forks."""
    opened = Nursery()
    await opened.open()
    yield opened
    await opened.close()
    gc.collect()  # a socket that nobody closed warns here, and fails the test


async def begun(task: asyncio.Task[None]) -> None:
    """Let a task take its first steps."""
    await asyncio.wait({task}, timeout=0)
    assert not task.done()


async def test_a_cancelled_kill_is_finished_by_the_next(
    nursery: Nursery, tmp_path: Path
) -> None:
    """Killing again waits for the end, though the first one was cancelled."""
    child = Child(nursery, ignore, ignore)
    await child.start(ServeLog(str(tmp_path / "log.sock")))
    transport = child._link._transport
    assert transport is not None
    transport.pause_reading()  # so that only the kill can close it
    first = asyncio.create_task(child.kill())
    await begun(first)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await child.kill()
    assert child._link._transport is None


async def test_a_cancelled_start_leaves_no_socket(
    nursery: Nursery, tmp_path: Path
) -> None:
    """A start that is cancelled closes its end; the next fork is not confused."""
    child = Child(nursery, ignore, ignore)
    order = ServeLog(str(tmp_path / "one.sock"))
    start = asyncio.create_task(child.start(order))
    await begun(start)
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    other = Child(nursery, ignore, ignore)
    await other.start(ServeLog(str(tmp_path / "other.sock")))
    assert other.pid is not None
    await other.kill()
    await child.kill()


async def test_nothing_is_asked_before_a_child_knows_what_it_is(
    nursery: Nursery, tmp_path: Path
) -> None:
    """An order that comes while it starts does not arrive before its first one."""
    child = Child(nursery, ignore, ignore)
    start = asyncio.create_task(child.start(ServeLog(str(tmp_path / "log.sock"))))
    gate = Gate(0, is_open=False)
    while not start.done():
        await child.ask(lambda number: SetGate(number, gate))
        await asyncio.wait({start}, timeout=0)
    await start
    await child.kill()


async def test_a_child_that_never_started_needs_no_end(nursery: Nursery) -> None:
    """Killing what does not run is done at once."""
    await Child(nursery, ignore, ignore).kill()
