"""The ways from a leaf to a root."""

from __future__ import annotations

from kurrent_conn.wire.certificate import read_all
from kurrent_conn.wire.chain import (
    MAX_LENGTH,
    MAX_PATHS,
    is_signed_by,
    namesakes,
    paths,
)
from tests.shells.authority import Issued, intermediate, issue
from tests.shells.chains import (
    BELOW,
    CROSSED,
    DEEP,
    LOWER,
    MIDDLE,
    NAMESAKE,
    OTHER,
    ROOT,
)


def _ways(sent: tuple[Issued, ...], *roots: Issued) -> list[tuple[str, bool]]:
    presented = read_all(each.der for each in sent)
    found = paths(presented, tuple(each.der for each in roots))
    return [(" < ".join(map(str, way.certificates)), way.is_anchored) for way in found]


def test_one_way_up_in_any_order() -> None:
    """The order in which intermediates are sent does not matter."""
    up = "n1.kurrent.test < Lower Intermediate < Test Intermediate < Test Root"
    for sent in (
        (DEEP, LOWER, MIDDLE),
        (DEEP, MIDDLE, LOWER),
        (DEEP, MIDDLE, LOWER, ROOT),
    ):
        assert _ways(sent, ROOT) == [(up, True)]


def test_every_way_is_found_and_those_to_a_root_come_first() -> None:
    """A cross-signed intermediate opens two ways, whichever is trusted."""
    sent = (BELOW, CROSSED, MIDDLE)
    assert _ways(sent, ROOT) == [
        ("n1.kurrent.test < Test Intermediate < Test Root", True),
        ("n1.kurrent.test < Test Intermediate", False),
    ]
    assert len(_ways(sent, ROOT, OTHER)) == 2
    assert len(_ways(sent, MIDDLE)) == 2


def test_a_way_goes_on_beyond_a_trusted_certificate() -> None:
    """From a trusted CA it goes on over trusted ones, from a trusted leaf over all."""
    sent = (BELOW, MIDDLE, ROOT)
    middle = "n1.kurrent.test < Test Intermediate"
    assert _ways(sent, MIDDLE) == [(middle, True)]
    assert _ways(sent, MIDDLE, ROOT) == [(f"{middle} < Test Root", True)]
    assert _ways(sent, BELOW) == [(f"{middle} < Test Root", True)]


def test_a_lost_way_ends_where_it_was_lost() -> None:
    """Without the next issuer the way ends, and says that it is not anchored."""
    assert _ways((DEEP, LOWER), ROOT) == [
        ("n1.kurrent.test < Lower Intermediate", False)
    ]


def test_signatures_decide_between_namesakes() -> None:
    """A root of the right name and the wrong key is a namesake and no issuer."""
    below, namesake = read_all((MIDDLE.der, NAMESAKE.der))
    assert namesakes(below, (NAMESAKE.der, OTHER.der)) == (namesake,)
    assert not is_signed_by(below, namesake)
    assert _ways((MIDDLE,), NAMESAKE) == [("Test Intermediate", False)]


def test_crowds_are_bounded() -> None:
    """However many ways there are, and however long, the search ends."""
    crowd = tuple(intermediate(ROOT) for _ in range(MAX_PATHS + 5))
    assert len(_ways((BELOW, *crowd), OTHER)) == MAX_PATHS
    tower = [ROOT]
    for floor in range(MAX_LENGTH + 3):
        tower.append(intermediate(tower[-1], f"Floor {floor}"))
    (way,) = _ways(tuple(issue(tower[-1]).chain), ROOT)
    assert way[0].count("<") == MAX_LENGTH - 1
    assert not way[1]
