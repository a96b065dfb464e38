"""Which desk the suite tests: with `--desk careless` it finds the bug."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desk import CarefulDesk, CarelessDesk, OrderDesk
from kurrent_conn.testing import WatchedCluster

DESKS = {"careless": CarelessDesk, "careful": CarefulDesk}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line choose the desk."""
    parser.addoption("--desk", choices=DESKS, default="careful")


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, kurrent_cluster: WatchedCluster
) -> Iterator[OrderDesk]:
    """An open desk at a cluster of its own."""
    chosen = DESKS[request.config.getoption("--desk")]
    with chosen(kurrent_cluster.connection_string()) as opened:
        yield opened
