"""A signal wakes those who wait, once."""

from __future__ import annotations

import asyncio

from kurrent_conn.shells.aio.signal import Signal


async def test_all_who_wait_are_woken() -> None:
    """Everybody who waits when it is given goes on; one who gave up does no harm."""
    signal = Signal()
    one, two, gone = signal.next(), signal.next(), signal.next()
    gone.cancel()
    signal.give()
    async with asyncio.timeout(5):
        await asyncio.gather(one, two)


async def test_it_is_not_remembered() -> None:
    """Who comes after it was given waits for the next time."""
    signal = Signal()
    signal.give()
    late = signal.next()
    assert not late.done()
    signal.give()
    async with asyncio.timeout(5):
        await late
