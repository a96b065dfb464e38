"""Members that are not reached, where no test can stand: other networks, other DNS."""

from __future__ import annotations

from kurrent_conn import Overrides
from kurrent_conn.diagnose import FixKind, Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from tests.diagnose.sketch import World, examined

FQDNS = [f"mydb-{index}.kurrent.test:2113" for index in range(3)]
STRING = f"kurrentdb://{FQDNS[0]}"


def named(to: str) -> dict[str, str]:
    """All nodes' names, in one network."""
    return {f"mydb-{index}.kurrent.test": f"{to}{index}" for index in range(3)}


def placed(to: str) -> dict[str, int]:
    """All nodes, in one network."""
    return {f"{to}{index}:2113": index for index in range(3)}


def test_an_internal_answer_outside_is_the_wrong_view() -> None:
    """Addresses for those inside, told to a client outside."""
    (found,) = findings(
        examined(
            World(FQDNS, names=named("10.10.0.1")), STRING, vantage=Vantage.OUTSIDE
        )
    )
    assert found.trouble is Trouble.WRONG_DNS_VIEW
    assert found.subjects[0].host == "mydb-0.kurrent.test"


def test_members_may_be_in_the_wrong_view_behind_a_seed_that_is_not() -> None:
    """A seed by address answers, and the members' names lead inside."""
    world = World(FQDNS, names=named("10.10.0.1"), places={"198.51.100.7:2113": 1})
    case = examined(world, "kurrentdb://198.51.100.7", vantage=Vantage.OUTSIDE)
    found = {each.trouble for each in findings(case)}
    assert Trouble.WRONG_DNS_VIEW in found


def test_what_dns_says_and_the_system_does_not() -> None:
    """A stale hosts file: DNS knows addresses that work."""
    world = World(
        FQDNS,
        names=named("203.0.113.9"),
        dns=named("203.0.113.1"),
        places={**placed("203.0.113.1"), "198.51.100.7:2113": 0},
    )
    case = examined(world, "kurrentdb://198.51.100.7", vantage=Vantage.OUTSIDE)
    (found,) = [each for each in findings(case) if each.counts]
    assert found.trouble is Trouble.WRONG_DNS_VIEW
    assert [str(each) for each in found.subjects] == FQDNS
    rules = Overrides.from_toml(
        next(fix.text for fix in found.fixes if fix.kind is FixKind.RULE)
    )
    assert str(rules.route(found.subjects[1]).dial) == "203.0.113.11:2113"


def test_a_rule_to_nowhere_while_the_node_is_known() -> None:
    """The rule leads where nobody answers, and a seed is the node."""
    world = World(FQDNS[:1], names=named("10.10.0.1"), places={"10.0.0.1:2113": 0})
    rules = Overrides.from_mapping({FQDNS[0]: "10.9.9.9"})
    case = examined(world, "kurrentdb://10.0.0.1", overrides=rules)
    (found,) = [each for each in findings(case) if each.counts]
    assert found.trouble is Trouble.WRONG_NODE
    assert 'target = "10.0.0.1:2113"' in found.fixes[0].text
