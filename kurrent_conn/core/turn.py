"""One call of `advance`: the state being rewritten and the actions asked for so far.

The only mutable object of the core; it lives for one call and never leaves it.
"""

from __future__ import annotations

from kurrent_conn.core.actions import Action, Note, Publish
from kurrent_conn.core.amended import amended
from kurrent_conn.core.cluster import Topology
from kurrent_conn.core.notice import Notice, TopologyChanged
from kurrent_conn.core.state import State


class Turn:
    """A draft of the next state.

    Args:
        state: The state before the event.
        now: Monotonic seconds.
    """

    __slots__ = ("actions", "now", "state")

    def __init__(self, state: State, now: float) -> None:
        self.state = state
        self.now = now
        self.actions: list[Action] = []

    def act(self, *actions: Action) -> None:
        """Ask the shell for these actions, after those asked for before."""
        self.actions.extend(actions)

    def publish(self, topology: Topology) -> None:
        """Believe a new snapshot, and show it: whoever waits for news has them."""
        waiters = tuple(w for w in self.state.waiters if w.preference is not None)
        self.state = amended(self.state, topology=topology, waiters=waiters)
        self.act(Publish(topology))
        self.note(TopologyChanged(topology))

    def note(self, notice: Notice) -> None:
        """Tell the user."""
        self.act(Note(notice))
