"""Rounds of a search in which nobody answers: when one ends, and for whom it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core.actions import Ending, GiveUp
from kurrent_conn.core.state import Node
from kurrent_conn.testing.virtual.simulation import End, Fails, Silent, Simulation
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
