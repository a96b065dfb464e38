"""A signal wakes those who wait, once."""

from __future__ import annotations

import asyncio

from kurrent_conn.shells.aio.signal import Signal


async def test_all_who_wait_are_woken() -> None:
    """Everybody who waits when it is given goes on; one who gave up does no harm."""
    signal, began = Signal(), asyncio.Barrier(4)

    async def wait() -> None:
        await began.wait()
        await signal.wait()

    one, two, gone = (asyncio.create_task(wait()) for _ in range(3))
    async with asyncio.timeout(5):
        await began.wait()
        gone.cancel()
        signal.give()
        while not (one.done() and two.done()):
            signal.give()
            await asyncio.wait((one, two), timeout=0.01)
    assert gone.cancelled()


async def test_it_is_not_remembered() -> None:
    """Who comes after it was given waits for the next time."""
    signal = Signal()
    signal.give()
    late = asyncio.create_task(signal.wait())
    _, waits = await asyncio.wait((late,), timeout=0.01)
    assert waits
    signal.give()
    async with asyncio.timeout(5):
        await late
