"""The truth about a simulated cluster, and what each node believes of it.

Values and pure functions: every step takes the model and the time and gives the next
model. Each node has a `Seat` (what it is) and a row of `Belief`s (what it has heard of
every node, itself included). News travels at once between nodes that can hear each
other; what never arrives is the point of a harness: the dead, the frozen and the cut
off leave the last belief standing.

Source: server, `Services/Gossip/GossipServiceBase.cs`: dead members stay with their
last state; `ElectionsDone` sets the elected node to Leader and all others to Unknown
until they report; a peer's word about itself wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from kurrent_conn.core.amended import amended
from kurrent_conn.core.cluster import NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.value import value

_KNOWS_NO_LEADER = frozenset(
    {
        NodeState.INITIALIZING,
        NodeState.DISCOVER_LEADER,
        NodeState.UNKNOWN,
        NodeState.READ_ONLY_LEADERLESS,
        NodeState.SHUTTING_DOWN,
        NodeState.SHUTDOWN,
    }
)


@dataclass(frozen=True)  # no slots: see `amended`
class Seat:
    """What one node is.

    Args:
        advertised: What it tells clients to use.
        http: Its own endpoint, by which gossip is sorted.
        is_read_only: Whether it is a read-only replica.
        instance_id: Changes with every start.
        state: Its own state.
        leader: The index of the node that it takes for the leader.
        term: The election that it heard of last.
        is_running: Whether its process lives.
        is_frozen: Whether its process is stopped.
        side: Nodes hear each other only on the same side of a partition.
        deaf_to: Whom it does not hear even so.
        is_assumed: Whether it was put into its state, and stays in it until an
            election, a restart or news of its own.
    """

    advertised: Endpoint
    http: Endpoint
    is_read_only: bool
    instance_id: UUID
    state: NodeState = NodeState.INITIALIZING
    leader: int | None = None
    term: int = 0
    is_running: bool = True
    is_frozen: bool = False
    side: int = 0
    deaf_to: frozenset[int] = frozenset()
    is_assumed: bool = False

    @property
    def is_awake(self) -> bool:
        """Whether it can hear and answer."""
        return self.is_running and not self.is_frozen


@value
class Belief:
    """What one node holds of another.

    Args:
        state: The state it heard last.
        is_alive: Whether it takes it for alive.
        instance_id: The id it heard last.
        since_s: Unix time of the news, in seconds.
    """

    state: NodeState
    is_alive: bool
    instance_id: UUID
    since_s: float


@dataclass(frozen=True)  # no slots: see `amended`
class ClusterModel:
    """The whole cluster at one instant.

    Args:
        seats: One a node, in index order.
        beliefs: A row a node, a column a node.
        term: Counts elections; the log takes nothing of an older one.
        leader: The index of the node elected last; None when it died or resigned,
            or while an election runs.
    """

    seats: tuple[Seat, ...]
    beliefs: tuple[tuple[Belief, ...], ...]
    term: int = 0
    leader: int | None = None

    @property
    def is_leader_serving(self) -> bool:
        """Whether the leader can take an append now."""
        return (
            self.leader is not None
            and self.seats[self.leader].is_awake
            and self.seats[self.leader].state is NodeState.LEADER
        )

    def hears(self, listener: int, speaker: int) -> bool:
        """Whether news of one node reaches another.

        Args:
            listener: The index of the one.
            speaker: The index of the other.
        """
        mine, theirs = self.seats[listener], self.seats[speaker]
        return (
            mine.is_awake
            and theirs.is_awake
            and mine.side == theirs.side
            and speaker not in mine.deaf_to
        )


def founded(seats: Iterable[Seat], now_s: float) -> ClusterModel:
    """Make a cluster in which nobody leads yet and everybody knows everybody.

    Args:
        seats: The nodes, in index order.
        now_s: Unix time, in seconds.
    """
    quiet = tuple(_leaderless(seat) for seat in seats)
    row = tuple(Belief(seat.state, True, seat.instance_id, now_s) for seat in quiet)
    return ClusterModel(quiet, tuple(row for _ in quiet))


def killed(model: ClusterModel, index: int) -> ClusterModel:
    """A node dies; nobody has noticed yet.

    Args:
        model: The cluster before.
        index: The node.
    """
    dead = _seated(model, index, is_running=False, is_frozen=False)
    if model.leader == index:
        dead = amended(dead, leader=None)
    return dead


def missed(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """The others notice that a node is dead; they keep its last state.

    Args:
        model: The cluster before.
        index: The node; of no effect when it lives again.
        now_s: Unix time, in seconds.
    """
    seat = model.seats[index]
    if seat.is_running:
        return model
    audience = [i for i in _awake(model) if model.seats[i].side == seat.side]
    return _believed_dead(model, index, now_s, audience)


def frozen(model: ClusterModel, index: int) -> ClusterModel:
    """A node stops; nobody notices yet.

    Args:
        model: The cluster before.
        index: The node.
    """
    return _seated(model, index, is_frozen=True)


def thawed(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """A node goes on: it hears the news, and the others hear it.

    An ex-leader that was voted out meanwhile has lost its place.

    Args:
        model: The cluster before.
        index: The node.
        now_s: Unix time, in seconds.
    """
    awake = _seated(model, index, is_frozen=False)
    if model.leader == index:
        return _announced(awake, index, now_s)
    return _rejoined(awake, index, now_s)


def restarted(
    model: ClusterModel, index: int, instance_id: UUID, now_s: float
) -> ClusterModel:
    """A dead node starts again as a new instance that has reported nothing yet.

    Args:
        model: The cluster before.
        index: The node.
        instance_id: The id of the new instance.
        now_s: Unix time, in seconds.
    """
    up = _seated(
        model, index, is_running=True, is_frozen=False, instance_id=instance_id
    )
    return _rejoined(up, index, now_s)


def assumed(
    model: ClusterModel, index: int, state: NodeState, now_s: float
) -> ClusterModel:
    """A node enters any state, for whatever reason, and says so.

    Args:
        model: The cluster before.
        index: The node.
        state: The state; in one that knows no leader the node forgets its leader.
        now_s: Unix time, in seconds.
    """
    leader = None if state in _KNOWS_NO_LEADER else model.leader
    posed = _seated(model, index, state=state, leader=leader, is_assumed=True)
    return _announced(posed, index, now_s)


def resigning(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """The leader prepares to step down: it still reads, and writes nothing more.

    Args:
        model: The cluster before.
        index: The leader.
        now_s: Unix time, in seconds.
    """
    stepping = _seated(model, index, state=NodeState.RESIGNING_LEADER)
    return _announced(stepping, index, now_s)


def election_started(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """A side looks for a leader; who does not answer there counts as dead.

    Args:
        model: The cluster before.
        index: A node of the side that votes.
        now_s: Unix time, in seconds.
    """
    voters = [i for i in _awake(model) if model.hears(i, index)]
    for other in range(len(model.seats)):
        if other not in voters:
            model = _believed_dead(model, other, now_s, voters)
    seats = tuple(
        _leaderless(s) if i in voters else s for i, s in enumerate(model.seats)
    )
    model = amended(model, seats=seats, leader=None)
    for voter in voters:
        model = _announced(model, voter, now_s)
    return model


def elected(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """A node wins: it leads, and all others are Unknown until they report.

    Args:
        model: The cluster before.
        index: The winner.
        now_s: Unix time, in seconds.
    """
    audience = [i for i in _awake(model) if model.hears(i, index)]
    term = model.term + 1
    winner = _changed(model, index, NodeState.LEADER, leader=index, term=term)
    for voter in audience:
        if voter != index:
            state = _leaderless(winner.seats[voter]).state
            winner = _changed(winner, voter, state, leader=index, term=term)

    def heard(subject: int, belief: Belief) -> Belief:
        if subject == index:
            return Belief(NodeState.LEADER, True, belief.instance_id, now_s)
        return Belief(NodeState.UNKNOWN, belief.is_alive, belief.instance_id, now_s)

    return amended(_rewritten(winner, audience, heard), term=term, leader=index)


def reported(model: ClusterModel, now_s: float) -> ClusterModel:
    """Everybody who hears the leader follows it and says so.

    Not who was put into another state meanwhile.

    Args:
        model: The cluster before.
        now_s: Unix time, in seconds.
    """
    leader = model.leader
    if leader is None:
        return model
    for index in _awake(model):
        seat = model.seats[index]
        if index != leader and model.hears(index, leader) and not seat.is_assumed:
            state = (
                NodeState.READ_ONLY_REPLICA if seat.is_read_only else NodeState.FOLLOWER
            )
            model = _seated(model, index, state=state, leader=leader, term=model.term)
            model = _announced(model, index, now_s)
    return model


def deafened(model: ClusterModel, indices: Iterable[int]) -> ClusterModel:
    """Some nodes hear only each other from now on; the others still hear them.

    Args:
        model: The cluster before.
        indices: Who.
    """
    inside = frozenset(indices)
    others = frozenset(range(len(model.seats))) - inside
    for index in inside:
        model = _seated(model, index, deaf_to=others)
    return model


def partitioned(model: ClusterModel, sides: Iterable[Iterable[int]]) -> ClusterModel:
    """Cut the nodes into sides that no longer hear each other.

    Args:
        model: The cluster before.
        sides: The indices of each side; who is in none stays with the first.
    """
    for number, side in enumerate(sides):
        for index in side:
            model = _seated(model, index, side=number)
    return model


def cut_off(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    """A node notices that it hears too few others: it leads and follows nobody.

    Args:
        model: The cluster before.
        index: The node.
        now_s: Unix time, in seconds.

    Source: server, `ClusterVNodeController.cs` (NoQuorumTimeout, 3 s).
    """
    quiet = _leaderless(model.seats[index])
    leader = None if model.leader == index else model.leader
    model = amended(_changed(model, index, quiet.state, leader=None), leader=leader)
    return _announced(model, index, now_s)


def healed(model: ClusterModel, now_s: float) -> ClusterModel:
    """Join the sides again; an ex-leader of a lost side steps down.

    Args:
        model: The cluster before.
        now_s: Unix time, in seconds.
    """
    for index in range(len(model.seats)):
        model = _seated(model, index, side=0, deaf_to=frozenset())
    for index in _awake(model):
        if model.leader == index:
            model = _announced(model, index, now_s)
        else:
            model = _rejoined(model, index, now_s)
    return model


def _awake(model: ClusterModel) -> list[int]:
    return [index for index, seat in enumerate(model.seats) if seat.is_awake]


def _seated(model: ClusterModel, index: int, **changes: object) -> ClusterModel:
    seat = amended(model.seats[index], **changes)  # type: ignore[arg-type] # by name
    return amended(model, seats=(*model.seats[:index], seat, *model.seats[index + 1 :]))


def _changed(
    model: ClusterModel, index: int, state: NodeState, **changes: object
) -> ClusterModel:
    """Let a node enter a state by what happens to the cluster, not by an order."""
    return _seated(model, index, state=state, is_assumed=False, **changes)


def _leaderless(seat: Seat) -> Seat:
    state = NodeState.READ_ONLY_LEADERLESS if seat.is_read_only else NodeState.UNKNOWN
    return amended(seat, state=state, leader=None, is_assumed=False)


def _rejoined(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    quiet = _leaderless(model.seats[index])
    model = _changed(model, index, quiet.state, leader=None)
    informed = [i for i in _awake(model) if i != index and model.hears(index, i)]
    if informed:
        # It takes over what the others hold; about themselves their word is best.
        row = list(model.beliefs[informed[0]])
        for other in informed:
            row[other] = model.beliefs[other][other]
        beliefs = (*model.beliefs[:index], tuple(row), *model.beliefs[index + 1 :])
        model = amended(model, beliefs=beliefs)
    return _announced(model, index, now_s)


def _announced(model: ClusterModel, index: int, now_s: float) -> ClusterModel:
    seat = model.seats[index]
    news = Belief(seat.state, True, seat.instance_id, now_s)
    audience = [i for i in range(len(model.seats)) if model.hears(i, index)]
    return _rewritten(
        model, audience, lambda subject, old: news if subject == index else old
    )


def _believed_dead(
    model: ClusterModel, index: int, now_s: float, audience: Iterable[int]
) -> ClusterModel:
    def heard(subject: int, old: Belief) -> Belief:
        if subject != index or not old.is_alive:
            return old
        return replace(old, is_alive=False, since_s=now_s)

    return _rewritten(model, audience, heard)


def _rewritten(
    model: ClusterModel, audience: Iterable[int], heard: Callable[[int, Belief], Belief]
) -> ClusterModel:
    beliefs = list(model.beliefs)
    for index in audience:
        beliefs[index] = tuple(
            heard(subject, old) for subject, old in enumerate(beliefs[index])
        )
    return amended(model, beliefs=tuple(beliefs))
