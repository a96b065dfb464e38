"""Certificates of a public CA for real: ordered by ACME, at the nodes or at an Ingress.

The operator's guide has two ways to them: names that the public CA can vouch for on the
nodes themselves, or both kinds of certificate: self-signed ones on the nodes, and an
Ingress in front that ends TLS with public ones, one host a node. Here pebble is the
public CA, certbot orders from it what the nodes present, and nginx is the Ingress.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kurrent_conn.testing import KeyPair
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

NAMES = tuple(f"node{number}.kurrent.test" for number in (1, 2, 3))
PRIVATE = tuple(f"10.10.0.1{number}" for number in (1, 2, 3))
PUBLIC = tuple(f"203.0.113.1{number}" for number in (1, 2, 3))
INGRESS = "203.0.113.20"
PORTS = (443, 8443, 443)
WILDCARD = "*.kurrent.test"

THROUGH_INGRESS = Lab(
    nodes=tuple(
        Node(
            address,
            f"{name}:{port}",
            names=(f"mydb-{number}.mydb.kurrent.svc.cluster.local",),
        )
        for number, (address, name, port) in enumerate(
            zip(PRIVATE, NAMES, PORTS, strict=True)
        )
    ),
    views={
        "public": tuple(record for name in NAMES for record in addresses(name, INGRESS))
    },
    resolvers={"in": "public", "out": "public"},
    ingresses=(
        Ingress(
            INGRESS,
            {
                name: f"{address}:2113"
                for name, address in zip(NAMES, PRIVATE, strict=True)
            },
            ports=(443, 8443),
        ),
    ),
)
AT_THE_NODES = Lab(
    nodes=tuple(map(Node, PRIVATE, NAMES)),
    views={
        "public": tuple(
            record
            for name, address in zip(NAMES, PUBLIC, strict=True)
            for record in addresses(name, address)
        )
    },
    resolvers={"in": "public", "out": "public"},
    balancers=tuple(
        Balancer(public, f"{private}:2113")
        for public, private in zip(PUBLIC, PRIVATE, strict=True)
    ),
    acme=Acme("public"),
)


@pytest.fixture(scope="module")
def behind_ingress() -> Iterator[RunningLab]:
    """Self-signed nodes; the Ingress has a certificate of the public CA."""
    require_lab(public_ca=True)
    with running_lab(THROUGH_INGRESS) as lab:
        yield lab


@pytest.fixture(scope="module")
def vouched_for() -> Iterator[RunningLab]:
    """The nodes themselves have what certbot ordered."""
    require_lab(certbot=True)
    with running_lab(AT_THE_NODES) as lab:
        yield lab


@pytest.fixture(scope="module")
def ordered(vouched_for: RunningLab) -> KeyPair:
    """What certbot ordered for the nodes."""
    return vouched_for.certbot(WILDCARD)


@pytest.fixture(params=["behind_ingress", "vouched_for"])
def lab(request: pytest.FixtureRequest) -> RunningLab:
    """Either way; the cluster is whole."""
    running: RunningLab = request.getfixturevalue(request.param)
    running.restore()
    if not running.lab.ingresses:
        certificate: KeyPair = request.getfixturevalue("ordered")
        for index in range(len(NAMES)):
            running.present(index, certificate)
    return running


def seeds(lab: RunningLab, *indices: int) -> str:
    """Write the endpoints that nodes advertise."""
    return ",".join(str(lab.lab.nodes[index].advertise) for index in indices)


class App:
    """The application on the internet, whose trust is the public CA's root."""

    def __init__(self, lab: RunningLab, issuer: Issuer = Issuer.PUBLIC) -> None:
        self._program = lab.start("out", "-m", "tests.topology.application")
        self._trust = f"tlsCaFile={lab.ca_file(issuer)}"

    def connect(self, hosts: str, **options: Any) -> Any:
        """Connect; give the outcome."""
        return self._program.order(
            "connect",
            target=f"kurrentdb://admin:changeit@{hosts}?{self._trust}",
            overrides=options.pop("overrides", None),
            options={"timeout": 15.0, **options},
        )

    def order(self, order: str, **given: Any) -> Any:
        """Let it do something that succeeds."""
        outcome = self._program.order(order, **given)
        assert "gave" in outcome, outcome
        return outcome["gave"]

    def opened(self) -> list[str]:
        """List the nodes that were opened, in order of time."""
        return [each["node"] for each in self.order("state")["opened"]]

    def end(self) -> None:
        """End it."""
        self._program.end()


@pytest.fixture
def app(lab: RunningLab) -> Iterator[App]:
    """One application, ended with the test."""
    running = App(lab)
    yield running
    running.end()


def test_it_connects_and_calls(lab: RunningLab, app: App) -> None:
    """Discovery by gossip, an append and a read, all verified by the public root."""
    assert "gave" in app.connect(seeds(lab, 0, 1, 2))
    assert app.opened() == [NAMES[0]]
    app.order("append", stream="plain", size=1000)
    assert app.order("read", stream="plain") >= 1


def test_it_fails_over(lab: RunningLab, app: App) -> None:
    """The leader dies and another is elected: appends go on there."""
    app.connect(seeds(lab, 0, 1, 2))
    app.order("append", stream="failover", size=1000)
    before = app.order("read", stream="failover")
    lab.kill(0)
    lab.elect(1, after_s=0.2)
    app.order("append", stream="failover", size=1000)
    assert app.opened()[-1] == NAMES[1]
    assert app.order("read", stream="failover") == before + 1


def test_it_is_redirected(lab: RunningLab, app: App) -> None:
    """One follower is given: its not-leader answer leads to the leader's own host."""
    app.connect(seeds(lab, 2))
    assert app.opened() == [NAMES[2]]
    app.order("append", stream="redirect", size=1000)
    assert app.opened()[-1] == NAMES[0]


def test_a_frozen_leader_is_left(lab: RunningLab, app: App) -> None:
    """It answers nothing, whatever stands in front of it keeps the connection."""
    app.connect(seeds(lab, 0, 1, 2))
    app.order("append", stream="frozen", size=1000)
    lab.freeze(0)
    lab.elect(1, after_s=0.2)
    app.order("append", stream="frozen", size=1000)
    assert app.opened()[-1] == NAMES[1]
    lab.thaw(0)


def test_another_root_does_not_verify_it(lab: RunningLab) -> None:
    """The cluster's own CA vouches for none of the names: untrusted, for each host."""
    stranger = App(lab, Issuer.OWN)
    failed = stranger.connect(seeds(lab, 0, 1, 2))["failed"]
    stranger.end()
    assert failed["type"] == "DiscoveryError"
    assert failed["findings"] == ["untrusted"] * 3, failed["message"]


def test_a_wrong_name_is_refused(lab: RunningLab, app: App) -> None:
    """A name that the wildcard does not cover, led to a good node by an override.

    At the Ingress no host has that name: it ends the handshake with an alert.
    """
    host = "deep.node1.kurrent.test"
    _, _, port = seeds(lab, 0).rpartition(".test")
    failed = app.connect(
        f"{host}{port or ':2113'}", overrides={host: NAMES[0]}, timeout=5.0
    )["failed"]
    assert failed["type"] == "DiscoveryError"
    if lab.lab.ingresses:
        assert "UNRECOGNIZED_NAME" in failed["message"]
    else:
        assert failed["findings"] == ["name_mismatch"]
        assert "`*.kurrent.test` does not cover" in failed["message"]
