"""A connection says what it measures and believes, in both flavours, as data."""

from __future__ import annotations

import pytest

import kurrent_conn
from kurrent_conn import NodePreference, aio
from kurrent_conn.testing import SimulatedCluster


def test_ping_measures_every_node_in_use() -> None:
    """One entry a preference; a frozen node is reported with its cause."""
    with (
        SimulatedCluster() as cluster,
        kurrent_conn.connect(cluster.connection_string()) as connection,
    ):
        connection.wait_until_ready("follower")
        pongs = {pong.preference: pong for pong in connection.ping()}
        assert set(pongs) == {NodePreference.LEADER, NodePreference.FOLLOWER}
        assert all(0 < (pong.round_trip_s or 0) < 5 for pong in pongs.values())
        cluster.nodes[0].freeze()
        leader = next(
            pong
            for pong in connection.ping(timeout=0.3)
            if pong.preference is NodePreference.LEADER
        )
        assert leader.round_trip_s is None
        assert "no answer within" in leader.cause
        cluster.nodes[0].thaw()


def test_ping_finds_a_node_first() -> None:
    """A lazy connection has none open until somebody asks."""
    with (
        SimulatedCluster() as cluster,
        kurrent_conn.connect(cluster.connection_string(), lazy=True) as connection,
    ):
        assert connection.diagnostics().opened == ()
        assert len(connection.ping()) == 1


def test_diagnostics_shows_no_secret() -> None:
    """What it was told is there, the password is not."""
    with (
        SimulatedCluster() as cluster,
        kurrent_conn.connect(cluster.connection_string()) as connection,
    ):
        report = connection.diagnostics()
        assert report.topology == connection.topology
        assert [o.advertised for o in report.opened] == [report.topology.leader]
        assert "ca.crt" in report.trust
        assert "admin:***@" in report.connection_string
        assert "changeit" not in repr(report)
        assert "changeit" not in repr(connection)
        assert f"trust: {report.trust};" in repr(connection)


async def test_asyncio_reports_the_same() -> None:
    """The twin pings and reports alike."""
    with SimulatedCluster() as cluster:
        async with aio.connect(cluster.connection_string()) as connection:
            (pong,) = await connection.ping()
            report = connection.diagnostics()
            assert pong.advertised == report.topology.leader
            assert f"trust: {report.trust};" in repr(connection)
            assert (report.calls, report.waiting, report.searching) == (0, 0, False)


@pytest.mark.parametrize("secret", ["YWRtaW46Y2hhbmdlaXQ=", "changeit"])
def test_no_part_of_a_connection_shows_the_password(secret: str) -> None:
    """Not even the nodes that hold the prebuilt header."""
    with (
        SimulatedCluster() as cluster,
        kurrent_conn.connect(cluster.connection_string()) as connection,
    ):
        for node in connection._driver.open.values():
            assert secret not in repr(node)
