"""How a connection begins, and what happens when it does not."""

from __future__ import annotations

import asyncio

import pytest

from kurrent_conn import Endpoint, Overrides, Settings, aio
from kurrent_conn.errors import (
    DiscoveryError,
    InvalidConnectionString,
    InvalidOverride,
    InvalidTlsFile,
)
from tests.shells.aio.ask import ask
from tests.shells.fake_cluster import FakeCluster


async def test_await_or_enter(cluster: FakeCluster) -> None:
    """`connect` can be awaited or entered, once."""
    connection = await aio.connect(cluster.uri())
    assert isinstance(connection, aio.Connection)
    async with connection as same:
        assert same is connection
    connecting = aio.connect(cluster.uri())
    async with connecting as other:
        assert await ask(other.channel, "unary_unary", b"a") == b"0:a"
    assert other.is_closed
    with pytest.raises(RuntimeError, match="call `connect` again"):
        await connecting


async def test_bad_input_is_told_at_once() -> None:
    """What was given is read before anything is awaited."""
    with pytest.raises(InvalidConnectionString):
        aio.connect("kurrentdb://")
    with pytest.raises(InvalidOverride):
        aio.connect("kurrentdb://a", overrides={"a": "b:no port"})
    with pytest.raises(InvalidTlsFile):
        aio.connect("kurrentdb://a?tlsCaFile=/nowhere")


async def test_settings_are_a_target(cluster: FakeCluster) -> None:
    """Settings are taken as well as text; the connection gets a name."""
    settings = Settings((cluster.nodes[0].endpoint,), tls=False)
    async with aio.connect(settings) as connection:
        assert connection.settings.connection_name
        assert connection.settings.hosts == settings.hosts


async def test_failed_connect_leaves_nothing() -> None:
    """A connect that fails lists what it tried and ends everything it began."""
    uri = "kurrentdb://127.0.0.1:1,127.0.0.1:2?tls=false&maxDiscoverAttempts=2"
    with pytest.raises(DiscoveryError) as caught:
        await aio.connect(uri)
    assert {attempt.endpoint.port for attempt in caught.value.attempts} == {1, 2}
    with pytest.raises(DiscoveryError):
        async with aio.connect(uri):
            pass
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_connect_leaves_nothing(cluster: FakeCluster) -> None:
    """A connect that is cancelled ends everything it began."""
    cluster.elect(None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await aio.connect(cluster.uri())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_overrides_are_applied(cluster: FakeCluster) -> None:
    """What is dialled is what the overrides say."""
    target = str(cluster.nodes[0].endpoint)
    settings = Settings((Endpoint("n1.kurrent.test", 2113),), tls=False)
    for given in (
        {"n1.kurrent.test": target},
        Overrides.from_mapping({"n1.kurrent.test": target}),
    ):
        async with aio.connect(settings, overrides=given) as connection:
            assert await ask(connection.channel, "unary_unary", b"a") == b"0:a"
