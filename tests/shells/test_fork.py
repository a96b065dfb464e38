"""A forked child gets a clear error at once, and the parent goes on unharmed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BLOCKING = """
import os, sys, kurrent_conn
from kurrent_conn.testing import SimulatedCluster

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"

with SimulatedCluster(1, isolation="process") as cluster:
    connection = kurrent_conn.connect(cluster.connection_string())
    call = connection.channel.unary_unary(FEATURES)
    call(b"")
    child = os.fork()
    if child == 0:
        said = []
        for use in (
            lambda: call(b""),
            lambda: connection.refresh(),
            lambda: kurrent_conn.connect(cluster.connection_string()),
            lambda: connection.close(),
        ):
            try:
                use()
                said.append("fine")
            except kurrent_conn.KurrentConnError as error:
                said.append(type(error).__name__)
        print("child", *said, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print("parent", len(call(b"")) > 0)
    connection.close()
"""

ASYNCIO = """
import asyncio, os, sys
from kurrent_conn import aio
from kurrent_conn.testing import SimulatedCluster

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"

async def main(cluster):
    async with aio.connect(cluster.connection_string()) as connection:
        call = connection.channel.unary_unary(FEATURES)
        await call(b"")
        child = os.fork()
        if child == 0:
            try:
                await call(b"")
            except Exception as error:
                print("child", error, flush=True)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        print("parent", len(await call(b"")) > 0)

with SimulatedCluster(1, isolation="process") as cluster:
    asyncio.run(main(cluster))
"""


def run(script: str) -> list[str]:
    """Run a script in a process of its own, and give its lines."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        timeout=40,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_blocking_connection_survives_a_fork_in_the_parent_alone() -> None:
    """In the child calls, waits and new connections are refused; closing is fine."""
    assert run(BLOCKING) == [
        "child CallConnectionClosed ConnectionClosed ConfigurationError fine",
        "parent True",
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_an_asyncio_connection_survives_a_fork_in_the_parent_alone() -> None:
    """In the child there is no such loop, and a call says so; the parent goes on."""
    said = run(ASYNCIO)
    assert "belongs to another event loop" in said[0]
    assert said[1] == "parent True"
