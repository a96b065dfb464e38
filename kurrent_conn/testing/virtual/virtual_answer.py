"""What a virtual node answers to a call: the state table, as failures a client sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import RpcFailure
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.model.member_state import Request, Verdict, verdict
from kurrent_conn.testing.services.refusal import (
    FORWARDING_TIMEOUT,
    NOT_READY,
    TOO_BUSY,
    Refusal,
    not_leader,
)

FORWARD_TIMEOUT_S: Final = 2.0
"""How long a follower waits for a leader that does not answer, in seconds."""


@dataclass(frozen=True, slots=True)
class Served:
    """The node did what was asked."""


@dataclass(frozen=True, slots=True)
class Refuses:
    """The node, or the system for it, says no after a while.

    Args:
        failure: As the client sees it.
        after_s: How long that takes, in seconds.
    """

    failure: RpcFailure
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing comes back."""


Answer = Served | Refuses | NoAnswer


@dataclass(frozen=True, slots=True)
class Node:
    """What decides how a node answers.

    Args:
        view: What it knows of its cluster.
        conduct: How it misbehaves.
        advertised: What it tells clients.
        can_write: Whether the log takes its commands.
        can_forward: Whether the leader that it knows takes them from it.
    """

    view: NodeView
    conduct: Conduct
    advertised: Endpoint
    can_write: bool
    can_forward: bool


def answer_of(node: Node, request: Request, *, requires_leader: bool) -> Answer:
    """Say how a node that runs answers a call; `NodeContext` does so on real nodes.

    Args:
        node: The node.
        request: The kind of call.
        requires_leader: Whether it insists on the leader.
    """
    if node.conduct.is_busy:
        return _refused(TOO_BUSY)
    decision = verdict(node.view.state, request, requires_leader=requires_leader)
    if decision is Verdict.FORWARD and node.conduct.redirect:
        decision = Verdict.NOT_LEADER
    match decision:
        case Verdict.UNANSWERED:
            return NoAnswer()
        case Verdict.NOT_READY:
            return _refused(NOT_READY)
        case Verdict.NOT_LEADER:
            return _not_leader(node)
        case Verdict.FORWARD:
            return (
                Served()
                if node.can_forward
                else _refused(FORWARDING_TIMEOUT, FORWARD_TIMEOUT_S)
            )
        case Verdict.SERVE:
            is_fenced = request is Request.WRITE and not node.can_write
            return _refused(NOT_READY) if is_fenced else Served()
        case _:
            assert_never(decision)


def _not_leader(node: Node) -> Refuses:
    leader = node.conduct.redirect or node.view.leader or node.advertised
    refusal = not_leader(leader)
    return Refuses(
        RpcFailure(
            refusal.code.name,
            refusal.details,
            reason="not-leader",
            leader=leader,
            server_spoke=True,
        )
    )


def _refused(refusal: Refusal, after_s: float = 0.0) -> Refuses:
    return Refuses(RpcFailure(refusal.code.name, refusal.details), after_s)
