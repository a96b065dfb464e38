"""The state machine, told what happens, asks for the right things."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kurrent_conn.core.actions import Ending, GiveUp, ReadGossip
from kurrent_conn.core.cluster import Member, NodePreference, NodeState, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import Abandoned, CallFailed, Closed
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import FellBack, RedirectRefused
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.state import Node
from kurrent_conn.testing.virtual.simulation import End, Fails, Says, Silent, Simulation
from tests.stage.scene import FOLLOWER, LEADER, REPLICA, A, B, C, Scene, member, plan

FOLLOWER_WANTED = NodePreference.FOLLOWER


def cluster() -> Scene:
    """Three nodes, a leads."""
    return Scene(member(A, LEADER), member(B), member(C))


def node_of(end: End) -> Node:
    """Give the node that a wait ended with."""
    assert isinstance(end.result, Node), end
    return end.result


def given_up(end: End) -> GiveUp:
    """Give the reason that a wait ended with."""
    assert isinstance(end.result, GiveUp), end
    return end.result


def test_a_wait_for_the_leader_ends_with_the_leader() -> None:
    """Three nodes, all up: the one that leads is opened, after its own word."""
    simulation = Simulation(plan(), cluster())
    wait = simulation.want()
    simulation.run(1)
    assert node_of(simulation.ends[wait]).advertised == A
    assert A in simulation.state.proven


def test_a_second_wait_costs_no_read() -> None:
    """A node that is open answers at once."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    asked = len(scene.asked)
    wait = simulation.want()
    assert node_of(simulation.ends[wait]).advertised == A
    assert len(scene.asked) == asked


def test_waits_share_one_search() -> None:
    """A hundred callers cost as many reads as one."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    waits = [simulation.want() for _ in range(100)]
    simulation.run(1)
    assert {node_of(simulation.ends[wait]).advertised for wait in waits} == {A}
    assert len(scene.asked) <= 3


@pytest.mark.parametrize("silent", [1, 2, 5])
def test_silent_seeds_cost_staggers_not_timeouts(silent: int) -> None:
    """Black holes before a live seed cost a stagger or two, however many they are."""
    holes = [Endpoint(f"hole{number}.test") for number in range(silent)]
    scene = Scene(member(A, LEADER))
    scene.replies.update(dict.fromkeys(holes, Silent()))
    slowest = 0.0
    for seed in range(50):
        simulation = Simulation(plan(*holes, A), scene, seed)
        wait = simulation.want()
        simulation.run(20)
        slowest = max(slowest, simulation.ends[wait].at)
    assert slowest <= (0.03 if silent < 3 else 0.055)


def test_a_refused_seed_makes_room_at_once() -> None:
    """When a read fails the next ones start without waiting for the stagger."""
    refused = [Endpoint(f"refused{number}.test") for number in range(5)]
    scene = Scene(member(A, LEADER))
    scene.replies.update(dict.fromkeys(refused, Fails()))
    for seed in range(20):
        simulation = Simulation(plan(*refused, A), scene, seed)
        wait = simulation.want()
        simulation.run(20)
        assert simulation.ends[wait].at < 0.01


def test_an_election_is_waited_for() -> None:
    """Leader preference waits while nobody leads, and is quick when somebody does."""
    scene = cluster()
    scene.become({A: FOLLOWER})
    simulation = Simulation(plan(), scene)
    wait = simulation.want()
    simulation.at(3.0, lambda: scene.become({B: LEADER}))
    simulation.run(10)
    assert node_of(simulation.ends[wait]).advertised == B
    assert 3.0 < simulation.ends[wait].at < 3.3


def test_an_election_costs_about_a_hundred_reads() -> None:
    """Eight seconds without a leader: some hundred reads, not thousands."""
    scene = cluster()
    scene.become({A: FOLLOWER})
    simulation = Simulation(plan(), scene)
    simulation.want(within=8.0)
    simulation.run(8.0)
    assert 60 <= len(scene.asked) <= 160


def test_a_dead_leader_still_listed_alive_is_not_opened() -> None:
    """Gossip may call a dead leader alive; it is opened only on its own word."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    scene.replies[A] = Fails()
    simulation.fail()
    wait = simulation.want()
    simulation.at(2.0, lambda: scene.become({A: NodeState.UNKNOWN, B: LEADER}))
    simulation.run(5)
    assert node_of(simulation.ends[wait]).advertised == B


def test_a_returned_node_is_used_on_its_own_word() -> None:
    """A suspect that answers again is a suspect no more."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    scene.replies[A] = Fails()
    simulation.fail()
    wait = simulation.want()
    simulation.run(2)
    scene.replies.clear()
    simulation.run(3)
    assert node_of(simulation.ends[wait]).advertised == A


def test_of_two_leaders_the_newer_is_opened() -> None:
    """Two leaders are listed for seconds after a partition: time stamps decide."""
    scene = Scene(member(A, LEADER, stamp_s=1), member(B, LEADER, stamp_s=2), member(C))
    simulation = Simulation(plan(), scene)
    wait = simulation.want()
    simulation.run(1)
    assert node_of(simulation.ends[wait]).advertised == B


@pytest.mark.parametrize("odd", [NodeState.MANAGER, 16, 99, NodeState.CATCHING_UP])
def test_unusable_members_are_never_opened(odd: NodeState | int) -> None:
    """Managers, unknown states and transitional ones are no candidates."""
    scene = Scene(member(A, odd), member(B))
    simulation = Simulation(plan(B), scene)
    wait = simulation.want(NodePreference.RANDOM)
    simulation.run(5)
    assert node_of(simulation.ends[wait]).advertised == B


def test_manager_entries_are_never_asked() -> None:
    """A gossip seed that is no node yet is an internal name: nobody dials it."""
    scene = Scene(member(A, NodeState.MANAGER), member(B))
    simulation = Simulation(plan(B), scene)
    simulation.want(within=5)
    simulation.run(6)
    assert A not in scene.asked


def test_follower_preference_falls_back_and_says_so() -> None:
    """Right after an election only the leader serves: it does, with an event."""
    scene = Scene(member(A, LEADER), member(B, NodeState.UNKNOWN))
    simulation = Simulation(plan(A), scene)
    wait = simulation.want(FOLLOWER_WANTED)
    simulation.run(1)
    assert node_of(simulation.ends[wait]).advertised == A
    assert FellBack(FOLLOWER_WANTED, A, LEADER) in simulation.notices


def test_one_host_is_used_as_it_is() -> None:
    """A single host is opened whatever it is; gossip informs the topology only."""
    scene = Scene(member(A, LEADER), member(B))
    simulation = Simulation(replace(plan(B), by_gossip=False), scene)
    wait = simulation.want()
    simulation.run(1)
    assert node_of(simulation.ends[wait]).advertised == B
    assert simulation.state.topology.leader == A
    assert set(scene.asked) == {B}


def test_one_host_without_gossip_is_used_as_it_is() -> None:
    """A node that answers, but has no gossip to give, is a node."""
    scene = Scene()
    scene.replies[B] = Fails(Verdict.ANSWERED, answered=True)
    simulation = Simulation(replace(plan(B), by_gossip=False), scene)
    wait = simulation.want()
    simulation.run(1)
    assert node_of(simulation.ends[wait]).advertised == B


def opened_leader(scene: Scene, **changes: object) -> Simulation:
    """Open the leader of a scene."""
    simulation = Simulation(replace(plan(), **changes), scene)  # type: ignore[arg-type]
    simulation.want()
    simulation.run(1)
    return simulation


def redirect(simulation: Simulation, to: Endpoint | None) -> None:
    """Let the open leader name another one."""
    node = simulation.opened[NodePreference.LEADER]
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, to))


def test_a_redirect_goes_straight_to_the_leader() -> None:
    """A not-leader answer opens the named leader without a read."""
    scene = cluster()
    simulation = opened_leader(scene)
    asked = len(scene.asked)
    redirect(simulation, B)
    assert simulation.opened[NodePreference.LEADER].advertised == B
    assert simulation.state.topology.leader == B
    assert len(scene.asked) == asked


def test_a_redirect_goes_through_the_overrides() -> None:
    """The leader that a node names is dialled where the rules say."""
    rules = Overrides((Override(suffix=".test", target="127.0.0.1:9"),))
    simulation = Simulation(plan(A, router=rules), Scene(member(A, LEADER), member(B)))
    simulation.want()
    simulation.run(1)
    redirect(simulation, B)
    route = simulation.opened[NodePreference.LEADER].route
    assert route.server_name == "b.test"
    assert route.named in rules.routes(B)


def test_a_self_redirect_is_not_followed() -> None:
    """A node that knows no leader names itself: the choice is dropped."""
    simulation = opened_leader(cluster())
    redirect(simulation, A)
    assert NodePreference.LEADER not in simulation.opened
    assert any(isinstance(notice, RedirectRefused) for notice in simulation.notices)


def test_a_redirect_to_a_dead_node_asks_it_first() -> None:
    """A suspect that is named leader is asked itself before anything is sent to it."""
    scene = cluster()
    simulation = opened_leader(scene)
    scene.replies[A] = Fails()
    simulation.fail()
    scene.become({B: LEADER})
    simulation.want()
    simulation.run(2)
    redirect(simulation, A)
    assert NodePreference.LEADER not in simulation.opened
    wait = simulation.want()
    assert scene.asked[-1] == A
    simulation.run(3)
    assert node_of(simulation.ends[wait]).advertised == B


def test_an_untrusted_redirect_is_refused() -> None:
    """A host outside `trusted_names` is not opened, whoever names it."""
    scene = cluster()
    simulation = opened_leader(scene, trusted_names=("*.test",))
    redirect(simulation, Endpoint("evil.example"))
    assert simulation.opened[NodePreference.LEADER].advertised == A


def test_an_untrusted_leader_ends_the_wait_with_its_name() -> None:
    """A leader outside `trusted_names` is refused by name, at once."""
    evil = Endpoint("evil.example")
    scene = Scene(member(evil, LEADER), member(A))
    simulation = Simulation(replace(plan(A), trusted_names=()), scene)
    wait = simulation.want()
    simulation.run(1)
    end = given_up(simulation.ends[wait])
    assert end.ending is Ending.UNTRUSTED
    assert end.untrusted == ("evil.example", "a.test:2113")
    assert evil not in scene.asked


def test_follow_false_never_leaves_the_given_hosts() -> None:
    """Without follow, no member and no redirect is dialled."""
    scene = cluster()
    simulation = opened_leader(scene, seeds=(B,), by_gossip=False, follow=False)
    redirect(simulation, A)
    assert simulation.opened[NodePreference.LEADER].advertised == B
    assert set(scene.asked) == {B}


def test_credentials_are_sent_only_after_a_denial() -> None:
    """The first read is anonymous; a denied one is repeated with credentials."""
    scene = cluster()
    simulation = Simulation(replace(plan(A), has_credentials=True), scene)
    scene.replies[A] = Fails(Verdict.ANSWERED, denied=True, answered=True)
    wait = simulation.want()
    simulation.at(0.0001, scene.replies.clear)
    simulation.run(1)
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert [read.with_credentials for read in reads[:2]] == [False, True]
    assert node_of(simulation.ends[wait]).advertised == A


def test_credentials_are_held_back_without_consent() -> None:
    """Under `tls=false` no read carries credentials, and the denial ends the wait."""
    held = replace(plan(A), has_credentials=True, may_send_credentials=False)
    scene = Scene()
    scene.replies[A] = Fails(Verdict.ANSWERED, denied=True, answered=True)
    simulation = Simulation(held, scene)
    wait = simulation.want()
    simulation.run(1)
    assert given_up(simulation.ends[wait]).ending is Ending.FATAL
    reads = [a for a in simulation.actions if isinstance(a, ReadGossip)]
    assert not any(read.with_credentials for read in reads)


def test_bad_certificates_everywhere_end_the_wait_at_once() -> None:
    """Waiting mends no certificate."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), Fails(Verdict.BAD_TLS))
    simulation = Simulation(plan(), scene)
    wait = simulation.want()
    simulation.run(30)
    end = simulation.ends[wait]
    assert given_up(end).ending is Ending.FATAL
    assert end.at < 0.1
    assert {a.endpoint for a in given_up(end).attempts} == {A, B, C}


def test_a_bad_certificate_of_the_leader_ends_the_wait_at_once() -> None:
    """The one node that is asked for cannot be trusted: say so now."""
    scene = cluster()
    scene.replies[A] = Fails(Verdict.BAD_TLS)
    simulation = Simulation(plan(B), scene)
    wait = simulation.want()
    simulation.run(30)
    end = simulation.ends[wait]
    assert given_up(end).ending is Ending.FATAL
    assert end.at < 0.1


def test_rounds_are_counted_and_end_the_search() -> None:
    """`maxDiscoverAttempts` rounds without any answer end every wait."""
    scene = Scene()
    scene.replies = dict.fromkeys((A, B, C), Fails())
    simulation = Simulation(replace(plan(), max_rounds=4), scene)
    wait = simulation.want()
    simulation.run(30)
    assert given_up(simulation.ends[wait]).ending is Ending.ROUNDS
    assert len(scene.asked) == 4 * 3


def test_a_new_wait_begins_a_new_search() -> None:
    """A search that failed closes nothing."""
    scene = cluster()
    scene.replies = dict.fromkeys((A, B, C), Fails())
    simulation = Simulation(replace(plan(), max_rounds=1), scene)
    simulation.want()
    simulation.run(5)
    scene.replies.clear()
    wait = simulation.want()
    simulation.run(10)
    assert node_of(simulation.ends[wait]).advertised == A


def test_a_deadline_ends_one_wait_and_not_the_others() -> None:
    """Each caller's deadline bounds its own wait."""
    scene = cluster()
    scene.become({A: FOLLOWER})
    simulation = Simulation(plan(), scene)
    hasty, patient = simulation.want(within=0.5), simulation.want(within=10)
    simulation.at(2.0, lambda: scene.become({C: LEADER}))
    simulation.run(10)
    assert simulation.ends[hasty].at == pytest.approx(0.5)
    assert given_up(simulation.ends[hasty]).ending is Ending.DEADLINE
    assert node_of(simulation.ends[patient]).advertised == C


def test_the_last_waiter_gone_ends_the_search() -> None:
    """Nobody waits: nobody is asked any more."""
    scene = cluster()
    scene.become({A: FOLLOWER})
    simulation = Simulation(plan(), scene)
    wait = simulation.want()
    simulation.run(1)
    simulation.take(Abandoned(wait))
    asked = len(scene.asked)
    simulation.run(10)
    assert len(scene.asked) == asked
    assert simulation.state.search is None


def test_closing_ends_every_wait() -> None:
    """After a close every wait, running or new, ends with that."""
    simulation = Simulation(plan(), Scene())
    running = simulation.want()
    simulation.take(Closed())
    later = simulation.want()
    endings = {given_up(simulation.ends[wait]).ending for wait in (running, later)}
    assert endings == {Ending.CLOSED}


def test_a_refresh_ends_with_news() -> None:
    """A wait for news ends with the first answer, even when all is as before."""
    simulation = opened_leader(cluster())
    wait = simulation.want(None)
    simulation.run(2)
    end = simulation.ends[wait]
    assert isinstance(end.result, Topology)
    assert end.result.generation == 1


def test_seeds_stay_candidates() -> None:
    """A cluster replaced behind the same names is found again by the seeds."""
    scene = Scene(member(B, LEADER), member(C))
    simulation = Simulation(plan(A), scene)
    simulation.want()
    simulation.run(1)
    d = Endpoint("d.test")
    scene.members = (member(d, LEADER),)
    scene.replies = dict.fromkeys((B, C), Fails())
    simulation.fail()
    wait = simulation.want()
    simulation.run(3)
    assert node_of(simulation.ends[wait]).advertised == d


def test_members_that_change_their_address_are_followed() -> None:
    """One after another all nodes move; the seeds are wrong from then on."""
    scene = cluster()
    simulation = Simulation(plan(), scene)
    simulation.want()
    simulation.run(1)
    for old, new in ((A, "a2.test"), (B, "b2.test"), (C, "c2.test")):
        moved = Endpoint(new)
        scene.members = tuple(
            replace(m, advertised=moved) if m.advertised == old else m
            for m in scene.members
        )
        scene.replies[old] = Fails()
        if simulation.opened[NodePreference.LEADER].advertised == old:
            simulation.fail()
        wait = simulation.want()
        simulation.want(None)
        simulation.run(simulation.now + 2)
        assert node_of(simulation.ends[wait]).advertised == Endpoint("a2.test")
    assert {m.advertised.host[1:] for m in simulation.state.topology.members} == {
        "2.test"
    }
    simulation.fail()
    wait = simulation.want()
    simulation.run(simulation.now + 2)
    assert node_of(simulation.ends[wait]).advertised == Endpoint("a2.test")


def test_the_first_route_that_answers_wins_and_is_kept() -> None:
    """With several targets the reachable one is opened, under the advertised name."""
    targets = ("10.0.0.1:1", "10.0.0.2:2")
    rules = Overrides((Override(exact="a.test", target=targets),))
    dead, alive = (Endpoint.parse(text) for text in targets)

    def world(action: ReadGossip, now: float) -> Says | Silent:
        del now
        if action.route.dial == dead:
            return Silent()
        return Says((member(A, LEADER), member(B)))

    simulation = Simulation(plan(B, router=rules), world)
    wait = simulation.want()
    simulation.run(1)
    route = node_of(simulation.ends[wait]).route
    assert (route.dial, route.server_name) == (alive, "a.test")


def test_old_news_of_a_node_changes_nothing() -> None:
    """A failure reported for a node that is no longer open moves nothing."""
    simulation = opened_leader(cluster())
    old = simulation.opened[NodePreference.LEADER]
    redirect(simulation, B)
    before = simulation.state
    simulation.take(CallFailed(old, Verdict.LOST))
    simulation.take(CallFailed(old, Verdict.NOT_LEADER, C))
    assert simulation.state == before


def test_a_lagging_follower_does_not_move_a_leader_that_works() -> None:
    """Hearsay about the open leader is not its own word."""
    scene = cluster()
    simulation = opened_leader(scene)
    view: tuple[Member, ...] = (member(A), member(B, LEADER), member(C))
    scene.replies = dict.fromkeys((B, C), Says(view))
    scene.replies[A] = Silent()
    simulation.want(FOLLOWER_WANTED)
    simulation.run(3)
    assert simulation.opened[NodePreference.LEADER].advertised == A


def test_an_open_follower_that_died_is_dropped() -> None:
    """Any word of death moves a preference that is not for the leader."""
    scene = Scene(member(A, LEADER), member(B), member(C, REPLICA))
    simulation = Simulation(plan(A), scene)
    simulation.want(FOLLOWER_WANTED)
    simulation.run(1)
    assert simulation.opened[FOLLOWER_WANTED].advertised == B
    scene.kill(B)
    simulation.want(None)
    simulation.run(2)
    assert FOLLOWER_WANTED not in simulation.opened
