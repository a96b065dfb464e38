"""Which member is behind a place: signs, from the surest to the weakest."""

from __future__ import annotations

from kurrent_conn import Endpoint
from kurrent_conn.diagnose import Case, Vantage
from kurrent_conn.diagnose.identification import members_behind
from tests.diagnose.sketch import World, examined

PLACES = {f"10.10.0.1{index}:2113": index for index in range(3)}


def behind(world: World, string: str) -> dict[str, str]:
    """Which place each member is recognised at."""
    case: Case = examined(world, string, vantage=Vantage.OUTSIDE)
    found = members_behind(case)
    return {m.host: c.route.connects_to.host for m, c in found.items()}


def seeds(*hosts: int) -> str:
    """A string of places."""
    return "kurrentdb://" + ",".join(f"10.10.0.1{host}" for host in hosts)


def test_who_leads_is_the_leader() -> None:
    """A read that only a leader answers was answered there."""
    members = [f"n{index}.kurrent.test:2113" for index in range(3)]
    assert behind(World(members, places=PLACES), seeds(0, 1, 2)) == {
        "n0.kurrent.test": "10.10.0.10"
    }


def test_the_last_one_is_who_is_left() -> None:
    """Of two, one leads and the other is known by that."""
    members = [f"n{index}.kurrent.test:2113" for index in range(2)]
    assert behind(World(members, places=PLACES), seeds(0, 1)) == {
        "n0.kurrent.test": "10.10.0.10",
        "n1.kurrent.test": "10.10.0.11",
    }


def test_a_port_of_its_own_tells() -> None:
    """Advertised ports that differ name the places that have them."""
    members = [f"n{index}.kurrent.test:{2113 + index}" for index in range(3)]
    places = {f"127.0.0.1:{2113 + index}": index for index in range(3)}
    string = "kurrentdb://127.0.0.1:2113,127.0.0.1:2114,127.0.0.1:2115"
    case = examined(World(members, places=places), string, vantage=Vantage.OUTSIDE)
    found = {m: c.route.connects_to.port for m, c in members_behind(case).items()}
    assert found == {Endpoint.parse(m): Endpoint.parse(m).port for m in members}


def test_a_pods_name_tells() -> None:
    """The first label of the dialled name is the pod, as the operator has it."""
    members = [f"mydb-{index}.kurrent.test:2113" for index in range(3)]
    pods = {f"mydb-{i}.mydb.ns.svc.cluster.local": f"10.10.0.1{i}" for i in range(3)}
    world = World(members, names=pods, places=PLACES)
    assert behind(world, f"kurrentdb://{','.join(pods)}") == {
        f"mydb-{index}.kurrent.test": f"10.10.0.1{index}" for index in range(3)
    }


def test_an_exact_certificate_tells() -> None:
    """A name that is on one member's certificate alone."""
    members = ["n0.kurrent.test:2113", "n1.kurrent.test:2113", "n2.kurrent.test:2113"]
    world = World(members, places=PLACES, certified=("n1.kurrent.test",))
    assert behind(world, seeds(1))["n1.kurrent.test"] == "10.10.0.11"


def test_a_wildcard_tells_nobody_apart() -> None:
    """It covers one member by chance, and is on every node's certificate."""
    members = ["n0.kurrent.test:2113", "n1.elsewhere.test:2113", "n2.far.test:2113"]
    world = World(members, places=PLACES, certified=("*.elsewhere.test",))
    assert "n1.elsewhere.test" not in behind(world, seeds(2))
