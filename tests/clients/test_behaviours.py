"""`kurrentdbclient` does on the harness what its documentation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from kurrentdbclient import KurrentDBClient

from kurrent_conn.testing import SimulatedCluster
from tests.clients.behaviour import Behaviour, Gap, Scene
from tests.clients.behaviours import BEHAVIOURS, GAPS


@pytest.fixture(scope="module")
def shared_client(calm: SimulatedCluster) -> Iterator[KurrentDBClient]:
    """A client for all rows to which nothing happens."""
    client = KurrentDBClient(calm.connection_string())
    yield client
    client.close()


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A cluster and a client, shared where the row allows it."""
    row: Behaviour | Gap = request.getfixturevalue("row")
    has_own_cluster = isinstance(row, Behaviour) and row.needs_own_cluster
    if has_own_cluster:
        cluster = request.getfixturevalue("cluster")
        client = KurrentDBClient(cluster.connection_string())
    else:
        cluster = request.getfixturevalue("calm")
        client = request.getfixturevalue("shared_client")
    made = Scene(cluster, client)
    yield made
    made.close()
    if has_own_cluster:
        client.close()


@pytest.mark.parametrize(
    "row", BEHAVIOURS, ids=[f"{row.area}-{row.name}" for row in BEHAVIOURS]
)
def test_what_is_documented_holds(row: Behaviour, scene: Scene) -> None:
    """Every row's check passes."""
    row.check(scene)


@pytest.mark.parametrize("row", GAPS, ids=[row.name for row in GAPS])
def test_what_does_not_hold(row: Gap, scene: Scene) -> None:
    """What is listed as missing is missing in the way that is written there."""
    row.check(scene)
    assert row.reason


def test_enough_holds() -> None:
    """At least sixty rows, of all four areas, and none of them twice."""
    counts = Counter(row.area for row in BEHAVIOURS)
    assert sum(counts.values()) >= 60
    assert set(counts) == {"append", "read", "subscribe", "discover"}
    assert len({(row.area, row.name) for row in BEHAVIOURS}) == len(BEHAVIOURS)
    assert len({row.claim for row in BEHAVIOURS}) == len(BEHAVIOURS)
