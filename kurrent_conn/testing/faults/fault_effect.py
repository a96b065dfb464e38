"""Carries faults out: the one place that knows what each of them means."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from kurrent_conn.testing.conduct import WELL_BEHAVED, Conduct, Greeting, Snare
from kurrent_conn.testing.fault import (
    AtCall,
    Behaviour,
    ClusterFault,
    CutConnections,
    Deafen,
    DemandCertificate,
    Drop,
    Elect,
    Fault,
    Flow,
    Freeze,
    GreetingFault,
    Heal,
    Kill,
    Lie,
    LoseQuorum,
    NoAlpn,
    NodeFault,
    Partition,
    PlaintextPort,
    Recover,
    Resign,
    Restart,
    RollingRestart,
    SelfRedirect,
    Slow,
    StaleRedirect,
    Stall,
    SwapCertificate,
    Thaw,
    TooBusy,
    Trickle,
    Which,
    WireFault,
    takes_time,
)
from kurrent_conn.testing.stages.director import Director

_logger = logging.getLogger(__name__)

_GREETINGS: Final[Mapping[type[GreetingFault], Greeting]] = {
    NoAlpn: Greeting.NO_ALPN,
    PlaintextPort: Greeting.PLAINTEXT,
    DemandCertificate: Greeting.DEMANDS_CERTIFICATE,
}


async def carry_out(director: Director, fault: Fault) -> None:
    """Let something go wrong.

    Args:
        director: Of the cluster.
        fault: What.

    Raises:
        LookupError: It concerns the leader and nobody leads, or bytes on the wire of
            a node without a proxy.
        RuntimeError: The cluster cannot do it now.
    """
    if isinstance(fault, Behaviour):
        index = _index(director, fault.node)
        if isinstance(fault, GreetingFault):
            # Only what stands before a node can greet otherwise than the node does.
            director.proxy(index)
        await director.behave(index, _conduct(director, index, fault))
    elif isinstance(fault, WireFault):
        _disturb(director, fault)
    elif isinstance(fault, ClusterFault):
        await _cluster_fault(director, fault)
    else:
        await _node_fault(director, fault)


async def carry_out_at_call(director: Director, fault: Fault, at: AtCall) -> None:
    """Let something go wrong when a node meets a call.

    What cannot happen then is logged; what takes its time holds no call up.

    Args:
        director: Of the cluster.
        fault: What.
        at: Which call, and where.

    Raises:
        LookupError: Nobody leads, who is to meet it.
        RuntimeError: The node waits for a call already.
    """

    async def happen() -> None:
        try:
            await carry_out(director, fault)
        except (LookupError, RuntimeError) as error:
            _logger.warning("%s did not happen: %s", fault, error)

    async def begin() -> None:
        director.schedule(0.0, happen())

    await director.set_snare(
        _index(director, at.node),
        Snare(at.call, at.number, at.is_served),
        begin if takes_time(fault) else happen,
    )


async def _node_fault(director: Director, fault: NodeFault) -> None:
    index = _index(director, fault.node)
    match fault:
        case Kill(_, noticed_after_s):
            await director.kill(index, noticed_after_s)
        case Freeze():
            await director.freeze(index)
        case Thaw():
            await director.thaw(index)
        case Restart(_, silent_s):
            await director.restart(index, silent_s)
        case Resign():
            await director.resign(index)
        case LoseQuorum():
            await director.cut_off(index)
        case SwapCertificate(_, certificate):
            await director.present(index, certificate)
        case _:
            assert_never(fault)


async def _cluster_fault(director: Director, fault: ClusterFault) -> None:
    match fault:
        case Elect(node, after_s):
            await director.begin_election(node)
            await asyncio.sleep(after_s)
            await director.elect(node)
        case Partition(sides):
            await director.partition(sides)
        case Deafen(nodes):
            await director.deafen(nodes)
        case Heal():
            await director.heal()
        case RollingRestart(pause_s):
            await _roll(director, pause_s)
        case _:
            assert_never(fault)


async def _roll(director: Director, pause_s: float) -> None:
    for index in range(len(director.model.seats)):
        if director.model.leader == index:
            await _hand_over(director, index)
        await director.kill(index)
        await asyncio.sleep(pause_s)
        await director.restart(index)
        if director.model.leader is not None:
            await director.settled()


async def _hand_over(director: Director, index: int) -> None:
    seats = director.model.seats
    heirs = [
        other
        for other, seat in enumerate(seats)
        if other != index and seat.is_awake and not seat.is_read_only
    ]
    if not heirs:
        return
    await director.resign(index)
    # The next in line, and the first again after the last.
    heir = next((other for other in heirs if other > index), heirs[0])
    await director.begin_election(heir)
    await director.elect(heir)
    await director.settled()


def _conduct(  # noqa: PLR0911 - one a fault
    director: Director, index: int, fault: Behaviour
) -> Conduct:
    now = director.conducts[index]
    seats = director.model.seats
    match fault:
        case Slow(_, delay_s):
            return replace(now, delay_s=delay_s)
        case Drop():
            return replace(now, is_silent=True)
        case TooBusy():
            return replace(now, is_busy=True)
        case Lie(_, members):
            return replace(now, lie=members)
        case StaleRedirect(_, to):
            return replace(now, redirect=seats[to].advertised)
        case SelfRedirect():
            return replace(now, redirect=seats[index].advertised)
        case NoAlpn() | PlaintextPort() | DemandCertificate():
            return replace(now, greeting=_GREETINGS[type(fault)])
        case Recover():
            return WELL_BEHAVED
        case _:
            assert_never(fault)


def _disturb(director: Director, fault: WireFault) -> None:
    proxy = director.proxy(_index(director, fault.node))
    match fault:
        case CutConnections(_, reset):
            proxy.drop_connections(reset=reset)
        case Stall():
            proxy.stall()
        case Trickle(_, bytes_per_s):
            proxy.trickle(bytes_per_s)
        case Flow():
            proxy.trickle(None)
            proxy.resume()
        case _:
            assert_never(fault)


def _index(director: Director, node: Which) -> int:
    if node != "leader":
        return node
    leader = director.model.leader
    if leader is None:
        raise LookupError("nobody leads")
    return leader
