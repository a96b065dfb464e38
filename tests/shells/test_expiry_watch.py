"""Certificates that end soon are told of, a node's and our own, once each."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import kurrent_conn
from kurrent_conn import Endpoint, Settings, aio
from kurrent_conn.core.expiry import WITHIN_S
from kurrent_conn.core.notice import CertificateExpiring, Notice
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node
from kurrent_conn.shells.expiry_watch import ExpiryWatch
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification
from kurrent_conn.testing import CertificateAuthority, KeyPair, SimulatedCluster
from tests.shells.authority import CLIENT, DAY, NODE, NOW, Issued, issue, root
from tests.shells.chains import PLAIN, ROOT
from tests.shells.tls_server import greeting, port, server_context

SETTINGS = Settings(hosts=(Endpoint(NODE, 2113),))
SOON = NOW + 3 * DAY
PATIENCE_S = 15.0


def watch(trust: Trust | None, within_s: float = WITHIN_S) -> ExpiryWatch:
    """Make a watch over a trust."""
    return ExpiryWatch(Verification(SETTINGS, trust), within_s)


def node(number: int) -> Node:
    """Make an open node that listens on a port."""
    route = Route(Endpoint("127.0.0.1", number), NODE)
    return Node(Endpoint(NODE, 2113), route, 1)


def seen(leaf: Issued, trust: Trust, within_s: float = WITHIN_S) -> list[str]:
    """Look at a server twice, and give the subjects that were told."""
    watching = watch(trust, within_s)
    with port(greeting(server_context(leaf))) as number:
        found = [*watching.look([node(number)]), *watching.look([node(number)])]
    assert {each.endpoint for each in found} <= {Endpoint(NODE, 2113)}
    return [each.expiring.subject for each in found]


def test_a_nodes_certificate_that_ends_soon_is_told_once() -> None:
    """Fourteen days are soon, and a second look says nothing again."""
    trust = Trust(ROOT.pem)
    assert seen(issue(ROOT, not_after=SOON), trust) == [f"CN={NODE}"]
    assert seen(PLAIN, trust) == []


def test_soon_can_be_chosen() -> None:
    """A hundred days warn of a certificate with ninety; two days of none with three."""
    trust = Trust(ROOT.pem)
    assert f"CN={NODE}" in seen(PLAIN, trust, 100 * 86400)
    assert seen(issue(ROOT, not_after=SOON), trust, 2 * 86400) == []


def test_a_ca_that_ends_soon_is_told_with_the_node_that_depends_on_it() -> None:
    """The node's own certificate is young, its issuer is not."""
    old = root("An Old Root", not_after=SOON)
    assert seen(issue(old), Trust(old.pem)) == ["CN=An Old Root"]


def test_our_own_certificate_is_told_without_a_node() -> None:
    """It is known from its file."""
    ours = issue(ROOT, cn="ouro", names=None, usage=(CLIENT,), not_after=SOON)
    trust = Trust(ROOT.pem, ours.pem, ours.key_pem)
    watching = watch(trust)
    (notice,) = watching.look([])
    assert (notice.endpoint, notice.expiring.subject) == (None, "CN=ouro")
    assert str(notice).startswith("our own: the certificate of ")
    assert watching.look([]) == ()


def test_a_silent_or_absent_node_is_no_trouble() -> None:
    """What cannot be seen is not told."""
    with port(lambda visitor: visitor.close()) as number:
        assert watch(Trust(ROOT.pem)).look([node(number)]) == ()
    assert watch(Trust(ROOT.pem)).look([node(number)]) == ()


def test_it_can_be_switched_off() -> None:
    """Zero seconds look at nothing, and so does a connection without TLS."""
    assert watch(Trust(ROOT.pem)).is_needed
    assert not watch(Trust(ROOT.pem), 0).is_needed
    assert not watch(None).is_needed
    assert watch(None).look([]) == ()


@pytest.fixture(scope="module")
def ending() -> Iterator[SimulatedCluster]:
    """A cluster whose certificates have three days left."""
    authority = CertificateAuthority.create()

    def certificate(_: int) -> KeyPair:
        end = datetime.now(UTC) + timedelta(days=3)
        return authority.issue(["127.0.0.1"], not_after=end)

    with SimulatedCluster(1, authority=authority, certificates=certificate) as cluster:
        yield cluster


def test_a_connection_tells_its_user(
    ending: SimulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """The event comes by itself, with the node and the date, and is logged."""
    heard: list[CertificateExpiring] = []
    came = threading.Event()

    def on_event(notice: Notice) -> None:
        if isinstance(notice, CertificateExpiring):
            heard.append(notice)
            came.set()

    with (
        caplog.at_level(logging.WARNING, logger="kurrent_conn"),
        kurrent_conn.connect(ending.connection_string(), on_event=on_event),
    ):
        assert came.wait(PATIENCE_S)
    (notice,) = heard
    assert notice.endpoint == ending.nodes[0].advertised
    assert "127.0.0.1" in notice.expiring.names
    assert f"{notice.expiring.not_after:%Y-%m-%d}, in 2 days" in str(notice)
    assert str(notice) in caplog.text


async def test_asyncio_tells_its_user(ending: SimulatedCluster) -> None:
    """The twin looks in a thread, and tells on its loop."""
    came: asyncio.Future[CertificateExpiring] = asyncio.Future()

    def on_event(notice: Notice) -> None:
        if isinstance(notice, CertificateExpiring):
            came.set_result(notice)

    async with (
        asyncio.timeout(PATIENCE_S),
        aio.connect(ending.connection_string(), on_event=on_event),
    ):
        assert (await came).endpoint == ending.nodes[0].advertised
