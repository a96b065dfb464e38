"""One seed decides everything, and different seeds decide differently."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.chance import Chance


@given(st.integers(), st.lists(st.integers(), unique=True))
def test_a_shuffle_keeps_the_items_and_follows_the_seed(
    seed: int, items: list[int]
) -> None:
    """Nothing is lost, and equal seeds give equal orders."""
    order, after = Chance(seed).shuffled(items)
    assert sorted(order) == sorted(items)
    assert Chance(seed).shuffled(items) == (order, after)
    assert after.drawn == 1


@given(st.integers())
def test_draws_are_numbers_from_zero_to_one(seed: int) -> None:
    """Each draw gives the next number, never 1."""
    first, after = Chance(seed).uniform()
    second, _ = after.uniform()
    assert 0 <= first < 1
    assert 0 <= second < 1
    assert first != second


def test_different_seeds_spread_the_first_place() -> None:
    """A thousand clients do not all ask the same seed first."""
    firsts = [Chance(seed).shuffled("abc")[0][0] for seed in range(1000)]
    assert all(250 < firsts.count(letter) < 420 for letter in "abc")


def test_ties_are_broken_alike_within_a_search_and_apart_between_clients() -> None:
    """The same chance and key give the same number; another seed another one."""
    assert Chance(1).tie_break("a") == Chance(1).tie_break("a")
    assert Chance(1).tie_break("a") != Chance(2).tie_break("a")
