"""A program of ours in a namespace, seen from the test: lines of JSON both ways."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ANSWERS_WITHIN_S: Final = 20.0
_ENDS_WITHIN_S: Final = 5.0
_READ_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a program.

    Args:
        code: Its exit code; negative for a signal.
        output: What it wrote.
        errors: What it wrote to its second output.
    """

    code: int
    output: str
    errors: str


class Program:
    """A running program.

    Args:
        write: The end of the pipe that it reads.
        read: The end of the pipe that it writes.
        errors: The file that its second output goes to.
        reap: Waits so many seconds for its end and gives the exit code.
        signal: Sends it a signal.
    """

    def __init__(
        self,
        write: int,
        read: int,
        errors: Path,
        reap: Callable[[float], int],
        signal: Callable[[int], None],
    ) -> None:
        self._write, self._read = write, read
        self._errors = errors
        self._reap = reap
        self.signal = signal
        self._heard = b""
        self._ended: Ended | None = None

    def order(self, order: str, **given: Any) -> Any:
        """Let the program do something, and give what it answers.

        Sends one line, `{"order": order, ...given}`, and waits for one line.

        Args:
            order: What.
            given: With which arguments; what JSON has.

        Raises:
            TimeoutError: Nothing came back in time.
            RuntimeError: It ended instead; with what it said of that.
        """
        self.say({"order": order, **given})
        return self.hear()

    def say(self, message: Any) -> None:
        """Send one line.

        Args:
            message: What JSON has.
        """
        os.write(self._write, json.dumps(message).encode() + b"\n")

    def hear(self, timeout_s: float = ANSWERS_WITHIN_S) -> Any:
        """Wait for one line.

        Args:
            timeout_s: At most so long, in seconds.

        Raises:
            TimeoutError: Nothing came in time.
            RuntimeError: It ended instead; with what it said of that.
        """
        ends_at = time.monotonic() + timeout_s
        while b"\n" not in self._heard:
            more = self._more(ends_at)
            if not more:
                ended = self.end()
                raise RuntimeError(f"the program ended ({ended.code}): {ended.errors}")
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)

    def end(self, given: str = "", timeout_s: float = _ENDS_WITHIN_S) -> Ended:
        """Close its input, read the rest, and wait until it ended; killed if it must.

        Args:
            given: What it still reads before the end of its input.
            timeout_s: How long it has, in seconds.
        """
        if self._ended is None:
            if given:
                os.write(self._write, given.encode())
            os.close(self._write)
            ends_at = time.monotonic() + timeout_s
            try:
                while more := self._more(ends_at):
                    self._heard += more
            except TimeoutError:
                self.signal(9)
            code = self._reap(_ENDS_WITHIN_S)
            os.close(self._read)
            self._ended = Ended(code, self._heard.decode(), self._errors.read_text())
        return self._ended

    def _more(self, ends_at: float) -> bytes:
        left_s = max(0.0, ends_at - time.monotonic())
        if not select.select([self._read], [], [], left_s)[0]:
            raise TimeoutError(f"no answer; its errors: {self._errors.read_text()}")
        return os.read(self._read, _READ_BYTES)
