"""A thread with an event loop, for blocking callers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Conductor:
    """Runs coroutines in a thread of its own and waits for them.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name=self._name, daemon=True
        )
        self._thread.start()

    def run(self, errand: Coroutine[Any, Any, T], timeout_s: float = 30.0) -> T:
        """Run a coroutine in the thread and give its result.

        Args:
            errand: What is to be done.
            timeout_s: How long to wait, in seconds.

        Raises:
            RuntimeError: The thread does not run.
            TimeoutError: It took too long.
        """
        if self._loop is None:
            errand.close()
            raise RuntimeError("the cluster is not started, or was stopped")
        return asyncio.run_coroutine_threadsafe(errand, self._loop).result(timeout_s)

    def stop(self) -> None:
        """End the thread, and what still runs in it."""
        if self._loop is None or self._thread is None:
            return
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
