"""Every wait gets the member that fits, and waits for nobody who does not answer."""

from __future__ import annotations

import pytest

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.failure import Verdict
from kurrent_conn.testing.virtual.simulation import (
    Fails,
    Silent,
    Simulation,
)
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


@pytest.mark.parametrize("wanted", [NodePreference.FOLLOWER, NodePreference.RANDOM])
def test_a_frozen_member_is_passed_over(wanted: NodePreference) -> None:
    """It is listed and never answers: a stagger or two later another one serves."""
    for seed in range(30):
        scene = Scene(member(A, LEADER), member(B), member(C))
        scene.replies[C] = Silent()
        simulation = Simulation(plan(), scene, seed)
        wait = simulation.want(wanted)
        simulation.run(1)
        assert simulation.opened[wanted].advertised != C
        assert simulation.ends[wait].at < 0.1


def test_a_lone_frozen_follower_delays_the_fallback_by_the_longest_stagger() -> None:
    """It might answer yet; the leader serves a quarter of a second later."""
    for seed in range(30):
        scene = Scene(member(A, LEADER), member(C))
        scene.replies[C] = Silent()
        simulation = Simulation(plan(A, C), scene, seed)
        wait = simulation.want(NodePreference.FOLLOWER)
        simulation.run(1)
        assert simulation.opened[NodePreference.FOLLOWER].advertised == A
        assert simulation.ends[wait].at < 0.35


def test_a_follower_that_is_back_is_asked_before_the_fallback() -> None:
    """It failed once and is listed as alive: the leader serves only if it is not."""
    for seed in range(30):
        scene = Scene(member(A, LEADER), member(B))
        scene.replies[B] = Fails()
        simulation = Simulation(plan(A, B), scene, seed)
        simulation.want(NodePreference.FOLLOWER)
        simulation.run(1)
        assert simulation.opened[NodePreference.FOLLOWER].advertised == A
        scene.replies.clear()
        simulation.fail(NodePreference.FOLLOWER, Verdict.NOT_READY)
        simulation.run(3)
        simulation.want(NodePreference.FOLLOWER)
        simulation.run(4)
        assert simulation.opened[NodePreference.FOLLOWER].advertised == B
