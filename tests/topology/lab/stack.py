"""The process inside the outer namespaces: builds a lab and does what it is told.

Started by `running`, as the first process of a process namespace: when it ends, all
that it started ends. An order is a method of `Stack` and its arguments.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any

from kurrent_conn.testing import CertificateAuthority, KeyPair, SimulatedNode
from kurrent_conn.testing.fault import Fault
from tests.topology.lab import meter, network
from tests.topology.lab.cluster import PlacedCluster
from tests.topology.lab.front import Front
from tests.topology.lab.name_server import NameServer, resolver_addresses
from tests.topology.lab.plan import Issuer, Lab, Record
from tests.topology.lab.public_ca import ADDRESS, PublicCa

_STREAMS = 3
"""What a program gets from outside: its input, its output and its errors."""


class Stack:
    """A lab that runs.

    Args:
        lab: What it consists of.
        directory: Where all of its files go; seen from outside, too.
        connection: Where descriptors come from.
    """

    def __init__(self, lab: Lab, directory: Path, connection: Connection) -> None:
        self._lab = lab
        self._directory = directory
        self._connection = connection
        self._programs: dict[int, subprocess.Popen[bytes]] = {}
        self._build_network()
        self._names = NameServer(lab.views, lab.acme, directory / "dns")
        self._own = CertificateAuthority.create("lab's own CA")
        self._public = self._start_public_ca() if lab.needs_public_ca else None
        self._write_ca_files()
        self._front = self._start_front()
        self._cluster = self._start_cluster()

    def spawn(self, namespace: str, command: Sequence[str]) -> int:
        """Start a program with the descriptors that come next.

        Args:
            namespace: Where.
            command: Its arguments.

        Returns:
            Its number for `reap` and `signal`.
        """
        ends = [recv_handle(self._connection) for _ in range(_STREAMS)]
        try:
            program = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],
                stdin=ends[0],
                stdout=ends[1],
                stderr=ends[2],
            )
        finally:
            for end in ends:
                os.close(end)
        self._programs[program.pid] = program
        return program.pid

    def reap(self, number: int, timeout_s: float) -> int:
        """Wait for the end of a program.

        Args:
            number: Which.
            timeout_s: At most so long, in seconds; then it is killed.

        Returns:
            Its exit code.
        """
        program = self._programs.pop(number)
        try:
            return program.wait(timeout_s)
        except subprocess.TimeoutExpired:
            program.kill()
            return program.wait()

    def signal(self, number: int, which: int) -> None:
        """Send a program a signal.

        Args:
            number: Which program.
            which: Which signal.
        """
        self._programs[number].send_signal(which)

    def signal_daemon(self, name: str, which: int) -> None:
        """Send a daemon a signal.

        Args:
            name: `named`, `nginx` or `pebble`.
            which: Which signal.
        """
        daemons = {"named": self._names.daemon, "nginx": self._front.daemon}
        if self._public is not None:
            daemons["pebble"] = self._public.daemon
        daemons[name].signal(which)

    def order_node(self, verb: str, index: int, **arguments: Any) -> None:
        """Do something to a node.

        Args:
            verb: A method of `SimulatedNode`.
            index: Which node.
            arguments: Of the method.
        """
        getattr(self._cluster.nodes[index], verb)(**arguments)

    def order_cluster(self, verb: str, *arguments: Any) -> None:
        """Do something to the cluster.

        Args:
            verb: A method of `WatchedCluster`.
            arguments: Of the method.
        """
        getattr(self._cluster, verb)(*arguments)

    def apply(self, fault: Fault | str, after_s: float, arguments: Any) -> None:
        """Let something go wrong in the cluster.

        Args:
            fault: A value or a name.
            after_s: When, in seconds from now.
            arguments: Of a fault by name.
        """
        self._cluster.apply(fault, after_s, **arguments)

    def leader(self) -> int | None:
        """Give the index of who leads."""
        leader: SimulatedNode | None = self._cluster.leader
        return None if leader is None else leader.index

    def issue(self, names: Sequence[str], issuer: Issuer) -> KeyPair:
        """Mint a certificate.

        Args:
            names: The names on it.
            issuer: Who signs.
        """
        return self._signer(issuer).issue(names)

    def certbot(self, names: Sequence[str], proven_at: str | None) -> KeyPair:
        """Order a certificate by ACME.

        Args:
            names: The names on it.
            proven_at: A node's address to answer HTTP challenges on; DNS when None.
        """
        if self._public is None or self._lab.acme is None:
            raise LookupError("the lab has no acme")
        resolver = self._names.addresses[self._lab.acme.view]
        dns = (resolver, self._names.key_file) if proven_at is None else None
        return self._public.order(names, proven_at, dns)

    def present_at_ingress(self, number: int, certificate: KeyPair) -> None:
        """Let an Ingress present another certificate.

        Args:
            number: Which.
            certificate: From now on.
        """
        self._front.present(number, certificate)

    def ask_resolver(self, namespace: str, view: str) -> None:
        """Let a namespace see another view.

        Args:
            namespace: Which.
            view: The view.
        """
        network.ask_resolver(namespace, self._names.addresses[view])

    def resolver(self, view: str) -> str:
        """Give the address under which a view is asked.

        Args:
            view: Which.
        """
        return self._names.addresses[view]

    def change_names(self, view: str, records: Sequence[Record]) -> None:
        """Let a view say something else.

        Args:
            view: Which.
            records: All that it says.
        """
        self._names.say(view, records)

    def flows(self) -> tuple[meter.Flow, ...]:
        """Read the counters."""
        return meter.flows()

    def reset_flows(self) -> None:
        """Count from zero again."""
        meter.reset()

    def _build_network(self) -> None:
        lab, resolvers = self._lab, resolver_addresses(list(self._lab.views))
        network.prepare()
        network.build(
            [node.address for node in lab.nodes],
            [*lab.public_addresses, *resolvers.values(), ADDRESS],
        )
        meter.install(is_peered=lab.is_peered)
        for namespace, view in lab.resolvers.items():
            network.ask_resolver(namespace, resolvers[view])
            if (home := f"{namespace}-nodes") in network.HOMES:
                network.ask_resolver(home, resolvers[view])

    def _start_public_ca(self) -> PublicCa:
        acme = self._lab.acme
        view = next(iter(self._lab.views)) if acme is None else acme.view
        resolver = self._names.addresses[view]
        network.ask_resolver(network.WAN, resolver)
        return PublicCa(self._own, resolver, self._directory / "acme")

    def _write_ca_files(self) -> None:
        own = self._own.certificate_pem
        (self._directory / f"{Issuer.OWN}.crt").write_bytes(own)
        if self._public is not None:
            path = self._directory / f"{Issuer.PUBLIC}.crt"
            path.write_bytes(self._public.root_pem)

    def _start_front(self) -> Front:
        lab = self._lab
        certificates = [
            self.issue(each.names or tuple(each.backends), each.issuer)
            for each in lab.ingresses
        ]
        place = self._directory / "front"
        return Front(lab.balancers, lab.ingresses, certificates, place)

    def _start_cluster(self) -> PlacedCluster:
        certificates = [
            self.issue(
                node.names or (_host(node.advertise or node.address),), node.issuer
            )
            for node in self._lab.nodes
        ]
        cluster = PlacedCluster(self._lab, certificates, **self._lab.cluster)
        return cluster.start()

    def _signer(self, issuer: Issuer) -> CertificateAuthority:
        if issuer is Issuer.OWN:
            return self._own
        if self._public is None:
            raise LookupError(
                "the lab has no public CA: no node or Ingress asks for it"
            )
        return self._public.issuer


def serve(connection: Connection) -> None:
    """Build the lab that is sent, and obey until nobody is there any more.

    Args:
        connection: To `running`.
    """
    lab, directory = connection.recv()
    try:
        stack = Stack(lab, directory, connection)
    except Exception as error:  # noqa: BLE001 - told to who asked
        connection.send(("raised", f"{type(error).__name__}: {error}"))
        return
    connection.send(("gave", None))
    while True:
        verb, arguments, named = connection.recv()
        try:
            gave = getattr(stack, verb)(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - as above
            connection.send(("raised", f"{type(error).__name__}: {error}"))
        else:
            connection.send(("gave", gave))


def _host(advertised: str) -> str:
    return advertised.partition(":")[0]


if __name__ == "__main__":
    try:
        serve(Connection(int(sys.argv[1])))
    except EOFError:
        # Whoever asked is gone; nothing here is worth an orderly end.
        os._exit(0)
