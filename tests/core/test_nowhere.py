"""An endpoint that the rules lead nowhere is told of, and stops nobody."""

from __future__ import annotations

from kurrent_conn.core.actions import Ending, GiveUp
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import CallFailed, RulesChanged
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.notice import (
    EndpointFailed,
    FileRefused,
    FileTaken,
    RedirectRefused,
)
from kurrent_conn.core.nowhere import why_nowhere
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.testing.virtual.simulation import Simulation
from tests.stage.scene import LEADER, A, B, Scene, member, plan

ODD = Endpoint("odd.b.test", 2113)
RULES = Overrides((Override(regex="odd[.](.*)", target="{1} {1}"),))
"""Makes of `ODD` what is no host, and leaves all others alone."""


def begun(*, odd_leads: bool = False) -> Simulation:
    """Begin a connection to a cluster with such a member."""
    leader, other = (ODD, A) if odd_leads else (A, ODD)
    scene = Scene(member(leader, LEADER), member(B), member(other))
    simulation = Simulation(plan(A, B, router=RULES), scene)
    simulation.want(within=2.0)
    simulation.run(3)
    return simulation


def test_a_member_that_leads_nowhere_does_not_stop_the_others() -> None:
    """The leader is had, and the member is told of with the rule."""
    simulation = begun()
    assert simulation.opened[NodePreference.LEADER].advertised == A
    assert ODD not in {m.advertised for m in simulation.state.topology.members}
    (attempt,) = (
        n.attempt for n in simulation.notices if isinstance(n, EndpointFailed)
    )
    assert attempt.endpoint == ODD
    assert "rule 1" in attempt.cause
    assert "no host" in attempt.cause


def test_a_leader_that_leads_nowhere_is_named_by_the_error() -> None:
    """The wait ends at its deadline, and says which rule to look at."""
    end = begun(odd_leads=True).ends[1].result
    assert isinstance(end, GiveUp)
    assert end.ending is Ending.DEADLINE
    (attempt,) = (a for a in end.attempts if a.endpoint == ODD)
    assert "rule 1" in attempt.cause


def test_a_redirect_that_leads_nowhere_is_refused() -> None:
    """Nothing moves, and the notice says why."""
    simulation = begun()
    node = simulation.opened[NodePreference.LEADER]
    simulation.take(CallFailed(node, Verdict.NOT_LEADER, ODD))
    assert simulation.opened[NodePreference.LEADER] == node
    (refused,) = (n for n in simulation.notices if isinstance(n, RedirectRefused))
    assert refused.leader == ODD
    assert "no host" in refused.why


def test_new_rules_that_lead_a_member_nowhere_are_refused() -> None:
    """The rules before stay in force, and it is said with what is wrong."""
    simulation = begun()
    wrong = Overrides((Override(regex="b[.](.*)", target="{1} {1}"),))
    simulation.take(RulesChanged(wrong))
    assert simulation.state.plan.router is RULES
    (refused,) = (n for n in simulation.notices if isinstance(n, FileRefused))
    assert "rule 1" in refused.why
    assert not any(isinstance(n, FileTaken) for n in simulation.notices)


def test_a_host_that_is_too_long_leads_nowhere() -> None:
    """Rules are not asked about it; what has a route has no reason not to."""
    assert "300 characters" in why_nowhere(RULES, Endpoint("x" * 300, 2113))
    assert why_nowhere(RULES, A) == ""
