"""Each preference means the members that it should, and falls back in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.chance import Chance
from kurrent_conn.core.cluster import Member, NodePreference, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.selection import ORDER, SERVING, choose, rank

MEMBERS = st.lists(
    st.builds(
        Member,
        advertised=st.builds(Endpoint, st.text("abc", min_size=1), st.integers(1, 9)),
        state=st.sampled_from(list(NodeState)) | st.integers(16, 40),
        is_alive=st.booleans(),
    ),
    max_size=8,
)
PREFERENCES = st.sampled_from(list(NodePreference))


def in_order(member: Member) -> float:
    """Break ties by nothing."""
    del member
    return 0.0


@given(MEMBERS, PREFERENCES)
def test_only_live_members_in_a_serving_state_are_chosen(
    members: list[Member], preference: NodePreference
) -> None:
    """Dead, transitional, Manager and unknown states are never chosen."""
    choice = choose(members, preference, in_order)
    if choice is not None:
        assert choice.member.is_alive
        assert choice.member.state in SERVING
    else:
        assert all(rank(member, preference) is None for member in members)


@given(MEMBERS, PREFERENCES)
def test_nothing_better_is_passed_over(
    members: list[Member], preference: NodePreference
) -> None:
    """The choice is of the best class there is, and says when it is a fallback."""
    choice = choose(members, preference, in_order)
    ranks = [r for member in members if (r := rank(member, preference)) is not None]
    if choice is not None:
        assert rank(choice.member, preference) == min(ranks)
        assert choice.fell_back == (min(ranks) > 0)


@pytest.mark.parametrize("preference", list(NodePreference))
def test_fallbacks_come_in_the_order_of_the_net_client(
    preference: NodePreference,
) -> None:
    """Each class of states ranks behind the one before it."""
    ranks = [
        rank(Member(Endpoint("a"), classes[0], is_alive=True), preference)
        for classes in ORDER[preference]
    ]
    assert ranks == list(range(len(ranks)))
    assert all(earlier < later for earlier, later in pairwise(range(len(ranks))))


def test_leader_preference_never_settles_for_a_follower() -> None:
    """A follower refuses every write: the election is waited for instead."""
    follower = Member(Endpoint("a"), NodeState.FOLLOWER, is_alive=True)
    assert choose([follower], NodePreference.LEADER, in_order) is None


def test_a_thousand_clients_spread_over_equal_followers() -> None:
    """Ties are broken by each client's own seed."""
    followers = [
        Member(Endpoint(name), NodeState.FOLLOWER, is_alive=True) for name in "abc"
    ]
    chosen = []
    for seed in range(1000):
        choice = choose(
            followers,
            NodePreference.FOLLOWER,
            lambda member, seed=seed: Chance(seed).tie_break(member.advertised),  # type: ignore[misc]
        )
        assert choice is not None
        chosen.append(choice.member.advertised.host)
    assert all(250 < chosen.count(name) < 420 for name in "abc")
