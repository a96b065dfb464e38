"""Searches that meet several failures at once still ask everybody, in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import Connect, ReadGossip, WakeAt
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Wanted, Woke
from kurrent_conn.testing.virtual.simulation import Fails, Says, Simulation
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


def test_a_wake_that_comes_late_leaves_nothing_unarmed() -> None:
    """Several things came due in one pause of our process: each still gets done."""
    state, _ = advance(
        core_state.start(plan(), seed=1), Wanted(1, NodePreference.LEADER, 30.0), 0.0
    )
    assert state.search is not None
    late = replace(state.search, next_wave_at=1.0, next_round_at=0.9)
    state = replace(state, search=late, wake_at=0.9)
    state, actions = advance(state, Woke(), 2.0)
    assert state.wake_at == 0.9
    assert WakeAt(0.9) in actions
    state, _ = advance(state, Woke(), 2.0)
    assert state.wake_at is None or state.wake_at > 2.0


def test_searches_that_follow_each_other_are_paced() -> None:
    """Callers who are refused at once and try again do not become a flood of reads."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), Fails(denied=True, answered=True))
    simulation = Simulation(plan(), scene)

    def again() -> None:
        simulation.want(within=5)
        simulation.at(simulation.now + 0.002, again)

    simulation.at(0.0, again)
    simulation.run(1)
    assert len(scene.asked) <= 250
    asked = len(scene.asked)
    simulation.run(6)
    simulation.run(7)
    assert len(scene.asked) - asked <= 6 * 40


def test_a_search_after_a_rest_begins_at_once() -> None:
    """The pace is for searches that follow each other, not for the next failover."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    simulation = Simulation(plan(), scene)
    for _ in range(5):
        simulation.run(simulation.now + 1.5)
        wait = simulation.want(None)
        simulation.run(simulation.now + 0.002)
        assert wait in simulation.ends


FOUR = tuple(Endpoint(f"127.0.0.{number}", 2113) for number in (1, 2, 3, 4))


def connecting(simulation: Simulation) -> list[Endpoint]:
    """List where connections were begun ahead of a read, in order."""
    return [
        action.route.dial
        for action in simulation.actions
        if isinstance(action, Connect)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_next_connects_at_once_and_two_when_the_first_is_far_away(
    seed: int,
) -> None:
    """An answer from near stops that, one from afar finds the next two connected."""
    scene = Scene(member(FOUR[0], LEADER), *map(member, FOUR[1:]))
    for first_says_after_s, connect in ((0.003, 1), (0.02, 2)):
        scene.replies = dict.fromkeys(
            FOUR, Says(scene.members, after_s=first_says_after_s)
        )
        simulation = Simulation(plan(*FOUR), scene, seed)
        simulation.want()
        asked_first = scene.asked[-1]
        assert len(connecting(simulation)) == 1
        simulation.run(first_says_after_s)
        begun = connecting(simulation)
        assert len(begun) == len(set(begun)) == connect
        assert asked_first not in begun


@pytest.mark.parametrize("seed", range(4))
def test_the_next_connects_as_soon_as_its_name_has_an_address(seed: int) -> None:
    """Names are looked up side by side; the first search knows none."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies = dict.fromkeys((A, B, C), Says(scene.members, after_s=0.003))
    simulation = Simulation(plan(), scene, seed)
    simulation.want()
    simulation.run(0)
    asked = [a.endpoint for a in simulation.actions if isinstance(a, ReadGossip)]
    (ahead,) = connecting(simulation)
    assert len(asked) == 1
    assert ahead not in asked


def test_news_alone_lets_nobody_connect() -> None:
    """Any answer brings them."""
    scene = Scene(member(FOUR[0], LEADER), *map(member, FOUR[1:]))
    simulation = Simulation(plan(*FOUR), scene)
    simulation.want(None)
    simulation.run(1)
    assert connecting(simulation) == []


def test_nobody_connects_ahead_where_one_host_is_used_as_it_is() -> None:
    """Nor to a server whose certificate is pinned by its first read."""
    scene = Scene(member(FOUR[0], LEADER), *map(member, FOUR[1:]))
    scene.replies = dict.fromkeys(FOUR, Says(scene.members, after_s=0.02))
    usual = plan(*FOUR)
    for other in (
        replace(usual, by_gossip=False),
        replace(usual, asks_before_calls=True),
    ):
        simulation = Simulation(other, scene)
        simulation.want()
        simulation.run(0.02)
        assert connecting(simulation) == []
