"""Which member a preference means, and what it falls back to.

Knows members and preferences; knows no routes and no history (`belief` does).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kurrent_conn.core.cluster import Member, NodePreference, NodeState
from kurrent_conn.core.value import value

_LEADER: Final = (NodeState.LEADER,)
_FOLLOWER: Final = (NodeState.FOLLOWER,)
_REPLICA: Final = (NodeState.READ_ONLY_REPLICA,)
_PRE_REPLICA: Final = (NodeState.PRE_READ_ONLY_REPLICA,)
_LEADERLESS: Final = (NodeState.READ_ONLY_LEADERLESS,)
_ANY: Final = (
    NodeState.LEADER,
    NodeState.FOLLOWER,
    NodeState.READ_ONLY_REPLICA,
    NodeState.READ_ONLY_LEADERLESS,
)

ORDER: Final[dict[NodePreference, tuple[tuple[NodeState, ...], ...]]] = {
    NodePreference.LEADER: (_LEADER,),
    NodePreference.FOLLOWER: (_FOLLOWER, _LEADER, _REPLICA, _LEADERLESS),
    NodePreference.RANDOM: (_ANY,),
    NodePreference.READ_ONLY_REPLICA: (
        _REPLICA,
        _PRE_REPLICA,
        _LEADERLESS,
        _LEADER,
        _FOLLOWER,
    ),
}
"""For each preference the classes of states that serve it, best first.

Source: .NET client, `NodeSelector.cs` (its order for follower and read-only replica).
Leader preference falls back to nothing: .NET settles for a follower, which then
refuses every write; we wait for the election instead, within the caller's budget.
"""

SERVING: Final = frozenset(
    state for classes in ORDER.values() for states in classes for state in states
)
"""The states in which a member may be chosen at all.

A number that `NodeState` does not list, `Manager` and the transitional states are not
among them. Source: server, `ClusterVNodeController.cs` (what each state answers).
"""


@value
class Choice:
    """The member chosen, and whether it is what was asked for.

    Args:
        member: A live member in a serving state.
        fell_back: True when no member of the preferred role was there.
    """

    member: Member
    fell_back: bool


def is_candidate(member: Member) -> bool:
    """Tell whether a member may serve any preference.

    Args:
        member: As gossip describes it.
    """
    return member.is_alive and member.state in SERVING


def rank(member: Member, preference: NodePreference) -> int | None:
    """Tell how well a member serves a preference.

    Args:
        member: As gossip describes it.
        preference: What is asked for.

    Returns:
        0 for the preferred role, higher for a fallback, None for no service.
    """
    if not is_candidate(member):
        return None
    for number, states in enumerate(ORDER[preference]):
        if member.state in states:
            return number
    return None


def choose(
    members: Sequence[Member],
    preference: NodePreference,
    tie_break: Callable[[Member], float],
    accepts: Callable[[Member], bool] = lambda _: True,
) -> Choice | None:
    """Choose the member that serves a preference best.

    Args:
        members: One gossip answer.
        preference: What is asked for; fallbacks as in `ORDER`.
        tie_break: Orders equal members, lowest first. Drawn from a seed, it spreads
            a thousand clients over equal followers and keeps one client stable.
        accepts: A further condition, such as "not known to be dead".

    Returns:
        The choice, or None when no member fits.
    """
    ranked = [
        (number, tie_break(member), member)
        for member in members
        if (number := rank(member, preference)) is not None and accepts(member)
    ]
    if not ranked:
        return None
    number, _, member = min(ranked, key=lambda entry: entry[:2])
    return Choice(member, fell_back=number > 0)
