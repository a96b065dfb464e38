"""Waiting for whatever ends a cluster: a signal, the end of stdin, an order, the time.

One `select` in the main thread, so that no thread is left reading stdin at the end.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CHUNK_BYTES: Final = 65536


class Waker:
    """Turns signals and orders from other threads into the end of a wait.

    Args:
        can_wait: Whether signals wait until `wait` sees them; otherwise they raise
            `KeyboardInterrupt` at once, which alone ends a scenario that plays.
    """

    def __init__(self, *, can_wait: bool) -> None:
        self._can_wait = can_wait
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._before: dict[int, Any] = {}
        self._woke_before = -1

    def __enter__(self) -> Self:
        """Take the signals over."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._signalled)
        # A signal that comes just before `select` blocks does not interrupt it, and its
        # Python handler would wait for ever: this byte is written at once.
        self._woke_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(self._woke_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def stop(self) -> None:
        """End the wait; safe from any thread."""
        os.write(self._write, b"!")

    def wait(self, for_s: float | None, take: Callable[[list[str]], bool]) -> None:
        """Wait for the end.

        Args:
            for_s: At most so long, in seconds; None for ever.
            take: Given the lines that came on stdin, says whether to go on; given no
                lines once at first.
        """
        ends_at = None if for_s is None else monotonic() + for_s
        stdin, rest = _stdin(), b""
        is_going_on = take([])
        while is_going_on:
            left_s = None if ends_at is None else max(0.0, ends_at - monotonic())
            watched = [self._read] if stdin is None else [self._read, stdin]
            ready, _, _ = select.select(watched, [], [], left_s)
            if not ready or self._read in ready or stdin is None:
                return
            data = os.read(stdin, _CHUNK_BYTES)
            *lines, rest = (rest + data).split(b"\n")
            if not data:
                lines, rest = [rest], b""
            texts = [line.decode(errors="replace") for line in lines]
            is_going_on = take([text for text in texts if text.strip()]) and bool(data)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if not self._can_wait:
            raise KeyboardInterrupt
        self.stop()


def _stdin() -> int | None:
    """Give stdin where commands can come from it: a terminal, a pipe, a file.

    /dev/null is what a service or a shell's `&` gives: its end says nothing.
    """
    try:
        number = sys.stdin.fileno()
        mode = os.fstat(number).st_mode
    except (AttributeError, OSError, ValueError):
        return None
    is_device = stat.S_ISCHR(mode) and not os.isatty(number)
    return None if is_device else number
