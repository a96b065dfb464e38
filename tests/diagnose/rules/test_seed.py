"""Dead hosts of a connection string, and those that are members by another name."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn.diagnose import FixKind, Severity, Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from tests.diagnose.sketch import World, examined

NODES = ["10.0.0.1:2113", "10.0.0.2:2113"]


def test_another_name_of_a_dead_member_is_not_another_finding() -> None:
    """The member is dead; that the seed of its address is silent follows."""
    world = World(
        NODES, names={"n2.kurrent.test": "10.0.0.2"}, places={"10.0.0.1:2113": 0}
    )
    alive, dead = world.members
    world.members = (alive, replace(dead, is_alive=False))
    string = "kurrentdb://10.0.0.1,n2.kurrent.test"
    found = findings(examined(world, string, vantage=Vantage.OUTSIDE))
    assert [each.trouble for each in found] == [Trouble.DEAD_MEMBER]


def test_nobody_at_all_is_a_problem_and_one_of_many_a_warning() -> None:
    """Without any answer a dead seed is what stops the client."""
    world = World(NODES[:1], places={"10.0.0.1:2113": 0})
    one = findings(examined(world, "kurrentdb://10.0.0.1,10.0.0.9"))
    (all_of_them,) = findings(examined(world, "kurrentdb://10.0.0.8,10.0.0.9"))
    assert [each.severity for each in one] == [Severity.WARNING]
    assert all_of_them.severity is Severity.PROBLEM
    assert FixKind.CONNECTION_STRING not in {fix.kind for fix in all_of_them.fixes}
