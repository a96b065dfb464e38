"""A program that runs in a namespace for as long as the lab does."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from kurrent_conn.testing.processes.process_state import has_stopped

_READY_WITHIN_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.005
_LAST_LINES: Final = 15


class Daemon:
    """One such program.

    Args:
        namespace: Where.
        command: Its arguments.
        log: What it says goes here.
        environment: Its whole environment; ours when None.
    """

    def __init__(
        self,
        namespace: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        self._name = command[0]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
            )

    def wait_until(self, claim: Callable[[], bool]) -> None:
        """Wait until something is so.

        Args:
            claim: What.

        Raises:
            RuntimeError: The program ended instead, or took too long; with what it
                said last.
        """
        ends_at, waiting = time.monotonic() + _READY_WITHIN_S, threading.Event()
        while not claim():
            if self._process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"{self._name} is not ready:\n{self.last_words()}")
            waiting.wait(_LOOK_EVERY_S)

    def last_words(self) -> str:
        """Give the last lines of its log."""
        return "\n".join(self._log.read_text().splitlines()[-_LAST_LINES:])

    def signal(self, number: int) -> None:
        """Send a signal; by SIGSTOP it has stopped when this returns.

        Args:
            number: Which.
        """
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            self.wait_until(lambda: has_stopped(self._process.pid))
