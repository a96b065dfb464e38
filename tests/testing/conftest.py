"""Clusters for the tests of the harness itself, and the check that none leaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.cluster import Isolation


@pytest.fixture(params=["thread", "process"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """Run a test once for each kind of node."""
    kind: Isolation = request.param
    return kind


@pytest.fixture
def cluster(isolation: Isolation) -> Iterator[SimulatedCluster]:
    """Three members with TLS, of each kind."""
    with SimulatedCluster(isolation=isolation) as running:
        yield running
