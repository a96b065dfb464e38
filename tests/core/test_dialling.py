"""No channel dials for nobody, and what somebody answered on is kept."""

from __future__ import annotations

import pytest

from kurrent_conn.core.actions import Connect, Open, Retire, RetireAll
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import TrustChanged
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import direct
from kurrent_conn.testing.virtual.simulation import Fails, Says, Silent, Simulation
from tests.stage.scene import LEADER, Scene, member, plan

NODES = A, B, C = tuple(Endpoint(f"127.0.0.{number}", 2113) for number in (1, 2, 3))


def cluster() -> Scene:
    """Three nodes at addresses, a leads."""
    return Scene(member(A, LEADER), member(B), member(C))


def opened(scene: Scene, seed: int = 0) -> Simulation:
    """Open the leader at the instant 1."""
    simulation = Simulation(plan(*NODES), scene, seed)
    simulation.want()
    simulation.run(1)
    return simulation


@pytest.mark.parametrize("seed", range(8))
def test_who_was_not_asked_is_not_dialled_for_ever(seed: int) -> None:
    """What connected ahead retires with the search, unless it answered after all."""
    scene = cluster()
    simulation = opened(scene, seed)
    asked = {direct(endpoint) for endpoint in scene.asked}
    ahead = {a.route for a in simulation.actions if isinstance(a, Connect)}
    assert ahead
    assert set(simulation.retired) == ahead - asked
    assert set(simulation.state.channels) == asked


@pytest.mark.parametrize("seed", range(8))
def test_who_was_silent_is_not_dialled_for_ever(seed: int) -> None:
    """A read that is cancelled when another answers leaves nothing behind."""
    scene = cluster()
    scene.replies = {B: Silent(), C: Silent()}
    simulation = opened(scene, seed)
    assert set(simulation.state.channels) == {direct(A)}
    silent = {direct(endpoint) for endpoint in scene.asked} - {direct(A)}
    assert silent <= set(simulation.retired)


@pytest.mark.parametrize("seed", range(8))
def test_a_standby_is_not_dialled_ahead(seed: int) -> None:
    """Who answered once has a channel already."""
    simulation = opened(cluster(), seed)
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(2)
    simulation.actions.clear()
    simulation.fail()
    standbys = set(simulation.state.channels)
    assert standbys
    simulation.want()
    simulation.run(3)
    ahead = {a.route for a in simulation.actions if isinstance(a, Connect)}
    assert not ahead & standbys


def test_a_refusal_is_an_answer() -> None:
    """The node has a connection, though it told nothing of the cluster."""
    for seed in range(20):
        scene = cluster()
        scene.replies = {B: Fails(Verdict.ANSWERED, denied=True, answered=True)}
        simulation = opened(scene, seed)
        if B in scene.asked:
            assert simulation.state.channels[direct(B)]
            assert direct(B) not in simulation.retired
            return
    pytest.fail("no seed asks it")


def test_another_trust_is_for_every_channel() -> None:
    """Standbys, what dials ahead and what is being asked: each is made anew."""
    scene = cluster()
    scene.replies = dict.fromkeys(NODES, Says(scene.members, after_s=0.02))
    simulation = opened(scene)
    simulation.want(NodePreference.FOLLOWER)
    simulation.actions.clear()
    simulation.take(TrustChanged())
    assert RetireAll() in simulation.actions
    (fresh,) = (a for a in simulation.actions if isinstance(a, Open))
    assert (fresh.preference, fresh.node.advertised) == (NodePreference.LEADER, A)
    assert set(simulation.state.channels) == {direct(A)}


def test_a_search_in_vain_leaves_no_dial_behind() -> None:
    """The wait is over, and the next will begin anew."""
    scene = cluster()
    scene.replies = dict.fromkeys(NODES, Silent())
    simulation = Simulation(plan(*NODES), scene)
    wait = simulation.want(within=1.0)
    simulation.run(0.5)
    assert simulation.state.channels
    simulation.run(2)
    assert wait in simulation.ends
    assert not simulation.state.channels
    assert {a.route for a in simulation.actions if isinstance(a, Retire)} == {
        direct(endpoint) for endpoint in NODES
    }
