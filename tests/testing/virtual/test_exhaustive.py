"""No few events lead the state machine where it breaks a promise.

Deeper: `python -m benchmarks.exhaustive --depth 4`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from kurrent_conn.core import state as core_state
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.discovery import advance
from kurrent_conn.core.events import Wanted, Woke
from kurrent_conn.testing.virtual.canonical import canonical, rebased
from kurrent_conn.testing.virtual.exhaustive import (
    NODES,
    PLAN,
    Found,
    alphabet,
    beginning,
    broken_promise,
    search,
)
from kurrent_conn.testing.virtual.feature import Features


@cache
def found() -> Found:
    """Search once for all tests."""
    return search(depth=3)


def test_every_state_to_a_depth_keeps_the_promises() -> None:
    """Three nodes, three letters deep from each beginning, nothing left out."""
    assert found().is_complete
    assert found().broken == ()
    assert found().states >= 3500
    assert found().steps >= 9000


def test_the_search_goes_everywhere() -> None:
    """Every kind of search and every part of a state is seen, but for two.

    A channel is renewed after a longer story, and credentials have another plan: the
    random schedules tell both.
    """
    visited = found().visited
    assert len(visited) >= 450
    assert {f.search for f in visited} == {"none", "waves", "pause", "election"}
    for name in set(Features._fields) - {"search", "was_renewed", "with_credentials"}:
        values = {bool(getattr(f, name)) for f in visited}
        assert values == {False, True}, name


def test_a_search_can_be_bounded() -> None:
    """With a number of states to stop at, it says that it is not complete."""
    bounded = search(depth=9, most_states=500)
    assert not bounded.is_complete
    assert 500 <= bounded.states < 700


def test_time_is_told_from_now() -> None:
    """The same state an hour later is the same state."""
    early, _ = advance(
        core_state.start(PLAN, 0), Wanted(1, NodePreference.LEADER, 3.0), 0.0
    )
    late, _ = advance(
        core_state.start(PLAN, 0), Wanted(1, NodePreference.LEADER, 3603.0), 3600.0
    )
    assert canonical(rebased(late, 3600.0)) == canonical(early)


def test_nodes_that_differ_by_name_alone_are_one() -> None:
    """A leader a and a leader b make the same state."""
    state = core_state.start(PLAN, 0)
    keys = set()
    for leader in NODES[:2]:
        topology = replace(state.topology, leader=leader)
        suspects = frozenset({leader})
        keys.add(canonical(replace(state, topology=topology, suspects=suspects)))
    assert len(keys) == 1


def test_a_broken_promise_is_seen() -> None:
    """An open node that is a suspect is found."""
    state, event = beginning(NodePreference.LEADER), Woke()
    broken = replace(state, suspects=frozenset(NODES))
    assert "suspect" in broken_promise(state, broken, (), event, 0.001)
    assert not broken_promise(state, state, (), event, 0.001)


def test_the_alphabet_speaks_of_what_is_there() -> None:
    """Nothing is answered that was not asked, and no call ends on no node."""
    names = [letter.name for letter in alphabet(core_state.start(PLAN, 0))]
    assert names == [
        "want leader",
        "want follower",
        "want news",
        "rules changed",
        "trust changed",
        "closed",
    ]
