"""Why an endpoint is dialled as it is."""

from __future__ import annotations

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides

A = Endpoint("a.test", 2113)


def test_a_chain_is_told_step_by_step() -> None:
    """Each step has the rule's number, what it saw and what it made."""
    rules = Overrides(
        (
            Override(suffix="test", target="svc", then="continue"),
            Override(exact="x", target="y"),
            Override(exact="a.svc", target=["10.0.0.1", "10.0.0.2"]),
        )
    )
    explanation = rules.explain(A)
    assert [[step.number for step in way] for way in explanation.ways] == [[1, 3]] * 2
    first = explanation.ways[0]
    assert [str(step.given) for step in first] == ["a.test:2113", "a.svc:2113"]
    assert [str(step.result) for step in first] == ["a.svc:2113", "10.0.0.1:2113"]
    assert explanation.routes == rules.routes(A)
    assert str(explanation) == (
        "a.test:2113 -> 10.0.0.1:2113 as a.test, 10.0.0.2:2113 as a.test"
    )
    assert not explanation.is_direct


def test_no_rule_and_no_host_are_told_apart() -> None:
    """A direct route is no problem; a result that is no host is one."""
    direct = Overrides().explain(A)
    assert direct.is_direct
    assert str(direct) == "a.test:2113 -> a.test:2113"
    broken = Overrides((Override(exact="a.test", target="b c"),)).explain(A)
    assert not broken.is_direct
    assert broken.routes == ()
    assert "which is no host" in str(broken)
