"""Randomness as a value: one seed decides every shuffle and every jitter.

The shell draws the seed once from the operating system, so that two connections
differ; a test passes it, so that one run can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Self, TypeVar

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Chance:
    """A seed and how often it was drawn from.

    Args:
        seed: Any integer.
        drawn: How many draws were made; each draw gives the next value.
    """

    seed: int
    drawn: int = 0

    def uniform(self) -> tuple[float, Self]:
        """Draw a number in [0, 1)."""
        return self._source().random(), replace(self, drawn=self.drawn + 1)

    def shuffled(self, items: Sequence[_Item]) -> tuple[tuple[_Item, ...], Self]:
        """Draw an order of the items.

        Args:
            items: Any sequence; it is left alone.
        """
        order = list(items)
        self._source().shuffle(order)
        return tuple(order), replace(self, drawn=self.drawn + 1)

    def tie_break(self, key: object) -> float:
        """Give a number in [0, 1) that depends on the seed, the draws and the key.

        Args:
            key: Anything whose text is stable; equal keys give equal numbers.
        """
        return Random(f"{self.seed}/{self.drawn}/{key}").random()  # noqa: S311 - order

    def _source(self) -> Random:
        return Random(f"{self.seed}/{self.drawn}")  # noqa: S311 - not for secrets
