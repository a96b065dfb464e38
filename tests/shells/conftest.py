"""What the tests of both shells share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shells.fake_cluster import FakeCluster


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    """Give three nodes, the first of which leads."""
    with FakeCluster() as cluster:
        yield cluster
