"""An application of several threads that append, in a driver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID, uuid4

from benchmarks.call_record import OK, CallRecord, text_of
from benchmarks.clock import NS_PER_S, now_ns
from benchmarks.protocol import Answer, Order


class Client(Protocol):
    """What a blocking driver measures."""

    def connect(self, target: str) -> None:
        """Connect, as far as the client does so before its first call."""

    def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event, or raise."""

    def verdict(self, error: Exception) -> str:
        """Say what an error of `append` means; see `call_record`."""

    def close(self) -> None:
        """Close."""


class Writers:
    """Threads that append one event after another until told to stop.

    Args:
        client: Connected already.
        order: `stream`, `callers`, `deadline_s`, `pause_s` between two calls, and
            whether to `repeat` a failed append with the same event id, as a careful
            application does.
    """

    def __init__(self, client: Client, order: Order) -> None:
        self._client = client
        self._stream: str = order["stream"]
        self._deadline_s: float | None = order["deadline_s"]
        self._pause_s: float = order["pause_s"]
        self._repeats: bool = order["repeat"]
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._records: list[CallRecord] = []
        self._under_way: dict[int, CallRecord] = {}
        self._last_success_ns = 0
        self._threads = [
            threading.Thread(target=self._write, args=(number,), daemon=True)
            for number in range(order["callers"])
        ]
        for thread in self._threads:
            thread.start()

    def await_success(self, order: Order) -> Answer:
        """Wait until an append has succeeded after an instant.

        Args:
            order: `after_ns` and `timeout_s`.
        """
        after_ns: int = order["after_ns"]
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._last_success_ns >= after_ns, order["timeout_s"]
            )
        return {"came": came}

    def stop(self, order: Order) -> Answer:
        """Stop, and give every call; one that goes on hangs.

        Args:
            order: `within_s`.
        """
        self._over.set()
        ends_at = time.monotonic() + order["within_s"]
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))
        with self._changed:
            calls = [*self._records, *self._under_way.values()]
        return {"calls": [record.as_json() for record in calls]}

    def _write(self, number: int) -> None:
        while not self._over.is_set():
            event_id = uuid4()
            while not self._append(number, event_id) and self._repeats:
                if self._over.wait(self._pause_s):
                    return
            if self._pause_s:
                self._over.wait(self._pause_s)

    def _append(self, number: int, event_id: UUID) -> bool:
        began_ns = now_ns()
        self._under_way[number] = CallRecord(str(event_id), began_ns, None, "hangs")
        result, text = OK, ""
        try:
            self._client.append(self._stream, event_id, b"counted", self._deadline_s)
        except Exception as error:  # noqa: BLE001 - whatever reaches an application counts
            result, text = self._client.verdict(error), text_of(error)
        ended_ns = now_ns()
        record = CallRecord(str(event_id), began_ns, ended_ns, result, text)
        with self._changed:
            del self._under_way[number]
            self._records.append(record)
            if result == OK:
                self._last_success_ns = ended_ns
                self._changed.notify_all()
        return result == OK


def timed_ms(*steps: Callable[[], object]) -> float:
    """Say how many milliseconds some steps take together.

    Args:
        steps: In order.
    """
    began_ns = now_ns()
    for step in steps:
        step()
    return (now_ns() - began_ns) * 1000 / NS_PER_S
