"""Who may be asked follows from what is believed, and from nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from kurrent_conn.core import state as core_state
from kurrent_conn.core.amended import amended
from kurrent_conn.core.belief import candidates
from kurrent_conn.core.chance import Chance
from kurrent_conn.core.cluster import Topology
from kurrent_conn.core.overrides import Overrides
from tests.stage.scene import A, B, C, member, plan

SEEDED = core_state.start(plan(A), seed=1)
RULES = Overrides.from_mapping({str(A): "192.0.2.1:2113"})
KNOWN = Topology((member(B), member(C)), None, 1, A)


def test_candidates_are_listed_once_while_their_reasons_stay() -> None:
    """Whatever else happens to a connection."""
    listed = candidates(SEEDED)
    later = amended(amended(SEEDED, next_read=7), suspects=frozenset({A}))
    assert candidates(later) is listed


@pytest.mark.parametrize(
    "changes",
    [
        {"topology": KNOWN},
        {"ask_first": B},
        {"plan": plan(A, C)},
        {"plan": plan(A, router=RULES)},
    ],
    ids=["news", "redirect", "seeds", "rules"],
)
def test_candidates_change_with_each_of_their_reasons(changes: dict[str, Any]) -> None:
    """A state that took the list over lists what one made from nothing lists."""
    before = candidates(SEEDED)
    after = candidates(amended(SEEDED, **changes))
    given = {"plan": SEEDED.plan, "chance": Chance(1), **changes}
    assert after == candidates(core_state.State(**given))
    assert after != before


def test_a_redirect_makes_members_candidates() -> None:
    """The one host of a connection string turned out to be one of a cluster."""
    alone = core_state.Plan(seeds=(A,), router=Overrides(), by_gossip=False)
    state = amended(core_state.start(alone, seed=1), topology=KNOWN)
    assert {candidate.endpoint for candidate in candidates(state)} == {A}
    redirected = candidates(amended(state, redirected=True))
    assert {candidate.endpoint for candidate in redirected} == {A, B, C}
