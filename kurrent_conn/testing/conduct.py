"""How a node misbehaves while it lives: a value that can be changed at any time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint


class Greeting(Enum):
    """How a node receives new connections; those that are open stay as they are."""

    USUAL = "as its certificate says"
    NO_ALPN = "over TLS without ALPN, as behind a balancer that ends TLS"
    PLAINTEXT = "without TLS, though clients expect it"
    DEMANDS_CERTIFICATE = "with a client certificate of the cluster's CA, or not at all"


CallName = Literal["append", "delete", "read", "gossip"]
"""What a fault can wait for; every append of a batch or a session's is an append."""


@dataclass(frozen=True, slots=True)
class Snare:
    """A call at which something is going to happen to the node.

    Args:
        call: What kind of call.
        number: Which of them, from 1, counted from now on.
        is_served: Whether it has its effect first, so that only its answer is at
            stake; else it is caught before the node looks at it.
    """

    call: CallName
    number: int = 1
    is_served: bool = False


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a node does beside its duty; by default nothing.

    Args:
        delay_s: How long every call waits before it is looked at, in seconds.
        is_silent: Calls are taken and never answered, as a node does before it has
            joined its cluster.
        is_busy: Reads and writes end with "Server Is Too Busy".
        lie: What gossip lists instead of the truth.
        redirect: Where a not-leader answer points instead of to the leader.
        greeting: How it receives new connections. Nodes without TLS, and processes
            that stand behind no front, receive them as usual.
        snare: The call at which a fault happens; it goes on once that has happened.
    """

    delay_s: float = 0.0
    is_silent: bool = False
    is_busy: bool = False
    lie: tuple[Member, ...] | None = None
    redirect: Endpoint | None = None
    greeting: Greeting = Greeting.USUAL
    snare: Snare | None = None


WELL_BEHAVED = Conduct()
