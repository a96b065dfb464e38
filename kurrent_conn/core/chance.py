"""Randomness as a value: one seed decides every shuffle and every jitter.

The shell draws the seed once from the operating system, so that two connections
differ; a test passes it, so that one run can be repeated.

Each draw is worked out from the seed and the number of the draw alone, by the mixing
function of SplitMix64 (Steele, Lea and Flood, 2014): seeding `random.Random` for each
would take ten times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Self, TypeVar

from kurrent_conn.core.value import value

_Item = TypeVar("_Item")

_WORD: Final = 2**64 - 1
_STEP: Final = 0x9E3779B97F4A7C15
"""2**64 divided by the golden ratio: consecutive numbers come to lie far apart."""


@value
class Chance:
    """A seed and how often it was drawn from.

    Args:
        seed: Any integer; two that share their lowest 64 bits draw alike.
        drawn: How many draws were made; each draw gives the next value.
    """

    seed: int
    drawn: int = 0

    def uniform(self) -> tuple[float, Self]:
        """Draw a number in [0, 1)."""
        return _share(self._word()), self._next()

    def shuffled(self, items: Sequence[_Item]) -> tuple[tuple[_Item, ...], Self]:
        """Draw an order of the items.

        Args:
            items: Any sequence; it is left alone.
        """
        order, word = list(items), self._word()
        for last in range(len(order) - 1, 0, -1):
            place = int(_share(word) * (last + 1))
            order[last], order[place] = order[place], order[last]
            word = _mixed(word + _STEP)
        return tuple(order), self._next()

    def tie_break(self, key: object) -> float:
        """Give a number in [0, 1) that depends on the seed, the draws and the key.

        Args:
            key: Anything whose text is stable; equal keys give equal numbers.
        """
        text = f"{self.seed}/{self.drawn}/{key}".encode()
        return _share(int.from_bytes(blake2b(text, digest_size=8).digest()))

    def _word(self) -> int:
        return _mixed(_mixed(self.seed & _WORD) + self.drawn * _STEP)

    def _next(self) -> Self:
        return type(self)(self.seed, self.drawn + 1)


def _mixed(number: int) -> int:
    """Mix the bits of a number, so that each of 64 depends on all of them."""
    number &= _WORD
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _WORD
    return number ^ (number >> 31)


def _share(word: int) -> float:
    """Turn 64 bits into a number in [0, 1), by as many as a float holds."""
    return (word >> 11) * 2.0**-53
