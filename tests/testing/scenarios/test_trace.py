"""A trace keeps what must agree between drivers; the judgement names differences."""

from __future__ import annotations

from kurrent_conn.core.cluster import Member, NodePreference, NodeState, Topology
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.notice import NodeOpened, TopologyChanged
from kurrent_conn.core.route import Route
from kurrent_conn.testing.scenarios.scenario import Scenario
from kurrent_conn.testing.scenarios.scenario_file import scenario_of
from kurrent_conn.testing.scenarios.trace import CallEnd, Listener, judge

A, B = Endpoint("a"), Endpoint("b")


def scenario(**expect: object) -> Scenario:
    """One append, and what else is expected."""
    step = {"call": "append", "within_s": 1}
    value = {"claim": "x", "timeline": [step], "expect": expect}
    return scenario_of(value, "x", "x")


def opened(preference: NodePreference, endpoint: Endpoint) -> NodeOpened:
    """A node is opened by its plain route."""
    route = Route(endpoint, endpoint.host, None)
    return NodeOpened(preference, endpoint, route, "chosen from gossip")


def heard() -> Listener:
    """A connection that found a leader and a follower, twice."""
    listener = Listener({A: 0, B: 1})
    members = (Member(A, NodeState.LEADER, True), Member(B, NodeState.FOLLOWER, True))
    listener.hear(TopologyChanged(Topology(members, A, 1, A)))
    for _ in range(2):
        listener.hear(opened(NodePreference.LEADER, A))
    listener.hear(opened(NodePreference.FOLLOWER, B))
    listener.hear(opened(NodePreference.RANDOM, B))
    listener.ended(CallEnd("append 1", "served", took_s=0.5))
    return listener


def test_leaders_are_named_by_index_and_others_by_role() -> None:
    """Which of two equal followers was taken is a matter of chance."""
    trace = heard().trace(scenario(leader=0))
    assert dict(trace.opened) == {
        NodePreference.LEADER: (0,),
        NodePreference.FOLLOWER: ("Follower",),
        NodePreference.RANDOM: ("any",),
    }
    assert trace.leader == 0


def test_a_trace_as_expected_has_no_problems() -> None:
    """What nobody asked for does not matter."""
    expected = scenario(leader=0, opened={"leader": [0]}, events=["node-opened"])
    assert judge(expected, heard().trace(expected)) == ()


def test_each_difference_is_a_sentence() -> None:
    """Outcome, time, leader, opened nodes, events."""
    expected = scenario(
        leader=1,
        opened={"leader": [0, 1]},
        events=["node-lost"],
        absent=["node-opened"],
    )
    listener = heard()
    assert judge(expected, listener.trace(expected)) == (
        "the leader is 0, expected 1",
        "leader was opened for 0, expected 0, 1",
        "the client never said node-lost",
        "the client said node-opened",
    )
    listener.ended(CallEnd("append 1", "unknown", "UNAVAILABLE", 0.5, "gone"))
    assert judge(scenario(), listener.trace(scenario())) == (
        "append 1 ended 'unknown', expected 'served': UNAVAILABLE gone",
    )


def test_a_call_may_take_the_slack_longer() -> None:
    """In the simulator there is none."""
    listener = heard()
    listener.ended(CallEnd("append 1", "served", took_s=1.2))
    trace = listener.trace(scenario())
    assert judge(scenario(), trace, slack_s=0.5) == ()
    assert judge(scenario(), trace) == ("append 1 took 1.200 s, expected 1 s",)


def test_traces_that_differ_in_time_alone_are_equal() -> None:
    """Instants and texts are no part of what must agree."""
    slow, fast = heard(), heard()
    slow.ended(CallEnd("append 1", "served", took_s=0.9, text="slow"))
    assert slow.trace(scenario()) == fast.trace(scenario())
