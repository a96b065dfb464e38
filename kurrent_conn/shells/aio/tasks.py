"""The tasks of one connection: asyncio itself keeps no strong reference to them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Starts tasks, keeps them while they run, and waits for them at the end.

    Args:
        loop: Where they run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: set[asyncio.Task[Any]] = set()
        self._endless: set[asyncio.Task[Any]] = set()

    def start(self, job: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task."""
        task = self._loop.create_task(job)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def start_endless(self, job: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that `finish` has to cancel."""
        task = self.start(job)
        self._endless.add(task)
        task.add_done_callback(self._endless.discard)
        return task

    async def finish(self) -> None:
        """Wait until all are over, but for the one that asks."""
        for task in self._endless:
            task.cancel()
        while others := self._running - {asyncio.current_task()}:
            await asyncio.wait(others)
