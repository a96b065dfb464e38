"""How a node misbehaves while it lives: a value that can be changed at any time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kurrent_conn.core.cluster import Member
from kurrent_conn.core.endpoint import Endpoint


class Greeting(Enum):
    """How a node receives new connections; those that are open stay as they are."""

    USUAL = "as its certificate says"
    NO_ALPN = "over TLS without ALPN, as behind a balancer that ends TLS"
    PLAINTEXT = "without TLS, though clients expect it"
    DEMANDS_CERTIFICATE = "with a client certificate of the cluster's CA, or not at all"


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
    """

    delay_s: float = 0.0
    is_silent: bool = False
    is_busy: bool = False
    lie: tuple[Member, ...] | None = None
    redirect: Endpoint | None = None
    greeting: Greeting = Greeting.USUAL


WELL_BEHAVED = Conduct()
