"""Every fault of TLS, wherever it is met, in both flavours: found, and told in time.

A row a kind x {seed, gossip member, redirect target} x {blocking, asyncio}. The broken
node is named `n1.kurrent.test:2113` and reached by an override; the healthy one beside
it is a real server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest

import kurrent_conn
from kurrent_conn import DiscoveryError, Endpoint, aio
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from tests.shells.aio.ask import ask as ask_aio
from tests.shells.authority import NODE, issue
from tests.shells.blocking.ask import FORMS, ask
from tests.shells.chains import HEALTHY, ROOT, Row
from tests.shells.fake_cluster import ECHO, KINDS, FakeCluster, served
from tests.shells.tls_faults import FAULTS, Fault
from tests.shells.tls_server import greeting, port, server_context

BROKEN = Endpoint(NODE, 2113)
TIMEOUT_S = 20.0
SOON_S = 10.0
"""A generous bound: what is found ends the wait, which could last `TIMEOUT_S`."""


@pytest.fixture(scope="module")
def healthy() -> Iterator[FakeCluster]:
    """One node in order, a follower; the broken one leads."""
    leaf = issue(ROOT, cn="healthy", names=("127.0.0.1",))
    with FakeCluster(1, served(leaf)) as cluster:
        cluster.elect(None)
        cluster.outsider = BROKEN
        yield cluster


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one root that clients trust."""
    path = tmp_path_factory.mktemp("trust") / "ca.crt"
    path.write_bytes(ROOT.pem)
    return path


@contextmanager
def broken(fault: Fault, ca_file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve a fault; give the options of a connection string, and the override."""
    with fault.node() as number:
        yield f"?tlsCaFile={ca_file}", {NODE: f"127.0.0.1:{number}"}


def check(error: Any, fault: Fault, ca_file: Path, began_at: float) -> None:
    """The error carries the finding with its facts, and came within the deadline."""
    assert monotonic() - began_at < SOON_S
    (finding,) = error.findings
    check_facts(finding, fault, ca_file)
    (attempt,) = (a for a in error.attempts if a.endpoint == BROKEN)
    assert attempt.phase is Phase.TLS
    assert str(finding) in str(error)


def check_facts(finding: TlsFinding, fault: Fault, ca_file: Path) -> None:
    """Kind, endpoint, route, names, issuer, validity, CA file, and what to do."""
    assert finding.kind is fault.kind
    assert finding.endpoint == BROKEN
    assert finding.route.dial.host == "127.0.0.1"
    assert finding.route.server_name == finding.expected_name == NODE
    assert str(ca_file) in finding.trust
    assert finding.hint
    assert finding.presented_names == fault.names
    if fault.leaf is None:
        assert (finding.issuer, finding.not_before, finding.not_after) == (
            "",
            None,
            None,
        )
    else:
        certificate = fault.leaf.certificate
        assert finding.issuer == certificate.issuer.rfc4514_string()
        assert finding.not_before == certificate.not_valid_before_utc
        assert finding.not_after == certificate.not_valid_after_utc


def kind_of(fault: Fault) -> str:
    """Name a row."""
    return fault.kind.value


def test_there_is_a_row_for_every_kind() -> None:
    """The matrix leaves no kind of finding out."""
    assert {fault.kind for fault in FAULTS} == set(FindingKind)


faults = pytest.mark.parametrize("fault", FAULTS, ids=kind_of)


@faults
def test_a_seed(fault: Fault, ca_file: Path) -> None:
    """`connect` fails with the finding, long before its timeout."""
    with broken(fault, ca_file) as (options, overrides):
        began_at = monotonic()
        with pytest.raises(DiscoveryError) as caught:
            kurrent_conn.connect(
                f"kurrentdb://{BROKEN}{options}", overrides=overrides, timeout=TIMEOUT_S
            )
    check(caught.value, fault, ca_file, began_at)


@faults
def test_a_gossip_member(fault: Fault, ca_file: Path, healthy: FakeCluster) -> None:
    """The leader that a healthy seed names is broken: so is the wait for it."""
    seed = healthy.nodes[0].endpoint
    with broken(fault, ca_file) as (options, overrides):
        began_at = monotonic()
        with pytest.raises(DiscoveryError) as caught:
            kurrent_conn.connect(
                f"kurrentdb+discover://{seed}{options}",
                overrides=overrides,
                timeout=TIMEOUT_S,
            )
    check(caught.value, fault, ca_file, began_at)


@faults
def test_a_redirect_target(fault: Fault, ca_file: Path, healthy: FakeCluster) -> None:
    """A call that is sent on to a broken leader fails with the finding."""
    seed = healthy.nodes[0].endpoint
    with (
        broken(fault, ca_file) as (options, overrides),
        kurrent_conn.connect(
            f"kurrentdb://{seed}{options}", overrides=overrides, timeout=TIMEOUT_S
        ) as connection,
    ):
        call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
        began_at = monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            call(b"a", timeout=TIMEOUT_S)
    check(caught.value, fault, ca_file, began_at)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE


@faults
async def test_a_seed_in_asyncio(fault: Fault, ca_file: Path) -> None:
    """The twin tells the same."""
    with broken(fault, ca_file) as (options, overrides):
        began_at = monotonic()
        with pytest.raises(DiscoveryError) as caught:
            await aio.connect(
                f"kurrentdb://{BROKEN}{options}", overrides=overrides, timeout=TIMEOUT_S
            )
    check(caught.value, fault, ca_file, began_at)


@faults
async def test_a_gossip_member_in_asyncio(
    fault: Fault, ca_file: Path, healthy: FakeCluster
) -> None:
    """The twin tells the same."""
    seed = healthy.nodes[0].endpoint
    with broken(fault, ca_file) as (options, overrides):
        began_at = monotonic()
        with pytest.raises(DiscoveryError) as caught:
            await aio.connect(
                f"kurrentdb+discover://{seed}{options}",
                overrides=overrides,
                timeout=TIMEOUT_S,
            )
    check(caught.value, fault, ca_file, began_at)


@faults
async def test_a_redirect_target_in_asyncio(
    fault: Fault, ca_file: Path, healthy: FakeCluster
) -> None:
    """The twin tells the same."""
    seed = healthy.nodes[0].endpoint
    with broken(fault, ca_file) as (options, overrides):
        async with aio.connect(
            f"kurrentdb://{seed}{options}", overrides=overrides, timeout=TIMEOUT_S
        ) as connection:
            call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
            began_at = monotonic()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"a", timeout=TIMEOUT_S)
    check(caught.value, fault, ca_file, began_at)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_call_carries_the_finding(form: str, ca_file: Path) -> None:
    """Calls, futures and streams on a node that broke after `connect(lazy=True)`."""
    fault = FAULTS[0]
    with (
        broken(fault, ca_file) as (options, overrides),
        kurrent_conn.connect(
            f"kurrentdb://{BROKEN}{options}", overrides=overrides, lazy=True
        ) as connection,
    ):
        began_at = monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            ask(connection.channel, form, b"a", timeout=TIMEOUT_S)
    check(caught.value, fault, ca_file, began_at)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_asyncio_call_carries_it(kind: str, ca_file: Path) -> None:
    """The twin's four kinds."""
    fault = FAULTS[0]
    with broken(fault, ca_file) as (options, overrides):
        async with aio.connect(
            f"kurrentdb://{BROKEN}{options}", overrides=overrides, lazy=True
        ) as connection:
            began_at = monotonic()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ask_aio(connection.channel, kind, b"a", timeout=TIMEOUT_S)
    check(caught.value, fault, ca_file, began_at)


def test_a_leader_that_gossip_does_not_list(
    ca_file: Path, healthy: FakeCluster
) -> None:
    """A redirect alone names it: the call's error still says what is wrong there."""
    fault, node = FAULTS[0], healthy.nodes[0]
    healthy.lists_outsider = False
    try:
        with (
            broken(fault, ca_file) as (options, overrides),
            kurrent_conn.connect(
                f"kurrentdb://{node.endpoint}{options}", overrides=overrides
            ) as connection,
        ):
            call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
            with pytest.raises(grpc.RpcError) as caught:
                call(b"a", timeout=1)
    finally:
        healthy.lists_outsider = True
    error: Any = caught.value
    assert [finding.kind for finding in error.findings] == [fault.kind]


def sound(number: int, row: Row) -> tuple[Endpoint, dict[str, str]]:
    """Give the endpoint of a healthy row's name, and the override that leads there."""
    return Endpoint(row.name, 2113), {row.name: f"127.0.0.1:{number}"}


SERVED = tuple(
    row for row in HEALTHY if row.leaf.key_kind in {"rsa2048", "p256", "p384"}
)


@pytest.mark.parametrize("row", SERVED, ids=lambda row: row.id)
def test_nobody_is_accused_on_a_healthy_chain(row: Row, tmp_path: Path) -> None:
    """It connects and calls; and where it then hangs up, no finding is made of it."""
    ca_file = tmp_path / "ca.crt"
    ca_file.write_bytes(row.root_pem)
    string = f"kurrentdb://{{}}?tlsCaFile={ca_file}&maxDiscoverAttempts=1"
    with FakeCluster(1, served(row.leaf, row.chain)) as cluster:
        endpoint, overrides = sound(cluster.nodes[0].port, row)
        with kurrent_conn.connect(string.format(endpoint), overrides=overrides) as c:
            assert ask(c.channel, "unary_unary", b"a") == b"0:a"
    with port(greeting(server_context(row.leaf, chain=row.chain))) as number:
        endpoint, overrides = sound(number, row)
        with pytest.raises(DiscoveryError) as caught:
            kurrent_conn.connect(string.format(endpoint), overrides=overrides)
    assert caught.value.attempts
    assert caught.value.findings == ()
