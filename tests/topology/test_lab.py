"""The lab is what it says: networks, names, bytes, certificates; nothing stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509

from patience import wait_for
from tests.topology.lab.plan import (
    Acme,
    Balancer,
    Ingress,
    Issuer,
    Lab,
    Node,
    addresses,
)
from tests.topology.lab.requirement import require_lab
from tests.topology.lab.running import RunningLab, running_lab

pytestmark = pytest.mark.system

NODE, PUBLIC, INGRESS = "10.10.0.11", "203.0.113.11", "203.0.113.20"
NAME, BEHIND = "node1.kurrent.test", "node1.ingress.kurrent.test"
WHOLE = Lab(
    nodes=(
        Node(NODE, NAME),
        Node("10.20.0.11", "replica.kurrent.test", is_replica=True),
    ),
    views={
        "inside": addresses(NAME, NODE),
        "public": (*addresses(NAME, PUBLIC), *addresses(BEHIND, INGRESS)),
    },
    resolvers={"in": "inside", "peer": "inside", "out": "public"},
    balancers=(Balancer(PUBLIC, f"{NODE}:2113"),),
    ingresses=(Ingress(INGRESS, {BEHIND: f"{NODE}:2113"}, ports=(443, 8443)),),
    acme=Acme("inside"),
)
LINGERER = """
import socket, sys
for line in sys.stdin:
    try:
        print('"' + socket.gethostbyname(line.split('"')[3]) + '"', flush=True)
    except OSError as error:
        print('"' + str(error) + '"', flush=True)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    """One of everything."""
    require_lab(certbot=True)
    with running_lab(WHOLE) as running:
        yield running


def discovers(lab: RunningLab, namespace: str, seed: str, ca: Path) -> bool:
    """Whether a client there finds the cluster through a seed."""
    target = f"kurrentdb://{seed}?tlsCaFile={ca}"
    found = lab.run(
        namespace,
        "python",
        "-m",
        "kurrent_conn.cli",
        "discover",
        "--timeout",
        "5",
        target,
    )
    return found.code == 0 and NAME in found.output


def test_each_network_asks_its_view(lab: RunningLab) -> None:
    """The same name is another address outside; other names do not exist."""
    look = ("getent", "ahostsv4", NAME)
    assert lab.run("in", *look).output.startswith(f"{NODE} ")
    assert lab.run("peer", *look).output.startswith(f"{NODE} ")
    assert lab.run("out", *look).output.startswith(f"{PUBLIC} ")
    assert lab.run("in", "getent", "hosts", "example.com").code == 2


def test_a_running_program_sees_a_change_of_resolver_and_of_names(
    lab: RunningLab,
) -> None:
    """Another view, another zone, a frozen server: all without a restart."""
    program = lab.start("in", "-c", LINGERER)
    assert program.order(NAME) == NODE
    lab.ask_resolver("in", "public")
    assert program.order(NAME) == PUBLIC
    lab.ask_resolver("in", "inside")
    lab.change_names("inside", addresses(NAME, "10.10.0.99"))
    assert program.order(NAME) == "10.10.0.99"
    lab.change_names("inside", WHOLE.views["inside"])
    lab.signal_daemon("named", signal.SIGSTOP)
    try:
        assert "resolution" in program.order(NAME)
    finally:  # the other tests ask it as well
        lab.signal_daemon("named", signal.SIGCONT)
    assert program.order(NAME) == NODE
    assert program.end().code == 0


def test_only_the_way_through_the_balancer_is_counted(lab: RunningLab) -> None:
    """A client by the public address moves bytes, one that dials the node none."""
    lab.reset_flows()
    ca = lab.ca_file()
    assert discovers(lab, "in", NAME, ca)
    assert not lab.flows
    assert discovers(lab, "out", NAME, ca)
    (flow,) = lab.flows
    assert (flow.client, flow.address, flow.port) == ("198.51.100.10", PUBLIC, 2113)
    assert flow.received_bytes > 1000
    assert flow.sent_bytes > 1000
    assert lab.balancer_bytes("in") == 0
    assert lab.balancer_bytes("out") == flow.received_bytes + flow.sent_bytes


def test_the_internet_does_not_reach_private_addresses(lab: RunningLab) -> None:
    """What it sends there is swallowed; the peered network gets through."""
    probe = f"import socket; socket.create_connection(('{NODE}', 2113), 0.5)"
    assert lab.run("peer", "python", "-c", probe).code == 0
    refused = lab.run("out", "python", "-c", probe)
    assert refused.code == 1
    assert "timed out" in refused.errors


@pytest.mark.parametrize("port", [443, 8443])
def test_the_ingress_ends_tls(lab: RunningLab, port: int) -> None:
    """It presents a certificate of the public CA and passes gRPC to the node."""
    assert discovers(lab, "out", f"{BEHIND}:{port}", lab.ca_file(Issuer.PUBLIC))
    assert not discovers(lab, "out", f"{BEHIND}:{port}", lab.ca_file(Issuer.OWN))


def test_certificates_can_be_replaced_everywhere(lab: RunningLab) -> None:
    """At the Ingress and at a node, by either CA."""
    lab.present_at_ingress(0, lab.issue([BEHIND], Issuer.OWN))
    assert discovers(lab, "out", f"{BEHIND}:443", lab.ca_file(Issuer.OWN))
    lab.present_at_ingress(0, lab.issue([BEHIND], Issuer.PUBLIC))
    lab.present(0, lab.issue([NAME], Issuer.PUBLIC))
    assert discovers(lab, "in", NAME, lab.ca_file(Issuer.PUBLIC))
    lab.restore()
    assert discovers(lab, "in", NAME, lab.ca_file(Issuer.OWN))


@pytest.mark.parametrize(
    ("name", "proven_at"), [(NAME, NODE), ("*.kurrent.test", None)], ids=["http", "dns"]
)
def test_certbot_orders_from_pebble(
    lab: RunningLab, name: str, proven_at: str | None
) -> None:
    """A name is proved on the node's port 80, a wildcard by a record of DNS."""
    pair = lab.certbot(name, proven_at=proven_at)
    leaf, issuer = x509.load_pem_x509_certificates(pair.certificate_pem)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    root = x509.load_pem_x509_certificate(lab.ca_file(Issuer.PUBLIC).read_bytes())
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)


def test_what_goes_wrong_inside_is_told(lab: RunningLab) -> None:
    """A failed order says which and why, and the lab goes on."""
    with pytest.raises(RuntimeError, match="order_node: IndexError"):
        lab.present(7, lab.issue([NAME]))
    with pytest.raises(RuntimeError, match="KeyError: 'nowhere'"):
        lab.ask_resolver("in", "nowhere")
    assert lab.leader == 0


def test_a_lab_that_cannot_be_says_why() -> None:
    """The error carries what went wrong inside."""
    require_lab()
    lost = Lab(nodes=(Node("192.0.2.1"),), views={"any": ()}, resolvers={})
    with (
        pytest.raises(RuntimeError, match=r"no network has 192\.0\.2\.1"),
        running_lab(lost),
    ):
        pass


def test_a_killed_test_process_leaves_nothing() -> None:
    """Whoever was started inside dies with the process that asked for the lab."""
    require_lab()
    mark = f"mark-{uuid4().hex}"
    script = f"""
from tests.topology.lab.plan import Lab, Node
from tests.topology.lab.running import running_lab
with running_lab(Lab((Node("{NODE}"),), {{"any": ()}}, {{"in": "any"}})) as lab:
    lab.start("in", "-c", "input()", "{mark}")
    print(lab.directory, flush=True)
    input()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout is not None
        directory = asking.stdout.readline().strip()
        # In the middle of an exec a process shows no arguments.
        wait_for(lambda: len(marked(mark)) == 1)
        os.kill(asking.pid, signal.SIGKILL)
        wait_for(lambda: not marked(mark))
    # Files are all that a killed process leaves.
    shutil.rmtree(directory)


def marked(mark: str) -> list[str]:
    """List the processes that carry a mark among their arguments, but not this one."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in arguments:
            found.append(entry.parent.name)
    return found
