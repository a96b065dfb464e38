"""What was seen is told apart by who said it, and who is meant."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn import Endpoint, Member, NodeState, Route
from kurrent_conn.diagnose import Case, Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from kurrent_conn.diagnose.sight import GossipSight, Lookup
from tests.diagnose.sketch import World, examined, started

NODES = [Endpoint(f"10.0.0.{index}") for index in range(3)]
STRING = "kurrentdb+discover://db.kurrent.test"
WORLD = World([str(node) for node in NODES])


def discovered() -> Case:
    """A name with the addresses of three nodes, which all answered."""
    seed = Endpoint("db.kurrent.test")
    hosts = tuple(node.host for node in NODES)
    case = started(STRING, vantage=Vantage.OUTSIDE)
    case = case.learn([Lookup("db.kurrent.test", hosts, dns=hosts)])
    route = Route(seed, seed.host)
    return case.learn(
        WORLD.answered(seed, replace(route, address=host), index)
        for index, host in enumerate(hosts)
    )


def test_each_address_of_a_name_is_a_view() -> None:
    """Three nodes behind one name say three things."""
    assert [view.told_by for view in discovered().views] == NODES


def test_a_split_brain_behind_one_name_is_seen() -> None:
    """One address names itself as the leader, the others another."""
    case = discovered()
    first, *others = case.contacts
    roles = [NodeState.UNKNOWN, NodeState.LEADER, NodeState.FOLLOWER]
    voted = tuple(
        replace(member, state=role)
        for member, role in zip(WORLD.members, roles, strict=True)
    )
    changed = [
        replace(each, gossip=GossipSight(each.gossip.call, voted))
        for each in others
        if each.gossip is not None
    ]
    found = findings(replace(case, contacts=(first, *changed)))
    assert Trouble.SPLIT_BRAIN in [each.trouble for each in found]


def test_a_seed_that_is_no_node_yet_is_no_member() -> None:
    """Manager entries are the servers' own seeds."""
    world = World(["10.0.0.1:2113"], places={"10.0.0.1:2113": 0})
    manager = Member(Endpoint("seed.internal"), NodeState.MANAGER, is_alive=True)
    world.members = (*world.members, manager)
    case = examined(world, "kurrentdb://10.0.0.1", vantage=Vantage.OUTSIDE)
    assert case.members == (Endpoint("10.0.0.1"),)
    assert findings(case) == ()


def test_one_place_with_several_names_is_several_views() -> None:
    """Behind an Ingress the name tells who is asked."""
    hosts = [f"n{index}.kurrent.test" for index in range(3)]
    world = World(
        [f"{host}:443" for host in hosts],
        names=dict.fromkeys(hosts, "203.0.113.20"),
        places={"203.0.113.20:443": 0},
    )
    case = examined(world, f"kurrentdb://{hosts[0]}:443", vantage=Vantage.OUTSIDE)
    assert {view.told_by.host for view in case.views} == set(hosts)
