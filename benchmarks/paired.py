"""Ratios of things that are done in turn, in an order that changes every round."""

from __future__ import annotations

import gc
import random
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.clock import now_ns

Samples = dict[str, list[float]]


def shuffled(names: Mapping[str, object]) -> list[str]:
    """Give the names in an order of this round's own.

    Args:
        names: What is compared.
    """
    order = list(names)
    random.shuffle(order)
    gc.collect()
    return order


def in_turn(
    variants: Mapping[str, Callable[[], object]], *, rounds: int, calls: int = 1
) -> Samples:
    """Time batches of each variant, all of them once a round.

    Args:
        variants: What is compared, by name.
        rounds: How often.
        calls: How many calls a batch has.

    Returns:
        Milliseconds a call, one entry a round; entries of the same place are a pair.
    """
    samples: Samples = {name: [] for name in variants}
    for _ in range(rounds):
        for name in shuffled(variants):
            call = variants[name]
            began_ns = now_ns()
            for _ in range(calls):
                call()
            samples[name].append((now_ns() - began_ns) / calls / 1e6)
    return samples


async def in_turn_async(
    variants: Mapping[str, Callable[[], Awaitable[object]]],
    *,
    rounds: int,
    calls: int = 1,
) -> Samples:
    """Do the same with coroutines.

    Args:
        variants: What is compared, by name.
        rounds: How often.
        calls: How many calls a batch has.
    """
    samples: Samples = {name: [] for name in variants}
    for _ in range(rounds):
        for name in shuffled(variants):
            call = variants[name]
            began_ns = now_ns()
            for _ in range(calls):
                await call()
            samples[name].append((now_ns() - began_ns) / calls / 1e6)
    return samples
