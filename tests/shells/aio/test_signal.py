"""A signal wakes those who wait, once."""

from __future__ import annotations

import asyncio

from kurrent_conn.shells.aio.signal import Signal


async def test_all_who_wait_are_woken() -> None:
    """Everybody who waits when it is given goes on; one who gave up does no harm."""
    signal = Signal()
    one, two, gone = (asyncio.create_task(signal.wait()) for _ in range(3))
    await asyncio.sleep(0)
    gone.cancel()
    signal.give()
    async with asyncio.timeout(5):
        await asyncio.gather(one, two)
    assert (await asyncio.gather(gone, return_exceptions=True))[0] is not None


async def test_it_is_not_remembered() -> None:
    """Who comes after it was given waits for the next time."""
    signal = Signal()
    signal.give()
    late = asyncio.create_task(signal.wait())
    await asyncio.sleep(0)
    assert not late.done()
    signal.give()
    async with asyncio.timeout(5):
        await late
