"""A failed call is repeated exactly where that is safe, and never past its deadline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import stop_after_attempt, wait_fixed

from kurrent_conn.core import state as core_state
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import Outcome, RpcFailure, outcome_of, verdict_of
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.retry import (
    HOP_LIMIT,
    Effort,
    Raise,
    RaiseUntrusted,
    Repeat,
    RetryPolicy,
    after_failure,
)
from kurrent_conn.core.route import direct
from kurrent_conn.core.state import Node
from tests.stage.scene import A, B, C, plan

APPEND = "/event_store.client.streams.Streams/Append"
READ = "/event_store.client.streams.Streams/Read"
STATE = core_state.start(plan(), seed=0)
NODE = Node(A, direct(A), 1)
EFFORT = Effort(APPEND, NodePreference.LEADER, began_at=0.0, deadline_at=10.0)

NOT_READY = RpcFailure("UNAVAILABLE", "Server Is Not Ready")
REFUSED = RpcFailure("UNAVAILABLE", "failed to connect to all addresses; last error: x")
LOST = RpcFailure("UNAVAILABLE", "Stream removed (Socket closed)")
MISSING = RpcFailure("NOT_FOUND", "", "stream-not-found")


def not_leader(leader: Endpoint | None) -> RpcFailure:
    """Make a not-leader answer."""
    return RpcFailure("NOT_FOUND", "", "not-leader", leader, server_spoke=True)


FAILURES = st.builds(
    RpcFailure,
    st.sampled_from(["UNAVAILABLE", "UNKNOWN", "NOT_FOUND", "DEADLINE_EXCEEDED"]),
    st.sampled_from([NOT_READY.details, REFUSED.details, LOST.details, "x"]),
    st.sampled_from(["", "not-leader", "stream-not-found"]),
    st.sampled_from([None, A, B]),
)


@given(FAILURES)
def test_a_write_of_unknown_outcome_is_never_repeated(failure: RpcFailure) -> None:
    """Only the application knows whether its append may run twice."""
    decision = after_failure(STATE, NODE, EFFORT, failure, RetryPolicy(), 1.0)
    if outcome_of(verdict_of(failure)) is Outcome.UNKNOWN:
        assert decision == Raise()


@given(FAILURES, st.floats(0, 20))
def test_nothing_is_repeated_past_the_deadline(failure: RpcFailure, now: float) -> None:
    """A repeat begins, with its wait, before the call's deadline."""
    decision = after_failure(STATE, NODE, EFFORT, failure, RetryPolicy(), now)
    if isinstance(decision, Repeat):
        assert now + decision.after_s < EFFORT.deadline_at


@given(FAILURES)
def test_what_cannot_be_sent_again_is_raised(failure: RpcFailure) -> None:
    """A request past its buffer, or a response already begun, ends the call."""
    effort = replace(EFFORT, can_repeat=False)
    assert after_failure(STATE, NODE, effort, failure, RetryPolicy(), 1.0) == Raise()


def test_a_read_is_repeated_after_an_unknown_outcome() -> None:
    """A method that only reads may run twice."""
    effort = replace(EFFORT, method=READ)
    decision = after_failure(STATE, NODE, effort, LOST, RetryPolicy(), 1.0)
    assert decision == Repeat(NodePreference.LEADER)


def test_what_was_never_sent_is_repeated_at_once() -> None:
    """A refused connection executed nothing; the search does the waiting."""
    decision = after_failure(STATE, NODE, EFFORT, REFUSED, RetryPolicy(), 1.0)
    assert decision == Repeat(NodePreference.LEADER)


def test_a_node_that_is_not_ready_is_asked_again_after_the_policys_wait() -> None:
    """The wait is the user's tenacity strategy."""
    policy = RetryPolicy(wait=wait_fixed(2))
    decision = after_failure(STATE, NODE, EFFORT, NOT_READY, policy, 1.0)
    assert decision == Repeat(NodePreference.LEADER, after_s=2.0)


def test_the_policy_can_stop_repeating() -> None:
    """The stop is the user's tenacity strategy, attempts counted from 1."""
    policy = RetryPolicy(stop=stop_after_attempt(2))
    second = replace(EFFORT, attempt=2)
    assert isinstance(
        after_failure(STATE, NODE, EFFORT, NOT_READY, policy, 1.0), Repeat
    )
    assert after_failure(STATE, NODE, second, NOT_READY, policy, 1.0) == Raise()


@pytest.mark.parametrize("preference", list(NodePreference))
def test_a_redirect_goes_to_the_leader(preference: NodePreference) -> None:
    """On any channel the one call is repeated on the leader."""
    effort = replace(EFFORT, preference=preference)
    decision = after_failure(STATE, NODE, effort, not_leader(B), RetryPolicy(), 1.0)
    assert decision == Repeat(NodePreference.LEADER, redirected=True)


@pytest.mark.parametrize("leader", [None, A])
def test_a_redirect_that_leads_nowhere_waits(leader: Endpoint | None) -> None:
    """A node that names itself, or nobody, knows no leader."""
    failure = not_leader(leader)
    decision = after_failure(STATE, NODE, EFFORT, failure, RetryPolicy(), 1.0)
    assert isinstance(decision, Repeat)
    assert decision.after_s > 0


def test_redirects_past_the_limit_wait() -> None:
    """Two nodes that name each other are not asked in a tight loop."""
    effort = replace(EFFORT, redirects=HOP_LIMIT)
    decision = after_failure(STATE, NODE, effort, not_leader(B), RetryPolicy(), 1.0)
    assert isinstance(decision, Repeat)
    assert decision.after_s > 0


def test_a_redirect_is_raised_unchanged_without_follow() -> None:
    """`follow=False` never leaves the given hosts."""
    state = replace(STATE, plan=replace(STATE.plan, follow=False))
    decision = after_failure(state, NODE, EFFORT, not_leader(B), RetryPolicy(), 1.0)
    assert decision == Raise()


def test_an_untrusted_leader_is_named() -> None:
    """A redirect outside `trusted_names` is refused, by name."""
    state = replace(STATE, plan=replace(STATE.plan, seeds=(A,), trusted_names=("a.*",)))
    decision = after_failure(state, NODE, EFFORT, not_leader(B), RetryPolicy(), 1.0)
    assert decision == RaiseUntrusted("b.test", str(A))


def test_a_servers_own_answer_is_raised() -> None:
    """A missing stream is the caller's business."""
    decision = after_failure(STATE, NODE, EFFORT, MISSING, RetryPolicy(), 1.0)
    assert decision == Raise()


def test_a_redirect_that_the_rules_lead_nowhere_is_raised_unchanged() -> None:
    """Waiting does not mend a rule; the node's own words name the leader."""
    rules = Overrides((Override(exact=B.host, target=A.host, port=B.port),))
    wrong = Overrides((Override(regex="(b)[.].*", target="{1} {1}"),))
    for router, decision in ((rules, Repeat), (wrong, Raise)):
        state = core_state.start(plan(router=router), seed=0)
        node = Node(C, direct(C), 1)
        made = after_failure(state, node, EFFORT, not_leader(B), RetryPolicy(), 1.0)
        assert isinstance(made, decision)
