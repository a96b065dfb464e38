"""An application of several tasks that append, in the asyncio driver."""

from __future__ import annotations

import asyncio
from typing import Protocol
from uuid import UUID, uuid4

from benchmarks.call_record import OK, CallRecord, text_of
from benchmarks.clock import now_ns
from benchmarks.protocol import Answer, Order


class AsyncClient(Protocol):
    """What the writers need of a client."""

    async def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event, or raise."""

    def verdict(self, error: Exception) -> str:
        """Say what an error of `append` means; see `call_record`."""


class AsyncWriters:
    """Tasks that append one event after another until told to stop.

    Args:
        client: Connected already.
        order: As for `writers.Writers`.
    """

    def __init__(self, client: AsyncClient, order: Order) -> None:
        self._client = client
        self._stream: str = order["stream"]
        self._deadline_s: float | None = order["deadline_s"]
        self._pause_s: float = order["pause_s"]
        self._repeats: bool = order["repeat"]
        self._over = False
        self._changed = asyncio.Condition()
        self._records: list[CallRecord] = []
        self._under_way: dict[int, CallRecord] = {}
        self._last_success_ns = 0
        self._tasks = [
            asyncio.create_task(self._write(number))
            for number in range(order["callers"])
        ]

    async def await_success(self, order: Order) -> Answer:
        """Wait until an append has succeeded after an instant.

        Args:
            order: `after_ns` and `timeout_s`.
        """
        after_ns: int = order["after_ns"]
        try:
            async with asyncio.timeout(order["timeout_s"]), self._changed:
                await self._changed.wait_for(lambda: self._last_success_ns >= after_ns)
        except TimeoutError:
            return {"came": False}
        return {"came": True}

    async def stop(self, order: Order) -> Answer:
        """Stop, and give every call; one that goes on hangs.

        Args:
            order: `within_s`.
        """
        self._over = True
        _, hanging = await asyncio.wait(self._tasks, timeout=order["within_s"])
        calls = [*self._records, *self._under_way.values()]
        for task in hanging:
            task.cancel()
        return {"calls": [record.as_json() for record in calls]}

    async def _write(self, number: int) -> None:
        while not self._over:
            event_id = uuid4()
            while not await self._append(number, event_id) and self._repeats:
                await asyncio.sleep(self._pause_s)
                if self._over:
                    return
            await asyncio.sleep(self._pause_s)

    async def _append(self, number: int, event_id: UUID) -> bool:
        began_ns = now_ns()
        self._under_way[number] = CallRecord(str(event_id), began_ns, None, "hangs")
        result, text = OK, ""
        try:
            await self._client.append(
                self._stream, event_id, b"counted", self._deadline_s
            )
        except Exception as error:  # noqa: BLE001 - whatever reaches an application counts
            result, text = self._client.verdict(error), text_of(error)
        ended_ns = now_ns()
        del self._under_way[number]
        self._records.append(
            CallRecord(str(event_id), began_ns, ended_ns, result, text)
        )
        if result == OK:
            async with self._changed:
                self._last_success_ns = ended_ns
                self._changed.notify_all()
        return result == OK
