"""A thousand clients that lose their leader at once do not trample the cluster."""

from __future__ import annotations

from functools import cache

import pytest

from kurrent_conn.testing.simulated_world.stampede import Stampede, stampede

CLIENTS = 150


@cache
def result(election_s: float) -> Stampede:
    """Play it once; figures are per client, so fewer clients say the same."""
    return stampede(CLIENTS, election_s)


@pytest.mark.parametrize(("election_s", "within_s"), [(0.3, 0.08), (3.0, 0.5)])
def test_everybody_recovers(election_s: float, within_s: float) -> None:
    """Each client's call succeeds soon: half a second after a long election."""
    times = result(election_s).recovered_s
    assert len(times) == CLIENTS
    assert times[-1] <= within_s
    assert times[len(times) // 2] <= within_s / 2


def test_reads_stay_bounded() -> None:
    """A node gets 27 reads a client in the first second, then ever fewer."""
    seconds = [max(second) / CLIENTS for second in result(3.0).reads]
    assert seconds[0] <= 27
    assert seconds[1] <= 8
    assert seconds[2] <= 5
    assert seconds[4:] == [0.0] * len(seconds[4:])


def test_reads_are_spread() -> None:
    """Jitter: within 10 ms a node gets less than one read of each client."""
    assert result(3.0).most_in_a_tick <= CLIENTS


def test_nodes_share_the_load() -> None:
    """The two nodes that are left get about as many reads."""
    _, one, other = (sum(column) for column in zip(*result(3.0).reads, strict=True))
    assert abs(one - other) <= 0.1 * (one + other)
