"""A pod that leaves its cluster to come back is told, and so is the straight way."""

from __future__ import annotations

from kurrent_conn import Overrides
from kurrent_conn.diagnose import FixKind, Severity, Surroundings, Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from tests.diagnose.sketch import World, examined

FQDNS = [f"mydb-{index}.mydb.kurrent.test:2113" for index in range(3)]
STRING = f"kurrentdb://{','.join(FQDNS)}"
BALANCER = "203.0.113.10"


def world() -> World:
    """Three nodes with public names, whose pods have addresses of their own."""
    names = {f"mydb-{i}.mydb.kurrent.test": f"203.0.113.1{i}" for i in range(3)}
    names |= {
        f"mydb-{i}.mydb.kurrent.svc.cluster.local": f"10.10.0.1{i}" for i in range(3)
    }
    places = {f"203.0.113.1{i}:2113": i for i in range(3)}
    places |= {f"10.10.0.1{i}:2113": i for i in range(3)}
    return World(FQDNS, names=names, places=places, certified=("*.mydb.kurrent.test",))


HERE = Surroundings(
    is_pod=True,
    namespace="kurrent",
    search=("kurrent.svc.cluster.local", "svc.cluster.local", "cluster.local"),
)


def test_a_pod_is_told_the_straight_way() -> None:
    """One finding for all nodes, and one suffix rule that was tried."""
    (found,) = findings(examined(world(), STRING, surroundings=HERE))
    assert (found.trouble, found.severity) == (Trouble.HAIRPIN, Severity.WARNING)
    assert [str(each) for each in found.subjects] == FQDNS
    fix, coredns = found.fixes
    assert fix.kind is FixKind.RULE
    rewritten = Overrides.from_corefile(coredns.text)
    for each in found.subjects:
        pasted = Overrides.from_toml(fix.text).route(each)
        assert rewritten.route(each).dial == pasted.dial
    assert 'suffix = ".mydb.kurrent.test"' in fix.text
    assert 'target = "mydb.kurrent.svc.cluster.local"' in fix.text


def test_its_rule_ends_the_hairpin() -> None:
    """With the proposed rule there is nothing to say."""
    (found,) = findings(examined(world(), STRING, surroundings=HERE))
    rules = Overrides.from_toml(found.fixes[0].text)
    case = examined(world(), STRING, surroundings=HERE, overrides=rules)
    assert findings(case) == ()


def test_outside_the_same_addresses_are_right() -> None:
    """What is a hairpin for a pod is the way for everybody else."""
    case = examined(world(), STRING, vantage=Vantage.OUTSIDE)
    assert findings(case) == ()


def test_a_service_name_among_the_seeds_tells_the_namespace() -> None:
    """Without knowing its own namespace the doctor learns it from a seed."""
    string = "kurrentdb://mydb-0.mydb.kurrent.svc.cluster.local"
    case = examined(world(), string)
    found = [f for f in findings(case) if f.trouble is Trouble.HAIRPIN]
    assert len(found) == 1
    assert "10.10.0.1" in " ".join(found[0].evidence)


def test_a_public_address_alone_is_only_noted() -> None:
    """Where no straight way is found, the servers may be elsewhere."""
    nodes = world()
    nodes.places = {f"8.8.8.{i}:2113": i for i in range(3)}
    nodes.names = {name.partition(":")[0]: f"8.8.8.{i}" for i, name in enumerate(FQDNS)}
    (found,) = findings(examined(nodes, STRING))
    assert (found.trouble, found.severity) == (Trouble.HAIRPIN, Severity.NOTE)
    assert not found.counts


def test_a_split_horizon_is_no_hairpin() -> None:
    """Where DNS gives pods the pods' own addresses, the name is the straight way."""
    nodes = world()
    names = nodes.names
    for index in range(3):
        pod = names[f"mydb-{index}.mydb.kurrent.svc.cluster.local"]
        names[f"mydb-{index}.mydb.kurrent.test"] = pod
    assert findings(examined(nodes, STRING, surroundings=HERE)) == ()
