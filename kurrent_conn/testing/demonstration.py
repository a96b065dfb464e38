"""The story that `kurrent-conn demo` tells: a leader dies, and the calls go on.

A cluster whose members advertise names that resolve nowhere, overrides that lead to
them all the same, a writer and a reader over one channel, and an account of every
append. Tells by values; drawing them is the CLI's business.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

import grpc

from kurrent_conn.core.failure import Outcome
from kurrent_conn.core.notice import NodeLost, NodeOpened, Notice
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.shells.blocking.connection import Connection, connect
from kurrent_conn.shells.rpc import outcome
from kurrent_conn.testing.cluster import Isolation, SimulatedCluster
from kurrent_conn.testing.ledger import Balance, Ledger
from kurrent_conn.testing.stream_client import StreamClient

STREAM: Final = "demo"
ADVERTISED: Final = "mydb-{index}.kurrent.test:2113"
"""Names under a top-level domain that never resolves (RFC 6761)."""

_RECENT: Final = 10
_MOST_REPEATS: Final = 20
_PAUSE_S: Final = 0.002
"""Between two calls of a worker, so that two cores have room for three nodes."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One line of the story.

    Args:
        at_s: Seconds since the cluster was up.
        text: What happened.
    """

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """How the story ended.

    Args:
        balance: What became of the appends.
        reads: How many reads went well.
        failover_ms: From the election of the new leader to the first append that it
            acknowledged.
        scenes: What happened, in order.
    """

    balance: Balance
    reads: int
    failover_ms: float
    scenes: tuple[Scene, ...]

    def as_json(self) -> dict[str, object]:
        """Give the figures as JSON values."""
        balance = self.balance
        return {
            "appended": balance.appended,
            "read_back": balance.read_back,
            "lost": balance.lost,
            "duplicated": balance.duplicated,
            "unknown": balance.unknown,
            "errors": balance.errors,
            "failover_ms": round(self.failover_ms, 2),
            "reads": self.reads,
            "timeline": [
                {"at_s": round(scene.at_s, 3), "text": scene.text}
                for scene in self.scenes
            ],
        }

    def __str__(self) -> str:
        """Write the closing line."""
        balance = self.balance
        return (
            f"appended {balance.appended}, read back {balance.read_back}, "
            f"lost {balance.lost}, duplicated {balance.duplicated}, "
            f"unknown {balance.unknown}, errors {balance.errors}, "
            f"failover {self.failover_ms:.1f} ms"
        )


class Demonstration:
    """The story, told once.

    Args:
        isolation: Whether the nodes are threads or processes.
        calm_s: How long it goes well before the leader dies, and again afterwards.
        leaderless_s: How long nobody leads.
    """

    def __init__(
        self,
        isolation: Isolation = "process",
        calm_s: float = 1.5,
        leaderless_s: float = 0.3,
    ) -> None:
        self._isolation: Isolation = isolation
        self._calm_s = calm_s
        self._leaderless_s = leaderless_s
        self._began_at = monotonic()
        self._over = threading.Event()
        self._elected_at = float("inf")
        self._first_success = threading.Event()
        self._failover_ms = float("nan")
        self._ledger = Ledger()
        self._reads = 0
        self.scenes: list[Scene] = []

    @property
    def calls(self) -> int:
        """How many appends and reads went well so far."""
        return len(self._ledger.acknowledged) + self._reads

    def run(self) -> Report:
        """Tell the story; takes `2 * calm_s + leaderless_s` seconds and a little."""
        cluster = SimulatedCluster(advertise=ADVERTISED, isolation=self._isolation)
        with cluster:
            self._began_at = monotonic()
            self._say("three nodes are up; they advertise names that resolve nowhere")
            routes = {
                node.advertised.host: str(node.endpoint) for node in cluster.nodes
            }
            with connect(
                cluster.connection_string(),
                overrides=Overrides.from_mapping(routes),
                on_event=self._hear,
            ) as connection:
                return self._tell(cluster, connection)

    def _tell(self, cluster: SimulatedCluster, connection: Connection) -> Report:
        client = StreamClient(connection.channel)
        workers = [
            threading.Thread(target=work, args=(client,), name=f"demo {work.__name__}")
            for work in (self._write, self._read)
        ]
        for worker in workers:
            worker.start()
        try:
            self._over.wait(self._calm_s)
            self._kill_and_elect(cluster)
            self._over.wait(self._calm_s)
        finally:
            self._over.set()
            for worker in workers:
                worker.join()
        found = [recorded.event_id for recorded in client.read(STREAM)]
        return Report(
            balance=self._ledger.balance(found),
            reads=self._reads,
            failover_ms=self._failover_ms,
            scenes=tuple(self.scenes),
        )

    def _kill_and_elect(self, cluster: SimulatedCluster) -> None:
        dying = cluster.leader
        if dying is None:
            raise RuntimeError("the cluster has no leader to kill")
        heir = next(node for node in cluster.nodes if node is not dying)
        self._say(f"the leader {dying.advertised} is killed; nobody leads")
        dying.kill()
        election = cluster.elect(heir, after_s=self._leaderless_s)
        self._elected_at = election.wait()
        self._say(f"{heir.advertised} is elected", self._elected_at)
        self._first_success.wait(timeout=30)

    def _write(self, client: StreamClient) -> None:
        while not self._over.is_set():
            event_id = uuid4()
            # An append that was begun is brought to its end, so that nothing stands
            # in the stream that the account does not have.
            for _ in range(_MOST_REPEATS):
                if self._append(client, event_id):
                    break
            self._over.wait(_PAUSE_S)

    def _append(self, client: StreamClient, event_id: UUID) -> bool:
        """Append once; False when it must be repeated with the same id."""
        try:
            client.append(STREAM, event_id, b"%d" % len(self._ledger.acknowledged))
        except grpc.RpcError as error:
            if outcome(error) is Outcome.UNKNOWN:
                # The server writes an event id once, so repeating is safe here.
                self._ledger.unknown += 1
                self._say("an append was in flight: outcome unknown, repeated")
            else:
                self._complain(error)
            return False
        self._ledger.acknowledged.append(event_id)
        now = monotonic()
        if now >= self._elected_at and not self._first_success.is_set():
            self._failover_ms = (now - self._elected_at) * 1000
            self._first_success.set()
            self._say("the first append after the election is acknowledged", now)
        return True

    def _read(self, client: StreamClient) -> None:
        while not self._over.is_set():
            try:
                client.read(STREAM, count=_RECENT, backwards=True)
            except grpc.RpcError as error:
                if outcome(error) is not Outcome.UNKNOWN:
                    self._complain(error)
                    continue
                # Its first events were here already: only the caller can begin anew.
                self._say("a read was cut in its middle, and is read again")
            else:
                self._reads += 1
            self._over.wait(_PAUSE_S)

    def _complain(self, error: grpc.RpcError) -> None:
        self._ledger.errors += 1
        self._say(f"an error reached the application: {error}")

    def _hear(self, notice: Notice) -> None:
        match notice:
            case NodeOpened():
                self._say(
                    f"{notice.preference}: {notice.advertised}, dialled as "
                    f"{notice.route.dial}, {notice.why}"
                )
            case NodeLost():
                self._say(f"{notice.advertised} is lost: {notice.verdict}")
            case _:
                pass

    def _say(self, text: str, at: float | None = None) -> None:
        self.scenes.append(Scene((at or monotonic()) - self._began_at, text))
