"""Failed handshakes are looked at, and what is found ends waits and is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core.actions import Ending, GiveUp, Inspect
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Inspected
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node, Plan
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.testing.virtual.simulation import Simulation
from tests.stage.scene import LEADER, A, B, C, Fails, Scene, Silent, member, plan

BAD = Fails(Verdict.BAD_TLS, Phase.TLS)
HUNG_UP = Fails(hung_up=True)
REFUSED = Fails()


def tls_plan(*seeds: Endpoint) -> Plan:
    """Make the plan of a connection with TLS."""
    return replace(plan(*seeds), explains_tls=True)


def finding(endpoint: Endpoint) -> TlsFinding:
    """Make what a look finds."""
    route = Route(endpoint, endpoint.host)
    return TlsFinding(FindingKind.EXPIRED, endpoint, route, endpoint.host)


def begun(scene: Scene, *seeds: Endpoint, wrong: tuple[Endpoint, ...]) -> Simulation:
    """Begin a connection in a world where looks find something wrong."""
    simulation = Simulation(tls_plan(*seeds), scene)
    simulation.findings = {each: (finding(each),) for each in wrong}
    simulation.want()
    return simulation


def looks(simulation: Simulation) -> list[Endpoint]:
    """List who was looked at."""
    return [a.endpoint for a in simulation.actions if isinstance(a, Inspect)]


def given_up(simulation: Simulation, wait: int = 1) -> GiveUp:
    """Give how the first wait ended."""
    result = simulation.ends[wait].result
    assert isinstance(result, GiveUp)
    return result


@pytest.mark.parametrize("failure", [BAD, HUNG_UP], ids=["bad", "hung up"])
def test_what_is_wrong_everywhere_ends_the_wait_and_is_told(failure: Fails) -> None:
    """Each seed is looked at, and the wait ends with every finding, at once."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), failure)
    simulation = begun(scene, wrong=(A, B, C))
    simulation.run(30)
    assert sorted(looks(simulation)) == [A, B, C]
    end = given_up(simulation)
    assert end.ending is Ending.FATAL
    assert simulation.ends[1].at < 0.2
    assert {each.endpoint for each in end.findings} == {A, B, C}
    assert {each.phase for each in end.attempts} == {Phase.TLS}


def test_a_node_that_merely_hangs_up_is_not_accused() -> None:
    """The look finds nothing: it goes on as with any dead node, looked at once."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), HUNG_UP)
    simulation = begun(scene, wrong=())
    simulation.run(29)
    assert not simulation.ends or given_up(simulation).ending is Ending.ROUNDS
    assert sorted(looks(simulation)) == [A, B, C]
    simulation.run(60)
    assert given_up(simulation).findings == ()
    assert {each.phase for each in given_up(simulation).attempts} == {Phase.CONNECT}


def test_a_leader_whose_tls_is_wrong_ends_the_wait_for_it() -> None:
    """Seeds answer, the leader they name refuses our certificate: that is told."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies[A] = HUNG_UP
    simulation = begun(scene, B, wrong=(A,))
    simulation.run(30)
    end = given_up(simulation)
    assert (end.ending, end.findings) == (Ending.FATAL, (finding(A),))
    assert simulation.ends[1].at < 0.2


def test_a_node_that_is_asked_again_is_told_once() -> None:
    """What is known of it counts, and not that it was just being asked again."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies[A] = HUNG_UP
    simulation = begun(scene, B, wrong=())
    simulation.look_s = 9.0
    simulation.run(0.0025)
    (look,) = (a for a in simulation.actions if isinstance(a, Inspect))
    scene.replies[A] = Silent()
    while all(read.candidate.endpoint != A for read in simulation.state.reads):
        simulation.run(simulation.next_at or 0)
    simulation.take(Inspected(look.look, (finding(A),)))
    assert [a.endpoint for a in given_up(simulation).attempts].count(A) == 1


def test_the_deadline_tells_what_was_found_of_one_of_many() -> None:
    """One certificate is bad, the other nodes are down: the error says both."""
    scene = Scene()
    scene.replies = {A: BAD, B: REFUSED, C: REFUSED}
    simulation = begun(scene, wrong=(A,))
    simulation.run(60)
    end = given_up(simulation)
    assert end.findings == (finding(A),)
    assert {each.endpoint: each.phase for each in end.attempts} == {
        A: Phase.TLS,
        B: Phase.CONNECT,
        C: Phase.CONNECT,
    }


def test_a_slow_look_does_not_outlast_the_deadline() -> None:
    """A hopeless wait waits to learn why, but no longer than it was to wait."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), BAD)
    simulation = Simulation(tls_plan(), scene)
    simulation.look_s = 9.0
    simulation.want(within=0.5)
    simulation.run(0.4)
    assert not simulation.ends
    simulation.run(30)
    assert simulation.ends[1].at == pytest.approx(0.5)
    assert given_up(simulation).ending is Ending.DEADLINE


def test_a_finding_is_dropped_when_the_node_fails_in_another_way() -> None:
    """What was wrong with a node that is gone now is no longer what is wrong."""
    scene = Scene()
    scene.replies = {A: BAD, B: REFUSED, C: REFUSED}
    simulation = begun(scene, wrong=(A,))
    simulation.run(0.05)
    scene.replies[A] = REFUSED
    simulation.run(60)
    assert given_up(simulation).findings == ()


def test_a_follower_is_had_beside_a_bad_node() -> None:
    """What is wrong with one node does not keep from another."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies[B] = BAD
    simulation = Simulation(tls_plan(), scene)
    simulation.findings = {B: (finding(B),)}
    simulation.want(NodePreference.FOLLOWER)
    simulation.run(5)
    node = simulation.ends[1].result
    assert isinstance(node, Node)
    assert node.advertised == C


def test_news_of_an_earlier_search_changes_nothing() -> None:
    """A look carries a number; one that nobody waits for is dropped."""
    scene = Scene(member(A, LEADER), member(B), member(C))
    scene.replies[A] = HUNG_UP
    simulation = begun(scene, B, wrong=())
    simulation.run(0.02)
    before = simulation.state
    simulation.take(Inspected(9999, (finding(A),)))
    assert simulation.state == before


def test_without_tls_nobody_is_looked_at() -> None:
    """A plaintext port that hangs up has no certificates."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), HUNG_UP)
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(60)
    assert looks(simulation) == []


def test_the_last_round_ends_when_it_is_known_why() -> None:
    """One round, shorter than a look at who hung up: the error tells what was found."""
    scene = Scene()
    scene.replies = {A: HUNG_UP, B: REFUSED}
    simulation = Simulation(replace(tls_plan(A, B), max_rounds=1), scene)
    simulation.findings = {A: (finding(A),)}
    simulation.look_s = 1.0
    simulation.want()
    simulation.run(30)
    assert given_up(simulation).ending is Ending.ROUNDS
    assert given_up(simulation).findings == (finding(A),)
    assert simulation.ends[1].at < 1.1
