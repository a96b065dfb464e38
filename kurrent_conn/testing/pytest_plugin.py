"""The pytest plugin: clusters as fixtures, and their story beside a failing test.

    @pytest.mark.kurrent_cluster(size=3, tls=False)
    def test_orders_survive_a_failover(kurrent_cluster):
        orders = Orders(kurrent_cluster.connection_string())
        kurrent_cluster.apply("kill", node="leader")
        kurrent_cluster.apply("elect", node=1, after_s=0.3)
        orders.place("book")

`kurrent_cluster` is made anew for every test. `kurrent_cluster_module` and
`kurrent_cluster_session` are shared and made whole again after each test that used
them; what was appended to them stays. The marker's arguments are those of
`SimulatedCluster`; what holds for all of them comes from a session fixture
`kurrent_cluster_options` that a `conftest.py` may override. The documentation is
`docs/testing.md`.

This is the only module that imports pytest, and it imports nothing else until a test
asks for a cluster: whoever has the package installed and does not use it pays nothing
but that.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from kurrent_conn.testing.watched_cluster import WatchedCluster

FIXTURES: Final = (
    "kurrent_cluster",
    "kurrent_cluster_module",
    "kurrent_cluster_session",
)
MARKER: Final = "kurrent_cluster"

_BEGAN: Final = pytest.StashKey[dict[str, int]]()
"""For each cluster how long its chronicle was when the test began."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(size=3, *, tls=True, read_only_replicas=0, ...): "
        "the arguments of SimulatedCluster for the kurrent_cluster fixtures",
    )


@pytest.fixture(scope="session")
def kurrent_cluster_options() -> Mapping[str, Any]:
    """Arguments of every cluster, before those of markers; override it at will."""
    return {}


@pytest.fixture
def kurrent_cluster(
    request: pytest.FixtureRequest, kurrent_cluster_options: Mapping[str, Any]
) -> Iterator[WatchedCluster]:
    """Give a cluster of the test's own, up and serving."""
    with _running(request, kurrent_cluster_options) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def kurrent_cluster_module(
    request: pytest.FixtureRequest, kurrent_cluster_options: Mapping[str, Any]
) -> Iterator[WatchedCluster]:
    """Give a cluster that the module's tests share; `pytestmark` carries its marker."""
    with _running(request, kurrent_cluster_options) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kurrent_cluster_session(
    request: pytest.FixtureRequest, kurrent_cluster_options: Mapping[str, Any]
) -> Iterator[WatchedCluster]:
    """Give a cluster that all tests share; `kurrent_cluster_options` shapes it."""
    with _running(request, kurrent_cluster_options) as cluster:
        yield cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Remember where the story of the test begins in the clusters' chronicles."""
    item.stash[_BEGAN] = {
        # A cluster of the test's own tells all of its story.
        name: 0 if name == FIXTURES[0] else cluster.chronicle.count
        for name, cluster in _clusters(item)
    }
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the story of the clusters to a test that failed."""
    report = yield
    if report.failed and report.when in {"call", "setup"}:
        began = item.stash.get(_BEGAN, {})
        for name, cluster in _clusters(item):
            story = cluster.chronicle.text(since=began.get(name, 0))
            nodes = "\n".join(map(repr, cluster.nodes))
            report.sections.append((f"Cluster of {name}", f"{story}\n\n{nodes}"))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Make clusters whole again that other tests are going to use."""
    shared = [cluster for name, cluster in _clusters(item) if name != FIXTURES[0]]
    result = yield
    for cluster in shared:
        if cluster.is_up:
            cluster.restore()
    return result


@contextmanager
def _running(
    request: pytest.FixtureRequest, options: Mapping[str, Any]
) -> Iterator[WatchedCluster]:
    from kurrent_conn.testing.watched_cluster import WatchedCluster  # noqa: PLC0415 - only a test that asks pays for it

    marker = request.node.get_closest_marker(MARKER)
    positional: tuple[Any, ...] = marker.args if marker else ()
    named = {**options, **(marker.kwargs if marker else {})}
    if positional:
        named.pop("size", None)
    with WatchedCluster(*positional, **named) as cluster:
        yield cluster


def _clusters(item: pytest.Item) -> list[tuple[str, WatchedCluster]]:
    made: dict[str, Any] = getattr(item, "funcargs", {})
    return [(name, made[name]) for name in FIXTURES if name in made]
