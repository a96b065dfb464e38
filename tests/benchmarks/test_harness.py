"""`benchmarks.harness`: a hundred clusters leave nothing behind."""

from __future__ import annotations

import pytest

from benchmarks.harness import KINDS, UP_LIMITS_MS, left_behind, up_ms


@pytest.mark.parametrize(
    ("kind", "cycles"), [("threads", 100), ("processes", 2), ("processes, proxied", 2)]
)
def test_starts_and_stops_leave_nothing_behind(kind: str, cycles: int) -> None:
    """No thread, descriptor, process or file, and no more memory than noise."""
    grown, memory_kib = left_behind(KINDS[kind], cycles)
    assert max(grown.values()) <= 0, grown  # others' threads may end meanwhile
    assert memory_kib < 2000 / cycles


def test_a_cluster_of_threads_is_up_in_no_time() -> None:
    """Three nodes with TLS, in half a second at most."""
    assert UP_LIMITS_MS["threads"].holds(up_ms(KINDS["threads"], 3))
