"""The parent's end of a driver: a child process that measures one client.

A client that hangs hurts nobody else: every order has its time, and a driver that
does not keep it is killed, by its process id.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
SPARE_S: Final = 15.0
"""What an order may take beyond what it says itself."""

_ERROR: Final = re.compile(r"[\w.]*(Error|Exception)\b")
"""How the line begins by which Python and Node say why they end."""


class DriverFailed(Exception):
    """A driver could not do what it was told, said nothing in time, or died."""


class Driver:
    """A child process that carries out orders.

    Args:
        command: What to run.
        shows: Whether its standard error is ours.
    """

    def __init__(self, command: Sequence[str], *, shows: bool = False) -> None:
        self._said = None if shows else tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(  # noqa: S603 - the commands are in `peers`
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, do: str, *, takes_s: float = 0.0, **rest: Any) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Args:
            do: What; see the drivers.
            takes_s: How long that may take by itself, in seconds.
            rest: The order's details.

        Raises:
            DriverFailed: There is no answer, or it says that it failed.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **rest}) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=takes_s + SPARE_S)
        except queue.Empty:
            self.kill()
            raise DriverFailed(f"no answer to {do!r}; {self._last_words()}") from None
        except BrokenPipeError:
            line = ""
        if not line:
            raise DriverFailed(f"died of {do!r}; {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise DriverFailed(f"{do}: {answer['failed']}")
        return answer

    def freeze(self) -> None:
        """Stop the process in its tracks."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        """Give what it said on standard error; nothing where that is ours."""
        if self._said is None:
            return ""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def kill(self) -> None:
        """End the process; it is gone when this returns."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and let go of what belongs to it."""
        self.kill()
        assert self._process.stdin is not None
        # An order that was never read is of no interest any more.
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._said is not None:
            self._said.close()

    def __enter__(self) -> Self:
        """Give the driver itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put("")

    def _last_words(self) -> str:
        if self._said is None:
            return "its standard error is above"
        lines = self.said().split("\n")
        told = [line for line in lines if _ERROR.match(line)] or list(
            filter(None, lines)
        )
        return told[-1] if told else "it said nothing"
