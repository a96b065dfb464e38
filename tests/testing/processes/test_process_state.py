"""`testing.processes.process_state` tells who has stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from kurrent_conn.testing.processes.process_state import has_stopped
from patience import wait_for

BUSY = "import threading\nprint('up', flush=True)\nthreading.Event().wait()"


def test_a_process_has_stopped_only_between_stop_and_continue() -> None:
    """It runs, it stops, it goes on, it is gone."""
    command = [sys.executable, "-c", BUSY]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as busy:  # noqa: S603 - our own
        assert busy.stdout is not None
        busy.stdout.readline()
        assert not has_stopped(busy.pid)
        busy.send_signal(signal.SIGSTOP)
        wait_for(lambda: has_stopped(busy.pid))
        busy.send_signal(signal.SIGCONT)
        wait_for(lambda: not has_stopped(busy.pid))
        busy.kill()
    assert has_stopped(busy.pid)


def test_this_process_has_not_stopped() -> None:
    """Whoever asks, runs."""
    assert not has_stopped(os.getpid())
