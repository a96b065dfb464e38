"""What is dialled, on real sockets: for somebody, and with the trust in force."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kurrent_conn
from kurrent_conn import aio
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.notice import FileTaken
from kurrent_conn.testing import CertificateAuthority, SimulatedCluster
from patience import wait_for
from tests.shells.fake_cluster import FakeCluster
from tests.shells.test_reload import FEATURES, Ear, swap

QUIET_S = 1.5
"""Three times as long as grpc ever pauses before it dials again."""

MOST_DIALS = 40


@pytest.fixture
def dead() -> Iterator[socket.socket]:
    """A port that takes connections and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(QUIET_S)
        yield listener


def uri_of(cluster: FakeCluster, dead: socket.socket) -> str:
    """Name a live node and the dead one."""
    host, port = dead.getsockname()
    return cluster.uri(0).replace("?", f",{host}:{port}?")


def falls_quiet(dead: socket.socket) -> bool:
    """Hang up on whoever dials, until nobody does any more."""
    for _ in range(MOST_DIALS):
        try:
            dead.accept()[0].close()
        except TimeoutError:
            return True
    return False


def test_a_dead_seed_is_not_dialled_for_ever(dead: socket.socket) -> None:
    """Once a node is found nobody asks by it, whoever was asked first."""
    with FakeCluster(1) as cluster:
        connections = [kurrent_conn.connect(uri_of(cluster, dead)) for _ in range(4)]
        assert falls_quiet(dead)
        for connection in connections:
            connection.close()


async def test_asyncio_does_not_dial_a_dead_seed_for_ever(dead: socket.socket) -> None:
    """Nor does the twin."""
    with FakeCluster(1) as cluster:
        uri = uri_of(cluster, dead)
        connections = [await aio.connect(uri) for _ in range(4)]
        assert await asyncio.to_thread(falls_quiet, dead)
        for connection in connections:
            await connection.close()


def channel_of_leader(
    connection: kurrent_conn.Connection, cluster: SimulatedCluster, index: int
) -> object:
    """Let a node lead, and give the channel to it once calls go there."""
    cluster.elect(index)
    cluster.wait_until_settled()
    call: Any = connection.channel.unary_unary(FEATURES)

    def leads() -> bool:
        connection.refresh()
        assert call(b"")
        node = connection.current(NodePreference.LEADER)
        return node is not None and node.node.advertised == wanted

    wanted = cluster.nodes[index].advertised
    wait_for(leads)
    node = connection.current(NodePreference.LEADER)
    assert node is not None
    return node.route_channel


def test_a_standby_is_made_anew_under_another_trust(tmp_path: Path) -> None:
    """It had a channel of its own, to which calls come back."""
    ca, ear = tmp_path / "ca.crt", Ear()
    with SimulatedCluster() as cluster:
        pem = cluster.authority.certificate_pem
        another = CertificateAuthority.create("another CA").certificate_pem
        swap(ca, pem)
        string = cluster.connection_string(tlsCaFile=ca)
        with kurrent_conn.connect(string, on_event=ear) as connection:
            channels = []
            for leader in (0, 1, 0):
                channels.append(channel_of_leader(connection, cluster, leader))
                if leader == 1:
                    swap(ca, pem + another)
                    assert ear.wait_for(lambda notice: notice == FileTaken("trust"))
            first, _, last = channels
            assert last is not first
