"""What ends a cluster ends its wait, whichever thread hears of it."""

from __future__ import annotations

import signal
import threading
from time import monotonic

from kurrent_conn.cli.cluster_wait import Waker

LONG_S = 20.0


def test_a_signal_that_another_thread_gets_ends_the_wait() -> None:
    """The wait is not interrupted by it, and ends all the same."""
    begun, over = threading.Event(), threading.Event()

    def get_one() -> None:
        begun.wait()
        over.wait(0.1)  # until the other thread has gone to wait
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    def take(_: list[str]) -> bool:
        begun.set()
        return True

    thread = threading.Thread(target=get_one)
    with Waker(can_wait=True) as waker:
        thread.start()
        began_at = monotonic()
        waker.wait(LONG_S, take)
        took_s = monotonic() - began_at
    thread.join()
    assert took_s < LONG_S / 2
