"""The cluster that fails like the real one, for blocking callers.

    with SimulatedCluster() as cluster:
        client = connect(cluster.connection_string())
        cluster.leader.kill()
        cluster.elect(cluster.nodes[1], after_s=0.3)

Safe to use from any thread, and from a coroutine: every order takes milliseconds.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args
from urllib.parse import quote
from uuid import uuid4

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.certificates import CertificateAuthority, KeyPair
from kurrent_conn.testing.election import Election
from kurrent_conn.testing.fault import AtCall, Fault
from kurrent_conn.testing.faults.fault_effect import carry_out, carry_out_at_call
from kurrent_conn.testing.model.access import AccessPolicy
from kurrent_conn.testing.model.advertise import Advertise, advertised_by
from kurrent_conn.testing.model.cluster_model import Seat
from kurrent_conn.testing.node import SimulatedNode
from kurrent_conn.testing.services.node_server import MAX_STREAMS
from kurrent_conn.testing.services.server_version import version_of
from kurrent_conn.testing.stages.conductor import Conductor
from kurrent_conn.testing.stages.director import Director
from kurrent_conn.testing.stages.doorway import ClientCertificates
from kurrent_conn.testing.stages.listening import Hosts, listening_on
from kurrent_conn.testing.stages.process_stage import ProcessStage
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from kurrent_conn.testing.stages.stage import NodePlan, Stage
from kurrent_conn.testing.stages.thread_stage import ThreadStage

MAX_SIZE: Final = 9
"""The largest number of members; the server's own advice ends at 5."""

_MAX_SOCKET_PATH: Final = 80

_logger = logging.getLogger(__name__)

Isolation = Literal["thread", "process"]


class SimulatedCluster:
    """A KurrentDB cluster on this machine whose nodes can be made to fail.

    Args:
        size: How many members, 1 to 9; the first leads at the start.
        tls: Whether the nodes serve TLS, with certificates of a throwaway CA.
        read_only_replicas: How many read-only replicas beside them.
        advertise: What the nodes tell clients to use: a template such as
            `"n{index}.kurrent.test:2113"`, a sequence with one entry a node, or a
            function of the index. Host and port fall back to the node's own apart:
            `"n{index}.kurrent.test"` keeps the port, `":443"` the host. None
            advertises where they listen.
        isolation: `"thread"` runs the nodes in this process, `"process"` makes each
            a process of its own.
        settle_s: How long after an election, or after its start, a node takes to
            report that it follows the leader, in seconds.
        anonymous_gossip: Whether gossip needs no credentials.
        anonymous_streams: Whether streams need none; with `tls=False` nothing does.
        certificate_names: The names on a node's certificate, as a function of its
            index; its advertised host, `localhost` and where it listens when None.
        certificates: What a node presents, as a function of its index; certificates
            of `authority` when None.
        authority: Who signs the nodes' certificates and is in `ca_file`; a CA of its
            own when None.
        max_streams: Calls at once on one connection, as the server limits them.
        forward_timeout_s: How long a follower waits for a leader that does not
            answer, in seconds.
        version: The server version that the nodes claim; what came later they lack:
            server features before 21.10, the v2 protocol before 25.1.
        first_port: The port of node 0, and the next ones for the others; the system
            chooses when None.
        hosts: Where the nodes listen, one entry each: an IPv4 address of this machine
            such as `"127.0.0.2"`, or with a port, `"10.10.0.11:2113"`. Nodes without
            an entry are on 127.0.0.1.
        proxied: Whether processes stand behind a front each, for faults on the wire
            and false greetings, and for HTTP on the nodes' ports; threads always do.
        client_certificates: What nodes make of a client's certificate: `"ignored"`;
            `"verified"`, as the server does: none is needed, and one that is not of
            `authority` ends the handshake (processes need `proxied`); `"required"`.
        gossip_seeds: Internal names that no node merged with; every node lists them
            as `Manager` members, as a cluster does whose seeds are spelled otherwise.
    """

    def __init__(
        self,
        size: int = 3,
        *,
        tls: bool = True,
        read_only_replicas: int = 0,
        advertise: Advertise = None,
        isolation: Isolation = "thread",
        settle_s: float = 0.05,
        anonymous_gossip: bool = True,
        anonymous_streams: bool = False,
        certificate_names: Callable[[int], Sequence[str]] | None = None,
        certificates: Callable[[int], KeyPair] | None = None,
        authority: CertificateAuthority | None = None,
        max_streams: int = MAX_STREAMS,
        forward_timeout_s: float = 2.0,
        version: str = "26.1.0",
        first_port: int | None = None,
        hosts: Hosts = (),
        proxied: bool = False,
        gossip_seeds: Sequence[Endpoint] = (),
        client_certificates: ClientCertificates = "ignored",
    ) -> None:
        if not 1 <= size <= MAX_SIZE:
            raise ValueError(f"a cluster has 1 to {MAX_SIZE} members, not {size}")
        if isolation not in ("thread", "process"):
            raise ValueError(f"isolation is thread or process, not {isolation!r}")
        version_of(version)
        if client_certificates not in get_args(ClientCertificates):
            raise ValueError(
                "client_certificates is ignored, verified or required, "
                f"not {client_certificates!r}"
            )
        if client_certificates != "ignored" and not tls:
            raise ValueError("client_certificates needs tls=True")
        needs_front = client_certificates == "verified" and isolation == "process"
        if needs_front and not proxied:
            raise ValueError("processes verify client certificates with proxied=True")
        self._size = size
        self._replicas = read_only_replicas
        self._tls = tls
        self._advertise = advertise
        self._isolation = isolation
        self._settle_s = settle_s
        self._access = AccessPolicy(
            is_secure=tls,
            anonymous_gossip=anonymous_gossip,
            anonymous_streams=anonymous_streams,
        )
        self._certificate_names = certificate_names
        self._certificates_given = certificates
        self._max_streams = max_streams
        self._forward_timeout_s = forward_timeout_s
        self._version = version
        self._first_port = first_port
        self._hosts = hosts
        self._proxied = proxied
        self._gossip_seeds = gossip_seeds
        self._client_certificates: ClientCertificates = client_certificates
        self._conductor = Conductor("simulated-cluster")
        self._director: Director | None = None
        self._directory: Path | None = None
        self._ports: tuple[ReservedPort, ...] = ()
        self.nodes: tuple[SimulatedNode, ...] = ()
        self.authority = authority or CertificateAuthority.create()

    def start(self) -> Self:
        """Bring the cluster up; it serves when this returns.

        Raises:
            RuntimeError: It is up already.
        """
        if self._director is not None:
            raise RuntimeError("the cluster is started already")
        self._directory = _short_directory()
        if self.ca_file is not None:
            self.ca_file.write_bytes(self.authority.certificate_pem)
        self._conductor.start()
        try:
            self._reserve()
            self._conductor.run(self._open())
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every node, thread, process and socket; harmless when done twice."""
        try:
            if self._director is not None:
                self._conductor.run(self._director.stop())
        finally:
            self._director = None
            self._conductor.stop()
            for port in self._ports:
                port.close()
            self._ports = ()
            if self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)
                self._directory = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def ca_file(self) -> Path | None:
        """The CA's certificate as a PEM file; None without TLS."""
        if not self._tls or self._directory is None:
            return None
        return self._directory / "ca.crt"

    @property
    def leader(self) -> SimulatedNode | None:
        """Who leads by the last election; None while nobody does."""
        leader = self.director.model.leader
        return None if leader is None else self.nodes[leader]

    def connection_string(
        self, *, credentials: str | None = "admin:changeit", **options: object
    ) -> str:
        """Write a connection string whose seeds are all members.

        Args:
            credentials: `user:password`; None for none. Left out without TLS, where
                official clients must not send them.
            options: As connection strings spell them, such as
                `nodePreference="follower"`; booleans become `true` and `false`.
        """
        chosen: dict[str, object] = {"tls": self._tls}
        if self.ca_file is not None:
            chosen["tlsCaFile"] = self.ca_file
        chosen.update(options)
        user = f"{credentials}@" if credentials and self._tls else ""
        seeds = ",".join(str(n.endpoint) for n in self.nodes if not n.is_read_only)
        return f"kurrentdb://{user}{seeds}?{_query(chosen)}"

    def elect(self, node: SimulatedNode | int, after_s: float = 0.0) -> Election:
        """Hold an election that the given node wins.

        Until then nobody leads and every node that is awake is Unknown. Returns as
        soon as that is so, or, without a delay, when the node leads.

        Args:
            node: The winner, or its index.
            after_s: How long the cluster has no leader, in seconds.

        Returns:
            What to wait on.

        Raises:
            ValueError: The node is dead, frozen or a read-only replica.
        """
        director = self.director
        index = node if isinstance(node, int) else node.index
        winner = self.nodes[index]
        if not winner.is_alive or winner.is_frozen or winner.is_read_only:
            raise ValueError(f"{winner!r} cannot be elected")
        election = Election()
        self.run(self._elect(director, index, after_s, election))
        return election

    def apply(
        self, fault: Fault, after_s: float = 0.0, *, at_call: AtCall | None = None
    ) -> None:
        """Let something go wrong: now, later, or at a call.

        Without a delay it has happened when this returns; an `Elect` with a
        leaderless interval and a `RollingRestart` take their time.

        Args:
            fault: What; see `kurrent_conn.testing.fault`.
            after_s: When, in seconds from now. What fails then is logged.
            at_call: At which call; then `after_s` is of no effect.

        Raises:
            LookupError: It concerns the leader and nobody leads, or bytes on the wire
                of a node without a proxy.
            RuntimeError: The cluster cannot do it now.
        """
        director = self.director
        if at_call is not None:
            self.run(carry_out_at_call(director, fault, at_call))
        elif after_s > 0:
            self.run(_scheduled(director, fault, after_s))
        else:
            self.run(carry_out(director, fault))

    def wait_until_settled(self, timeout_s: float = 10.0) -> None:
        """Wait until everybody who hears the leader follows it.

        Args:
            timeout_s: At most so long, in seconds.

        Raises:
            TimeoutError: Some do not, or nobody leads.
        """
        self._conductor.run(self.director.settled(), timeout_s)

    def partition(self, *sides: Sequence[SimulatedNode]) -> None:
        """Cut the nodes into sides that no longer hear each other; clients hear all.

        A leader on the smaller side goes on believing that it leads, and writes
        nothing; `lose_quorum` makes it notice.

        Args:
            sides: The nodes of each side; who is in none stays with the first.
        """
        self.run(self.director.partition([[n.index for n in side] for side in sides]))

    def lose_quorum(self, node: SimulatedNode) -> None:
        """Let a node notice that it hears too few others.

        Args:
            node: A node on the smaller side.
        """
        self.run(self.director.cut_off(node.index))

    def heal(self) -> None:
        """Join the sides again."""
        self.run(self.director.heal())

    @property
    def director(self) -> Director:
        """What moves the nodes; of use inside this package."""
        if self._director is None:
            raise RuntimeError("the cluster is not started, or was stopped")
        return self._director

    def run(self, order: Coroutine[Any, Any, None]) -> None:
        """Carry out an order of the director; of use inside this package.

        Args:
            order: A coroutine of `director`.
        """
        self._conductor.run(order)

    async def _open(self) -> None:
        plans = [self._plan(index) for index in range(self._size + self._replicas)]
        self.nodes = tuple(SimulatedNode(self, plan) for plan in plans)
        self._director = Director(
            self._stage(),
            plans,
            [self._seat(plan) for plan in plans],
            [self._certificate(plan) if self._tls else None for plan in plans],
            settle_s=self._settle_s,
            seeds=self._gossip_seeds,
        )
        await self._director.start()

    async def _elect(
        self, director: Director, index: int, after_s: float, election: Election
    ) -> None:
        await director.begin_election(index)

        async def win() -> None:
            try:
                await director.elect(index, election.won)
            except RuntimeError as error:
                election.lost(error)

        if after_s > 0:
            director.schedule(after_s, win())
        else:
            await win()

    def _stage(self) -> Stage:
        assert self._directory is not None  # noqa: S101 - start made it
        if self._isolation == "process":
            return ProcessStage(self._directory, self._ports if self._proxied else ())
        return ThreadStage(self._directory, self._ports)

    def _reserve(self) -> None:
        # One after another, so that stop gives back what was there before a failure.
        for index in range(self._size + self._replicas):
            self._ports += (self._port(index),)

    def _port(self, index: int) -> ReservedPort:
        host, port = listening_on(self._hosts, index, self._first_port)
        return ReservedPort(port, host)

    def _plan(self, index: int) -> NodePlan:
        own = self._ports[index].endpoint
        return NodePlan(
            index=index,
            listens=own,
            advertised=advertised_by(self._advertise, index, own),
            access=self._access,
            version=self._version,
            max_streams=self._max_streams,
            forward_timeout_s=self._forward_timeout_s,
            client_certificates=self._client_certificates,
            client_ca_pem=self.authority.certificate_pem,
        )

    def _seat(self, plan: NodePlan) -> Seat:
        return Seat(
            advertised=plan.advertised,
            http=plan.listens,
            is_read_only=plan.index >= self._size,
            instance_id=uuid4(),
        )

    def _certificate(self, plan: NodePlan) -> KeyPair:
        if self._certificates_given is not None:
            return self._certificates_given(plan.index)
        names = (
            (plan.advertised.host, "localhost", plan.listens.host)
            if self._certificate_names is None
            else self._certificate_names(plan.index)
        )
        return self.authority.issue(names)


async def _scheduled(director: Director, fault: Fault, after_s: float) -> None:
    async def happen() -> None:
        try:
            await carry_out(director, fault)
        except (LookupError, RuntimeError) as error:
            _logger.warning("%s did not happen: %s", fault, error)

    director.schedule(after_s, happen())


def _query(options: Mapping[str, object]) -> str:
    return "&".join(f"{key}={quote(_text(value))}" for key, value in options.items())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short_directory() -> Path:
    made = Path(tempfile.mkdtemp(prefix="kurrent-conn-"))
    if len(str(made)) <= _MAX_SOCKET_PATH:
        return made
    # A unix socket's path has about a hundred bytes.
    made.rmdir()
    return Path(tempfile.mkdtemp(prefix="kurrent-conn-", dir="/tmp"))
