"""`tlsVerifyCert=false` works by pinning, is said aloud, and verifies nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import kurrent_conn
from kurrent_conn import DiscoveryError, aio
from kurrent_conn.core.notice import InsecureConnection, Notice
from kurrent_conn.testing import SimulatedCluster

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"


@pytest.fixture
def odd() -> Iterator[SimulatedCluster]:
    """A cluster whose certificates name something else, by a CA nobody knows."""
    with SimulatedCluster(certificate_names=lambda i: [f"o{i}.example"]) as cluster:
        yield cluster


def unverified(cluster: SimulatedCluster) -> str:
    """Give a connection string that knows no CA and verifies nothing."""
    string = cluster.connection_string(tlsVerifyCert=False)
    return string.replace(f"&tlsCaFile={cluster.ca_file}", "")


def test_it_connects_calls_and_follows_a_new_leader(odd: SimulatedCluster) -> None:
    """Every node is pinned as it is met, a new leader's too."""
    with kurrent_conn.connect(unverified(odd)) as connection:
        call: Any = connection.channel.unary_unary(FEATURES)
        assert call(b"")
        odd.nodes[0].kill()
        odd.elect(1, after_s=0.1)
        assert call(b"")
        assert connection.topology.leader == odd.nodes[1].advertised


async def test_it_connects_in_asyncio(odd: SimulatedCluster) -> None:
    """The twin pins alike."""
    async with aio.connect(unverified(odd)) as connection:
        assert await connection.channel.unary_unary(FEATURES)(b"")


def test_a_node_with_a_new_certificate_is_pinned_anew(odd: SimulatedCluster) -> None:
    """A rotated certificate costs a new look, not the connection."""
    with kurrent_conn.connect(unverified(odd)) as connection:
        call: Any = connection.channel.unary_unary(FEATURES)
        assert call(b"")
        leader = odd.nodes[0]
        leader.present(odd.authority.issue(["rotated.example"]))
        leader.kill()
        leader.restart()
        odd.elect(0)
        assert call(b"")


def test_with_verification_the_same_cluster_is_refused(odd: SimulatedCluster) -> None:
    """The switch is what makes the difference."""
    with pytest.raises(DiscoveryError, match="name_mismatch"):
        kurrent_conn.connect(odd.connection_string())


def test_it_is_loud(odd: SimulatedCluster, caplog: pytest.LogCaptureFixture) -> None:
    """Logged once, an event, and spelled in `repr` and diagnostics."""
    heard: list[Notice] = []
    with (
        caplog.at_level(logging.WARNING, logger="kurrent_conn"),
        kurrent_conn.connect(unverified(odd), on_event=heard.append) as connection,
    ):
        assert "tlsVerifyCert=false" in repr(connection)
        assert "pinned" in connection.diagnostics().trust
    assert caplog.text.count("tlsVerifyCert=false") == 1
    assert heard[0] == InsecureConnection()
