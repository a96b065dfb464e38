"""Rows: the leader is killed, or frozen, and another one is elected."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.account import Calls, balance_of, calls_of
from benchmarks.clock import NS_PER_MS, NS_PER_S, now_ns
from benchmarks.driver import Driver
from benchmarks.figures import Limit
from benchmarks.lab import Lab, Notebook
from benchmarks.peers import Peer
from benchmarks.table import Case, Line
from kurrent_conn.testing import SimulatedCluster, SimulatedNode

CALM_S = 0.3
PAUSE_S = 0.002
"""Between two calls of a caller, so that two cores have room for three nodes."""

DYING_NS = 5 * NS_PER_MS
"""A call begun so soon after a node's end may still be sent into a socket that nobody
has closed yet: it was in flight."""

_SUCCESS = "first success, ms"
_ERRORS = "errors to the application, of calls begun later"
_IN_FLIGHT = "errors of calls in flight"
_HANGS = "calls that hang"
_ASTRAY = "acknowledged appends lost, or events written twice"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the cluster, and what is asked of the clients.

    Args:
        name: The row's.
        election_s: How long nobody leads.
        callers: How many callers the application has.
        deadline_s: Of each call; None: the client's default.
        freezes: Whether the leader is frozen, not killed; then time counts from there.
        hangs_after_s: A call that takes longer hangs.
        patience_s: How long anybody waits for the first success.
        success: The limit of the first success, in milliseconds.
        success_asyncio: The same for asyncio; None: the same.
        is_slow: Whether it takes many seconds a run for the official clients.
    """

    name: str
    election_s: float
    callers: int
    deadline_s: float | None
    success: Limit
    success_asyncio: Limit | None = None
    freezes: bool = False
    hangs_after_s: float = 10.5
    patience_s: float = 15.0
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run gave.

    Args:
        calls: Every call.
        fault_ns: When the leader was gone, or frozen.
        elected_ns: When the next one led.
    """

    calls: Calls
    fault_ns: int
    elected_ns: int


def killed(election_s: float, callers: int, limits: tuple[Limit, Limit]) -> Fault:
    """Describe a leader that is killed.

    Args:
        election_s: How long nobody leads.
        callers: How many callers.
        limits: Of the first success, blocking and asyncio.
    """
    who = "one caller" if callers == 1 else f"{callers} callers"
    return Fault(
        f"leader killed, the next elected {election_s:g} s later, {who}",
        election_s,
        callers,
        10.0,
        *limits,
        is_slow=election_s > 1,
    )


def frozen(patience_s: float) -> Fault:
    """Describe a leader that is frozen.

    Args:
        patience_s: How long anybody waits.
    """
    return Fault(
        "leader frozen (SIGSTOP), the next elected 0.3 s later; from the freeze",
        0.3,
        1,
        None,
        Limit(800),
        freezes=True,
        hangs_after_s=0.8,
        patience_s=patience_s,
        is_slow=True,
    )


def measure(lab: Lab, fault: Fault) -> Case:
    """Measure a row.

    Args:
        lab: Where.
        fault: Which.
    """
    book = Notebook()
    with lab.cluster() as cluster:
        for peer in lab.turns(lambda peer: _runs(lab, fault, peer)):
            with book.trial(peer, _SUCCESS), lab.start(peer) as driver:
                _once(cluster, driver, fault, book, peer)
    lines = [
        Line(_SUCCESS, book.of(_SUCCESS), fault.success, fault.success_asyncio),
        Line(_ERRORS, book.of(_ERRORS), Limit(most=0), is_count=True),
        # At most one a caller: it is in one call at a time.
        Line(_IN_FLIGHT, book.of(_IN_FLIGHT), Limit(most=fault.callers), is_count=True),
        Line(_ASTRAY, book.of(_ASTRAY), Limit(most=0), is_count=True),
    ]
    if fault.freezes:
        figure = f"{_HANGS} (longer than {fault.hangs_after_s:g} s)"
        lines.insert(3, Line(figure, book.of(_HANGS), Limit(most=0), is_count=True))
    return Case(fault.name, lines, book.notes)


def _runs(lab: Lab, fault: Fault, peer: Peer) -> int:
    return lab.slow_runs if fault.is_slow and not peer.is_ours else lab.runs


def _once(
    cluster: SimulatedCluster, driver: Driver, fault: Fault, book: Notebook, peer: Peer
) -> None:
    stream = f"failover-{uuid4()}"
    begin_work(cluster, driver, stream, fault.callers, fault.deadline_s)
    victim, heir = _cast(cluster)
    try:
        trial = _trial(cluster, driver, fault, (victim, heir))
    finally:
        recover(cluster, victim)
    calls = trial.calls
    since_ns = trial.fault_ns if fault.freezes else trial.elected_ns
    until_ns = trial.fault_ns + DYING_NS
    book.add(_SUCCESS, peer, calls.first_success_ms(trial.elected_ns, since_ns))
    book.add(_ERRORS, peer, calls.errors(begun_after_ns=until_ns))
    book.add(_IN_FLIGHT, peer, calls.errors_in_flight(until_ns))
    book.add(_HANGS, peer, calls.longer_than(fault.hangs_after_s))
    balance = balance_of(calls, cluster, stream)
    book.add(_ASTRAY, peer, balance.lost + balance.duplicated)
    if peer.is_ours and calls.errors(begun_after_ns=until_ns):
        book.note(f"{peer.name}: {sorted(calls.texts())}")


def begin_work(
    cluster: SimulatedCluster,
    driver: Driver,
    stream: str,
    callers: int,
    deadline_s: float | None,
) -> None:
    """Connect and append until all goes well.

    Args:
        cluster: Settled.
        driver: Not connected yet.
        stream: Where the appends go.
        callers: How many callers.
        deadline_s: Of each call.
    """
    driver.ask("connect", target=cluster.connection_string(), takes_s=10)
    driver.ask(
        "work",
        stream=stream,
        callers=callers,
        deadline_s=deadline_s,
        pause_s=PAUSE_S,
        repeat=True,
    )
    driver.ask("await", after_ns=1, timeout_s=10, takes_s=10)
    time.sleep(CALM_S)


def _cast(cluster: SimulatedCluster) -> tuple[SimulatedNode, SimulatedNode]:
    victim = cluster.leader
    assert victim is not None
    return victim, random.choice([n for n in cluster.nodes if n is not victim])  # noqa: S311 - no secret


def _trial(
    cluster: SimulatedCluster,
    driver: Driver,
    fault: Fault,
    roles: tuple[SimulatedNode, SimulatedNode],
) -> Trial:
    victim, heir = roles
    strike: Callable[[], None] = victim.freeze if fault.freezes else victim.kill
    strike()
    fault_ns = now_ns()
    election = cluster.elect(heir, after_s=fault.election_s)
    elected_ns = round(election.wait() * NS_PER_S)
    driver.ask(
        "await",
        after_ns=elected_ns,
        timeout_s=fault.patience_s,
        takes_s=fault.patience_s,
    )
    time.sleep(CALM_S)
    calls = calls_of(driver.ask("stop", within_s=1.0, takes_s=1.0))
    return Trial(calls, fault_ns, elected_ns)


def recover(cluster: SimulatedCluster, victim: SimulatedNode) -> None:
    """Bring a node back and wait until all is well.

    Args:
        cluster: With a leader.
        victim: Dead or frozen.
    """
    if victim.is_frozen:
        victim.thaw()
    elif not victim.is_alive:
        victim.restart()
    if cluster.leader is None:
        cluster.elect(victim)
    cluster.wait_until_settled()
