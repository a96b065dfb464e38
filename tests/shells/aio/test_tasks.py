"""The tasks of a connection."""

from __future__ import annotations

import asyncio

from kurrent_conn.shells.aio.tasks import Tasks


async def test_finish_waits_and_cancels() -> None:
    """`finish` waits for what ends by itself and cancels what does not."""
    tasks = Tasks(asyncio.get_running_loop())
    gate = asyncio.Event()

    async def wait() -> str:
        await gate.wait()
        return "waited"

    waiting, endless = tasks.start(wait()), tasks.start_endless(asyncio.Event().wait())
    asyncio.get_running_loop().call_soon(gate.set)
    await tasks.finish()
    assert waiting.result() == "waited"
    assert endless.cancelled()


async def test_finish_from_within() -> None:
    """A task of the connection can wait for the others."""
    tasks = Tasks(asyncio.get_running_loop())
    await tasks.start(tasks.finish())
