"""One application, three networks: overrides spare the detour and change no identity.

The nodes advertise public names that lead to balancers everywhere, as the operator's
`clientTrafficStrategy: FQDN` has it. Inside the cluster its DNS also knows service
names; the peered network reaches the nodes by address alone, the internet not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kurrent_conn.testing import CertificateAuthority
from patience import wait_for
from tests.topology.lab.plan import Balancer, Lab, Node, Record, addresses
from tests.topology.lab.program import Program
from tests.topology.lab.requirement import require_lab
from tests.topology.lab.running import RunningLab, running_lab

pytestmark = pytest.mark.system

NUMBERS = (1, 2, 3)
NAMES = tuple(f"node{number}.kurrent.test" for number in NUMBERS)
PRIVATE = tuple(f"10.10.0.1{number}" for number in NUMBERS)
SERVICE = "mydb.kurrent.svc.cluster.local"
NETWORKS = ("in", "peer", "out")
PAYLOAD_BYTES = 100_000
APPENDS = 4

PUBLIC_NAMES: tuple[Record, ...] = tuple(
    Record(name, f"203.0.113.1{number}")
    for name, number in zip(NAMES, NUMBERS, strict=True)
)
CLUSTER = "cluster.kurrent.test"
"""The name of all nodes together, for `+discover`; it leads to the balancers."""

SERVICE_NAMES: tuple[Record, ...] = tuple(
    Record(f"mydb-{number}.{SERVICE}", address)
    for number, address in zip(NUMBERS, PRIVATE, strict=True)
)
ALL = addresses(CLUSTER, *(record.value for record in PUBLIC_NAMES))
LAB = Lab(
    nodes=tuple(
        Node(address, name, (name, CLUSTER))
        for address, name in zip(PRIVATE, NAMES, strict=True)
    ),
    views={
        "cluster": (*PUBLIC_NAMES, *ALL, *SERVICE_NAMES),
        "public": (*PUBLIC_NAMES, *ALL),
    },
    resolvers={"in": "cluster", "peer": "public", "out": "public"},
    balancers=tuple(
        Balancer(record.value, f"{address}:2113")
        for record, address in zip(PUBLIC_NAMES, PRIVATE, strict=True)
    ),
)

INSIDE = f"""
[[override]]
regex = 'node([0-9])\\.kurrent\\.test'
target = "mydb-{{1}}.{SERVICE}"
"""
EVERYWHERE = f"""
[[override]]
regex = 'node([0-9])\\.kurrent\\.test'
target = ["mydb-{{1}}.{SERVICE}", "10.10.0.1{{1}}"]
otherwise = "advertised"
"""
BY_ADDRESS = INSIDE + "".join(
    f"""
[[override]]
cidr = "{record.value}/32"
target = "{address}"
"""
    for record, address in zip(PUBLIC_NAMES, PRIVATE, strict=True)
)
CROSSED = f"""
[[override]]
exact = "node1.kurrent.test"
target = "mydb-2.{SERVICE}"

[[override]]
exact = "node2.kurrent.test"
target = "mydb-3.{SERVICE}"

[[override]]
exact = "node3.kurrent.test"
target = "mydb-1.{SERVICE}"
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningLab]:
    """One lab for all."""
    require_lab()
    with running_lab(LAB) as running:
        yield running


@pytest.fixture
def lab(shared: RunningLab) -> RunningLab:
    """The same lab, whole, and nothing counted yet."""
    shared.restore()
    shared.reset_flows()
    return shared


class App:
    """The application in one network.

    Args:
        lab: Where.
        network: In which network.
    """

    def __init__(self, lab: RunningLab, network: str) -> None:
        self.program: Program = lab.start(network, "-m", "tests.topology.application")
        self._directory = lab.directory

    def order(self, order: str, **given: Any) -> Any:
        """Let it do something that succeeds."""
        outcome = self.program.order(order, **given)
        assert "gave" in outcome, outcome
        return outcome["gave"]

    def connect(
        self,
        rules: str | None,
        ca_file: Path,
        given: str = f"kurrentdb://admin:changeit@{','.join(NAMES)}",
        **options: Any,
    ) -> Any:
        """Let it connect; the rules are a file, as they are for people."""
        outcome = self.program.order(
            "connect",
            target=f"{given}?tlsCaFile={ca_file}",
            overrides=None if rules is None else str(self._written(rules)),
            options={"timeout": 15.0, **options},
        )
        return outcome.get("gave") or outcome["failed"]

    @property
    def last_opened(self) -> dict[str, str]:
        """Which node was opened last, and where it is dialled."""
        opened: dict[str, str] = self.order("state")["opened"][-1]
        return opened

    def _written(self, rules: str) -> Path:
        file = self._directory / f"overrides-{id(self)}.toml"
        file.write_text(rules)
        return file


def works_through_a_failover(lab: RunningLab, network: str, rules: str | None) -> App:
    """Connect, append, lose the leader, append on; all of it arrives."""
    app = App(lab, network)
    stream = f"orders-{network}-{id(app)}"
    assert app.connect(rules, lab.ca_file())["leader"] == f"{NAMES[0]}:2113"
    for _ in range(APPENDS // 2):
        app.order("append", stream=stream, size=PAYLOAD_BYTES)
    lab.kill(0)
    lab.elect(1, after_s=0.2)
    for _ in range(APPENDS // 2):
        app.order("append", stream=stream, size=PAYLOAD_BYTES)
    assert app.order("read", stream=stream) == APPENDS
    assert app.order("state")["leader"] == f"{NAMES[1]}:2113"
    return app


@pytest.mark.parametrize("network", NETWORKS)
def test_without_overrides_every_byte_takes_the_detour(
    lab: RunningLab, network: str
) -> None:
    """All that is appended and read back passes the balancer, from every network."""
    works_through_a_failover(lab, network, None).program.end()
    moved = [flow for flow in lab.flows if flow.port == 2113]
    assert sum(flow.received_bytes for flow in moved) > APPENDS * PAYLOAD_BYTES
    assert sum(flow.sent_bytes for flow in moved) > APPENDS * PAYLOAD_BYTES


def test_with_overrides_no_byte_passes_the_balancer(lab: RunningLab) -> None:
    """Connecting, appending and failing over cost the balancer nothing at all."""
    works_through_a_failover(lab, "in", INSIDE).program.end()
    assert lab.balancer_bytes("in") == 0
    assert not lab.flows


@pytest.mark.parametrize("rules", [None, BY_ADDRESS], ids=["no rules", "by address"])
def test_what_discover_finds_goes_by_the_rules(
    lab: RunningLab, rules: str | None
) -> None:
    """`+discover` asks real DNS, which knows balancers; rules lead past them."""
    app = App(lab, "in")
    given = f"kurrentdb+discover://admin:changeit@{CLUSTER}"
    assert app.connect(rules, lab.ca_file(), given)["leader"] == f"{NAMES[0]}:2113"
    app.order("append", stream=f"found-{id(app)}", size=PAYLOAD_BYTES)
    app.program.end()
    if rules is None:
        assert lab.balancer_bytes("in") > PAYLOAD_BYTES
    else:
        assert not lab.flows


@pytest.mark.parametrize("network", ["in", "peer"])
def test_one_file_for_all_networks_goes_the_direct_way(
    lab: RunningLab, network: str
) -> None:
    """Service names in the pod, addresses in the peered network.

    The advertised name is tried for the dead node alone, whose direct ways all fail.
    """
    app = works_through_a_failover(lab, network, EVERYWHERE)
    opened = app.order("state")["opened"]
    app.program.end()
    direct = {"in": f"mydb-1.{SERVICE}", "peer": PRIVATE[0]}[network]
    assert opened[0] == {"node": NAMES[0], "dial": direct}
    assert {flow.address for flow in lab.flows} <= {PUBLIC_NAMES[0].value}
    assert lab.balancer_bytes(network) < PAYLOAD_BYTES


def test_one_file_for_all_networks_goes_outside_too(lab: RunningLab) -> None:
    """Where neither service names nor addresses lead anywhere, the advertised does."""
    app = works_through_a_failover(lab, "out", EVERYWHERE)
    opened = app.order("state")["opened"]
    app.program.end()
    assert opened[0] == {"node": NAMES[0], "dial": NAMES[0]}
    assert lab.balancer_bytes("out") > 2 * APPENDS * PAYLOAD_BYTES


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rules", [None, EVERYWHERE], ids=["no rules", "everywhere"])
def test_certificates_are_verified_by_every_route(
    lab: RunningLab, network: str, rules: str | None
) -> None:
    """Under another CA no network connects, with or without overrides."""
    stranger = lab.directory / "stranger.crt"
    stranger.write_bytes(CertificateAuthority.create("stranger").certificate_pem)
    app = App(lab, network)
    failed = app.connect(rules, stranger, timeout=2.0)
    app.program.end()
    assert failed["type"] == "DiscoveryError"
    assert set(failed["findings"]) == {"untrusted"}


def test_a_wrong_override_fails_and_impersonates_nobody(lab: RunningLab) -> None:
    """Each name is led to another node, which has a good certificate: not for it."""
    app = App(lab, "in")
    failed = app.connect(CROSSED, lab.ca_file())
    app.program.end()
    assert failed["type"] == "DiscoveryError"
    assert set(failed["findings"]) == {"name_mismatch"}
    assert lab.balancer_bytes("in") == 0


def test_a_node_of_the_same_ca_cannot_pose_as_another(lab: RunningLab) -> None:
    """An override to a server with any other name of that CA is refused the same."""
    for index in range(len(NAMES)):
        lab.present(index, lab.issue([f"evil{index}.kurrent.test", *PRIVATE]))
    app = App(lab, "in")
    failed = app.connect(INSIDE, lab.ca_file())
    app.program.end()
    assert set(failed["findings"]) == {"name_mismatch"}


def test_a_route_that_goes_away_is_left_and_found_again(lab: RunningLab) -> None:
    """The peering ends: the balancer serves. It is back: calls leave the balancer."""
    app = App(lab, "peer")
    app.connect(EVERYWHERE, lab.ca_file())
    app.order("append", stream="moved", size=10)
    assert lab.balancer_bytes("peer") == 0
    for address in PRIVATE:
        lab.run("peer", "ip", "route", "add", "unreachable", address)
    lab.kill(0)
    lab.elect(1)
    app.order("append", stream="moved", size=PAYLOAD_BYTES)
    assert app.last_opened == {"node": NAMES[1], "dial": NAMES[1]}
    assert lab.balancer_bytes("peer") > PAYLOAD_BYTES
    for address in PRIVATE:
        lab.run("peer", "ip", "route", "del", "unreachable", address)
    wait_for(lambda: app.last_opened == {"node": NAMES[1], "dial": PRIVATE[1]})
    lab.reset_flows()
    app.order("append", stream="moved", size=PAYLOAD_BYTES)
    assert app.order("read", stream="moved") == 3
    app.program.end()
    assert lab.balancer_bytes("peer") < PAYLOAD_BYTES


def test_a_changed_resolver_is_asked(lab: RunningLab) -> None:
    """A pod whose DNS has no service names goes by address until it has."""
    lab.ask_resolver("in", "public")
    app = App(lab, "in")
    app.connect(EVERYWHERE, lab.ca_file())
    assert app.last_opened == {"node": NAMES[0], "dial": PRIVATE[0]}
    lab.ask_resolver("in", "cluster")
    by_name = {"node": NAMES[0], "dial": f"mydb-1.{SERVICE}"}
    wait_for(lambda: app.last_opened == by_name)
    app.order("append", stream="asked", size=10)
    app.program.end()
