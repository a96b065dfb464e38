"""What the tests of the blocking shell share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shells.blocking.ask import Beside
from tests.shells.fake_cluster import FakeCluster


@pytest.fixture
def beside(cluster: FakeCluster) -> Iterator[Beside]:
    """Give other threads, which end before the cluster does."""
    threads = Beside()
    yield threads
    cluster.release.set()
    threads.close()
