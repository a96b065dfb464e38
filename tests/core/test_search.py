"""Searches that meet several failures at once still ask everybody, in time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from kurrent_conn.core import state as core_state
from kurrent_conn.core.actions import Connect, Ending, GiveUp, ReadGossip, WakeAt
from kurrent_conn.core.backoff import election_interval_s
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Wanted, Woke
from kurrent_conn.core.state import Node
from kurrent_conn.testing.virtual.simulation import End, Fails, Says, Silent, Simulation
from tests.stage.scene import LEADER, A, B, C, Scene, member, plan


def node_of(end: End) -> Node:
    """Give the node that a wait ended with."""
    assert isinstance(end.result, Node), end
    return end.result


def test_a_silent_seed_does_not_keep_a_returned_one_waiting() -> None:
    """One seed drops packets, one refuses for a second: it is used when it is back."""
    for seed in range(20):
        scene = Scene(member(A, LEADER))
        scene.replies.update({A: Fails(), B: Silent()})
        simulation = Simulation(plan(A, B), scene, seed)
        wait = simulation.want()
        simulation.at(1.0, lambda scene=scene: scene.replies.pop(A))  # type: ignore[misc]  # bound early
        simulation.run(8)
        assert simulation.ends[wait].at < 3.2, seed  # a pause of 2 s at most


def test_a_silent_seed_does_not_use_the_rounds_up() -> None:
    """A round is over when all have failed: one refusal after another is no round."""
    scene = Scene(member(A, LEADER))
    scene.replies.update({A: Fails(), B: Silent()})
    simulation = Simulation(replace(plan(A, B), max_rounds=2), scene)
    wait = simulation.want(within=60)
    simulation.run(60)
    end = simulation.ends[wait]
    assert isinstance(end.result, GiveUp)
    assert end.result.ending is Ending.ROUNDS
    assert 10 < end.at < 15  # two reads of the silent one, at 5 s each


def test_a_newcomer_sees_rounds_of_its_own() -> None:
    """Who joins a search in its last round is not told at once that nobody answered."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies = dict.fromkeys((A, B, C), Fails())
    simulation = Simulation(replace(plan(), max_rounds=3), scene)
    first = simulation.want()
    waits: list[int] = []

    def join() -> None:
        scene.replies.clear()
        waits.append(simulation.want())

    while simulation.state.search and simulation.state.search.round_number < 3:
        simulation.run(simulation.now + 0.01)
    pause_over = simulation.state.wake_at or 0
    simulation.at((simulation.now + pause_over) / 2, join)
    simulation.run(5)
    assert isinstance(simulation.ends[first].result, GiveUp)
    assert node_of(simulation.ends[waits[0]]).advertised == A


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


@pytest.mark.parametrize("seed", range(20))
def test_quick_looks_use_no_rounds_up(seed: int) -> None:
    """Ten rounds stand for six seconds and more, also where everybody refuses.

    A node that is restarted is so found by whoever waits for it, half a second later.
    """
    scene = Scene(member(A, LEADER))
    scene.replies[A] = Fails()
    simulation = Simulation(replace(plan(A), max_rounds=10), scene, seed)
    wait = simulation.want(within=30)
    simulation.at(6.0, scene.replies.clear)
    simulation.run(8)
    assert node_of(simulation.ends[wait]).advertised == A
    assert simulation.ends[wait].at < 6.5


@pytest.mark.parametrize("dead", [Fails(), Silent()])
@pytest.mark.parametrize("seed", range(5))
def test_a_dead_node_takes_no_turn_of_an_election(
    dead: Fails | Silent, seed: int
) -> None:
    """Those who may know of a new leader are asked as often as if it were not there."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    simulation = Simulation(plan(), scene, seed)
    simulation.want()
    simulation.run(1)
    scene.kill(A)
    scene.replies[A] = dead
    simulation.fail()
    simulation.want()
    simulation.run(2)
    reads = [(at, it) for at, it in simulation.told if isinstance(it, ReadGossip)]
    assert any(it.endpoint == A for at, it in reads if at >= 1)
    turns = [at for at, it in reads if it.endpoint != A and at > 1.1]
    gaps = [later - at for at, later in pairwise(turns)]
    assert max(gaps) <= election_interval_s(1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_two_dead_of_five_take_no_turns_either(seed: int) -> None:
    """However many are dead: in each turn somebody is asked who may know more."""
    d, e = Endpoint("d.test", 2113), Endpoint("e.test", 2113)
    scene = Scene(member(A, LEADER), *map(member, (B, C, d, e)))
    simulation = Simulation(plan(A, B, C, d, e), scene, seed)
    simulation.want()
    simulation.run(1)
    scene.kill(A, B)
    simulation.fail()
    simulation.want()
    simulation.run(2.5)
    reads = [(at, it) for at, it in simulation.told if isinstance(it, ReadGossip)]
    turns = [at for at, it in reads if it.endpoint not in {A, B} and at > 1.1]
    gaps = [later - at for at, later in pairwise(turns)]
    assert max(gaps) <= election_interval_s(1.5, 1)


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
