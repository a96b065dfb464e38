"""The door: bring a lab to life, and talk to it.

    with running_lab(LAB) as lab:
        application = lab.start("in", "-m", "tests.topology.application")
        application.order("connect", target=..., overrides=...)
        assert lab.balancer_bytes("in") == 0

Everything of it lives in namespaces of its own, so labs run side by side, and all of it
dies with this process.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import Any, Final

from kurrent_conn.testing import KeyPair
from kurrent_conn.testing.fault import Fault
from tests.topology.lab.meter import Flow
from tests.topology.lab.network import client_address
from tests.topology.lab.plan import Issuer, Lab, Record
from tests.topology.lab.program import Ended, Program

_ROOT: Final = Path(__file__).parents[3]
_ANSWERS_WITHIN_S: Final = 45.0
_ENDS_WITHIN_S: Final = 5.0
_OUTER: Final = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--net", "--pid", "--fork"),
    *("--kill-child=KILL", "--mount-proc"),
)
"""Nothing escapes: who is started within ends with the first process in there, that one
with this one, and `unshare` itself, which SIGTERM does not impress, with its parent."""


@contextmanager
def running_lab(lab: Lab) -> Iterator[RunningLab]:
    """Bring a lab to life; it serves when this returns, and is gone afterwards.

    Args:
        lab: What it consists of.

    Returns:
        What to talk to it with; of this thread only.

    Raises:
        RuntimeError: It could not be; with what went wrong inside.
    """
    # The one thing that stays on the machine: `ip netns exec` looks here.
    Path("/etc/netns").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="lab-"))
    ours, theirs = socket.socketpair()
    connection = Connection(ours.detach())
    with theirs:
        outer = _spawn(theirs.fileno(), directory)
    try:
        running = RunningLab(lab, connection, directory)
        try:
            yield running
        finally:
            running.end_programs()
    finally:
        connection.close()
        try:
            outer.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            outer.kill()
            outer.wait()
        shutil.rmtree(directory, ignore_errors=True)


class RunningLab:
    """A lab that runs.

    Args:
        lab: What it consists of.
        connection: To the process inside.
        directory: Where its files are, for all namespaces and for the test.
    """

    def __init__(self, lab: Lab, connection: Connection, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self._connection = connection
        self._programs: list[Program] = []
        connection.send((lab, directory))
        self._answer("the lab's start")

    # --- programs ---------------------------------------------------------------------

    def start(self, namespace: str, *arguments: str) -> Program:
        """Start our Python in a namespace.

        Args:
            namespace: `in`, `peer` or `out` (or `wan`, `in-nodes`, `peer-nodes`).
            arguments: Of the interpreter: `-m`, a module and its arguments. The
                repository's root is the working directory.
        """
        return self.start_command(namespace, sys.executable, *arguments)

    def start_command(self, namespace: str, *command: str) -> Program:
        """Start any program in a namespace.

        Args:
            namespace: As with `start`.
            command: The program and its arguments.
        """
        errors = self.directory / f"errors-{len(self._programs)}"
        stdin, write = os.pipe()
        read, stdout = os.pipe()
        stderr = os.open(errors, os.O_CREAT | os.O_WRONLY, 0o600)
        given = (stdin, stdout, stderr)
        self._connection.send(("spawn", (namespace, command), {}))
        for end in given:
            send_handle(self._connection, end, os.getpid())
            os.close(end)
        number = self._answer(" ".join(command))
        program = Program(
            write,
            read,
            errors,
            lambda timeout_s: int(self._do("reap", number, timeout_s)),
            lambda which: self._do("signal", number, which),
        )
        self._programs.append(program)
        return program

    def run(
        self, namespace: str, *command: str, given: str = "", timeout_s: float = 30.0
    ) -> Ended:
        """Run any program in a namespace to its end.

        Args:
            namespace: As with `start`.
            command: The program and its arguments; `python` is ours.
            given: Its input.
            timeout_s: How long it has, in seconds; then it is killed.
        """
        first = sys.executable if command[0] == "python" else command[0]
        program = self.start_command(namespace, first, *command[1:])
        return program.end(given, timeout_s)

    def end_programs(self) -> None:
        """End what still runs."""
        for program in self._programs:
            program.end()

    # --- nodes ------------------------------------------------------------------------

    def kill(self, index: int) -> None:
        """Kill a node; nobody is elected by that.

        Args:
            index: Its place in `Lab.nodes`.
        """
        self._do("order_node", "kill", index)

    def freeze(self, index: int) -> None:
        """Stop a node in its tracks.

        Args:
            index: Which.
        """
        self._do("order_node", "freeze", index)

    def thaw(self, index: int) -> None:
        """Let a frozen node go on.

        Args:
            index: Which.
        """
        self._do("order_node", "thaw", index)

    def restart(self, index: int) -> None:
        """Start a node again.

        Args:
            index: Which.
        """
        self._do("order_node", "restart", index)

    def present(self, index: int, certificate: KeyPair) -> None:
        """Let a node present another certificate from the next handshake on.

        Args:
            index: Which node.
            certificate: From `issue`, `certbot` or elsewhere.
        """
        self._do("order_node", "present", index, certificate=certificate)

    def elect(self, index: int, after_s: float = 0.0) -> None:
        """Hold an election.

        Args:
            index: Who wins.
            after_s: How long nobody leads, in seconds.
        """
        self._do("order_cluster", "elect", index, after_s)

    def apply(self, fault: Fault | str, after_s: float = 0.0, **given: Any) -> None:
        """Let something go wrong in the cluster, as `WatchedCluster.apply`.

        Args:
            fault: A value, or a name.
            after_s: When, in seconds from now.
            given: Arguments of a fault by name.
        """
        self._do("apply", fault, after_s, given)

    def restore(self) -> None:
        """Make the cluster whole again: all nodes run and behave, node 0 leads."""
        self._do("order_cluster", "restore")

    def wait_until_settled(self) -> None:
        """Wait until everybody follows the leader."""
        self._do("order_cluster", "wait_until_settled")

    @property
    def leader(self) -> int | None:
        """The index of who leads; None while nobody does."""
        leader: int | None = self._do("leader")
        return leader

    # --- names, certificates, bytes ---------------------------------------------------

    def ask_resolver(self, namespace: str, view: str) -> None:
        """Let a namespace see another view of DNS, its running programs included.

        Args:
            namespace: Which.
            view: A name of `Lab.views`.
        """
        self._do("ask_resolver", namespace, view)

    def resolver(self, view: str) -> str:
        """Give the address under which a view is asked.

        Args:
            view: A name of `Lab.views`.
        """
        return str(self._do("resolver", view))

    def change_names(self, view: str, records: Sequence[Record]) -> None:
        """Let a view say something else; it does when this returns.

        Answers that were given before may be kept for a second.

        Args:
            view: A name of `Lab.views`.
            records: All that it says from now on.
        """
        self._do("change_names", view, tuple(records))

    def signal_daemon(self, name: str, which: int) -> None:
        """Send a daemon a signal; SIGSTOP freezes it.

        Args:
            name: `named`, `nginx` or `pebble`.
            which: Which signal.
        """
        self._do("signal_daemon", name, which)

    def ca_file(self, issuer: Issuer = Issuer.OWN) -> Path:
        """Give the file with the root of a CA, readable in all namespaces.

        Args:
            issuer: Which CA.
        """
        return self.directory / f"{issuer}.crt"

    def issue(self, names: Sequence[str], issuer: Issuer = Issuer.OWN) -> KeyPair:
        """Mint a certificate at once; under pebble's root for the public CA.

        Args:
            names: The names on it.
            issuer: Who signs.
        """
        made: KeyPair = self._do("issue", tuple(names), issuer)
        return made

    def certbot(self, *names: str, proven_at: str | None = None) -> KeyPair:
        """Order a certificate by ACME, as operators do; takes seconds.

        Args:
            names: The names on it. Without `proven_at` they are proved by DNS: the
                zone of `Lab.acme` and its wildcard.
            proven_at: The node's address that the names lead to in the view of
                `Lab.acme`; certbot answers on its port 80.

        Raises:
            RuntimeError: Certbot failed; with what it said.
        """
        made: KeyPair = self._do("certbot", names, proven_at)
        return made

    def present_at_ingress(self, number: int, certificate: KeyPair) -> None:
        """Let an Ingress present another certificate; it does when this returns.

        Args:
            number: Its place in `Lab.ingresses`.
            certificate: From now on.
        """
        self._do("present_at_ingress", number, certificate)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """What passed the public addresses since the last reset."""
        read: tuple[Flow, ...] = self._do("flows")
        return read

    def reset_flows(self) -> None:
        """Count from zero again."""
        self._do("reset_flows")

    def balancer_bytes(self, namespace: str) -> int:
        """Add up what a namespace's clients moved through public addresses.

        Args:
            namespace: `in`, `peer` or `out`.

        Returns:
            Bytes of both directions, headers included, since the last reset.
        """
        own = client_address(namespace)
        mine = [flow for flow in self.flows if flow.client == own]
        return sum(flow.received_bytes + flow.sent_bytes for flow in mine)

    def _do(self, verb: str, *arguments: Any, **named: Any) -> Any:
        self._connection.send((verb, arguments, named))
        return self._answer(verb)

    def _answer(self, what: str) -> Any:
        if not self._connection.poll(_ANSWERS_WITHIN_S):
            raise TimeoutError(f"{what}: no answer from the lab")
        try:
            kind, gave = self._connection.recv()
        except EOFError:
            raise RuntimeError(f"{what}: the lab is gone") from None
        if kind == "raised":
            raise RuntimeError(f"{what}: {gave}")
        return gave


def _spawn(descriptor: int, directory: Path) -> subprocess.Popen[bytes]:
    paths = [str(_ROOT), str(_ROOT / "tests" / "support")]
    inner = (sys.executable, "-m", "tests.topology.lab.stack", str(descriptor))
    return subprocess.Popen(
        [*_OUTER, *inner],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        cwd=_ROOT,
        # What is killed leaves its files behind; here they are found.
        env={
            **os.environ,
            "TMPDIR": str(directory),
            "PYTHONPATH": os.pathsep.join(paths),
        },
    )
