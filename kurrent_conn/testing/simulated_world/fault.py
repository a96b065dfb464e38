"""What may go wrong in the simulated world, by name; a schedule enables a few of them.

Each strikes once and says how its trouble ends; `World.heal` ends all of it anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.testing.simulated_world.node import Node
from kurrent_conn.testing.simulated_world.world import RULES, World

Fault = Callable[[World, float], None]
"""Strikes a world, for so many seconds."""


def crash(world: World, for_s: float) -> None:
    """Kill a process, often the leader's, and start it again."""
    index = _victim(world).index
    world.network.crash(index)
    world.clock.after(for_s, partial(world.cluster.start, index))


def hang_at_start(world: World, for_s: float) -> None:
    """Restart a node that is long in starting: gossip gets no answer."""
    index = _victim(world).index
    world.network.crash(index)
    world.cluster.start(index, hangs_for_s=for_s)
    world.clock.after(for_s, partial(world.network.release, index))


def vanish(world: World, for_s: float) -> None:
    """Lose a machine: the process dies, and nobody answers for it."""
    index = _victim(world).index
    world.network.cut(index)
    world.network.crash(index)
    world.clock.after(for_s, world.network.mend)
    world.clock.after(for_s, partial(world.cluster.start, index))


def freeze(world: World, for_s: float) -> None:
    """Let a process stand still."""
    index = _victim(world).index
    world.cluster.freeze(index)
    world.clock.after(for_s, partial(world.network.thaw, index))


def split(world: World, for_s: float) -> None:
    """Cut one node off from the others, not from the client."""
    world.cluster.split([_victim(world).index])
    world.clock.after(for_s, world.cluster.join)


def cut(world: World, for_s: float) -> None:
    """Cut the client off from one node, both ways."""
    world.network.cut(_victim(world).index)
    world.clock.after(for_s, world.network.mend)


def cut_one_way(world: World, for_s: float) -> None:
    """Lose the requests to a node, or its answers."""
    there = world.random.random() < 0.5  # noqa: PLR2004 - a coin
    world.network.cut(_victim(world).index, there=there, back=not there)
    world.clock.after(for_s, world.network.mend)


def isolate(world: World, for_s: float) -> None:
    """Cut one node off from everybody."""
    index = _victim(world).index
    world.cluster.split([index])
    world.network.cut(index)
    world.clock.after(for_s, world.network.mend)
    world.clock.after(for_s, world.cluster.join)


def remember_wrongly(world: World, for_s: float) -> None:
    """Let a node go on saying what it believes now: a dead leader is alive."""
    node = world.random.choice(world.nodes)
    _tell(world, node, tuple(node.view.values()), for_s)


def lie(world: World, for_s: float) -> None:
    """Let a node say anything: two leaders, nobody, states of the future."""
    random = world.random
    states = [*NodeState, 99]
    members = tuple(
        Member(n.endpoint, random.choice(states), is_alive=random.random() < 0.8)  # noqa: PLR2004 - a share
        for n in world.nodes
        if random.random() < 0.8  # noqa: PLR2004 - a share
    )
    _tell(world, random.choice(world.nodes), members, for_s)


def claim(world: World, for_s: float) -> None:
    """Let a node claim that another leads, or itself."""
    random = world.random
    claimed = random.choice(world.nodes).index
    members = tuple(
        Member(
            n.endpoint,
            NodeState.LEADER if n.index == claimed else NodeState.FOLLOWER,
            is_alive=True,
            time_stamp_s=random.random() * 9,
        )
        for n in world.nodes
    )
    _tell(world, random.choice(world.nodes), members, for_s)


def slow(world: World, for_s: float) -> None:
    """Let a node take its time."""
    node = _victim(world)
    node.delay_s = world.random.choice([0.05, 0.3, 0.8])
    world.clock.after(for_s, partial(setattr, node, "delay_s", 0.0005))


def hang_calls(world: World, for_s: float) -> None:
    """Let a node answer gossip, but no call."""
    node = _victim(world)
    node.hangs_calls = True

    def end() -> None:
        node.hangs_calls = False
        world.network.release(node.index)

    world.clock.after(for_s, end)


def busy(world: World, for_s: float) -> None:
    """Let a node refuse calls as too busy."""
    node = _victim(world)
    node.is_busy = True
    world.clock.after(for_s, partial(setattr, node, "is_busy", False))


def resign(world: World, for_s: float) -> None:
    """Let the leader resign."""
    del for_s
    world.cluster.resign()


def elect(world: World, for_s: float) -> None:
    """Elect another leader though nothing is wrong."""
    del for_s
    able = [n.index for n in world.nodes if n.is_awake and not n.is_replica]
    if able:
        world.cluster.install(world.random.choice(able))


def pause(world: World, for_s: float) -> None:
    """Let the client's own process stand still."""
    world.client.pause(for_s)


def reroute(world: World, for_s: float) -> None:
    """Let the client's overrides change, and change back."""
    world.follow_rules(world.random.choice(RULES))
    world.clock.after(for_s, partial(world.follow_rules, world.plan.router))


def duplicate(world: World, for_s: float) -> None:
    """Let answers come twice, and late."""
    world.network.duplicates = 0.3
    world.clock.after(for_s, partial(setattr, world.network, "duplicates", 0.0))


FAULTS: Final[dict[str, Fault]] = {
    fault.__name__: fault
    for fault in (
        crash,
        hang_at_start,
        vanish,
        freeze,
        split,
        cut,
        cut_one_way,
        isolate,
        remember_wrongly,
        lie,
        claim,
        slow,
        hang_calls,
        busy,
        resign,
        elect,
        pause,
        reroute,
        duplicate,
    )
}


def _victim(world: World) -> Node:
    """Choose a node, the leader as often as all others together."""
    leads = world.leads
    if leads is not None and world.random.random() < 0.5:  # noqa: PLR2004 - a coin
        return leads
    return world.random.choice(world.nodes)


def _tell(world: World, node: Node, members: tuple[Member, ...], for_s: float) -> None:
    node.lie = members
    world.clock.after(for_s, partial(setattr, node, "lie", None))
