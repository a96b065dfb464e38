"""What the core is told of gossip, and how waits end."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kurrent_conn import Phase, aio
from kurrent_conn.core.notice import FileTaken
from kurrent_conn.errors import DiscoveryError
from kurrent_conn.shells.aio.driver import Driver
from kurrent_conn.shells.aio.tasks import Tasks
from kurrent_conn.shells.given import read_given
from kurrent_conn.shells.reload import Changed, Reload
from tests.shells.aio.ask import ask, kill
from tests.shells.authority import root
from tests.shells.fake_cluster import FakeCluster


async def test_failover_without_errors(cluster: FakeCluster) -> None:
    """A caller who is idle at the kill sees a wait and no error."""
    async with aio.connect(cluster.uri()) as connection:
        assert await ask(connection.channel, "unary_unary", b"a") == b"0:a"
        await kill(connection, cluster.nodes[0])
        cluster.elect(None)
        calls = [
            asyncio.create_task(ask(connection.channel, "unary_unary", b"a"))
            for _ in range(20)
        ]
        await connection.refresh()
        cluster.elect(2)
        assert set(await asyncio.gather(*calls)) == {b"2:a"}


async def test_gossip_that_is_no_gossip(cluster: FakeCluster) -> None:
    """An answer that cannot be read is one more cause in the error."""
    cluster.garbage = b"\xff"
    uri = cluster.uri(0, 1, maxDiscoverAttempts=1)
    with pytest.raises(DiscoveryError) as caught:
        await aio.connect(uri)
    assert {attempt.phase for attempt in caught.value.attempts} == {Phase.GOSSIP}
    assert "ClusterInfo" in caught.value.attempts[0].cause


async def test_abandoned_wait_ends_search(cluster: FakeCluster) -> None:
    """When the only caller gives up, nobody is asked any more."""
    cluster.elect(None)
    async with aio.connect(cluster.uri(), lazy=True) as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.wait_until_ready()
        assert connection._driver.state.search is None
        assert not connection._driver._waits


async def test_tls_failure_is_told(cluster: FakeCluster, tmp_path: Path) -> None:
    """A TLS client on a plaintext port ends the wait at once, in its phase."""
    uri = cluster.uri(0, 1, tls="true", tlsCaFile=_authority(tmp_path))
    with pytest.raises(DiscoveryError, match="waiting will not mend it") as caught:
        await aio.connect(uri)
    assert {attempt.phase for attempt in caught.value.attempts} == {Phase.TLS}


def _authority(folder: Path) -> Path:
    path = folder / "ca.crt"
    path.write_bytes(root().pem)
    return path


class _Watched(Reload):
    """Notes in which thread the files are looked at."""

    looked_from = 0

    def poll(self) -> Changed:
        """Look at the files, and give something to tell of."""
        self.looked_from = threading.get_ident()
        return Changed(notices=(FileTaken("trust"),))


async def test_files_are_read_beside_the_loop(tmp_path: Path) -> None:
    """A directory of certificates takes tens of milliseconds, every second."""
    given = read_given(
        f"kurrentdb://127.0.0.1:1?tlsCaFile={_authority(tmp_path)}",
        None,
        follow=True,
        trusted_names=None,
        allow_plaintext_credentials=False,
    )
    reload = _Watched(given.settings, None)
    told = asyncio.Event()
    tasks = Tasks(asyncio.get_running_loop())
    driver = Driver(
        replace(given, reload=reload),
        tasks,
        expiry_warning_s=0,
        on_open=lambda *_: None,
        on_note=lambda _: told.set(),
    )
    async with asyncio.timeout(10):
        await told.wait()
    assert reload.looked_from not in {0, threading.get_ident()}
    await driver.close("the end")
    await tasks.finish()
