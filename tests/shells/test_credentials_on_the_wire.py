"""Credentials reach nobody who has not proved who he is: seen on the wire.

A server that writes down every byte stands where a node should be. That it would hear
the credentials is shown first, by the cases in which they may be sent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

import kurrent_conn
from kurrent_conn import Endpoint, KurrentConnError, UntrustedName, aio
from tests.shells.authority import NODE, issue
from tests.shells.chains import OTHER, PLAIN, ROOT
from tests.shells.fake_cluster import ECHO, FakeCluster, served
from tests.shells.test_tls_matrix import kind_of
from tests.shells.tls_faults import FAULTS, Fault
from tests.shells.tls_server import port, recording, server_context

LISTENER = Endpoint(NODE, 2113)
SECRETS = (b64encode(b"admin:changeit"), b"changeit", b"authorization")
LIMIT_S = 2.0


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one root that clients trust."""
    path = tmp_path_factory.mktemp("trust") / "ca.crt"
    path.write_bytes(ROOT.pem)
    return path


@pytest.fixture(scope="module")
def healthy() -> Iterator[FakeCluster]:
    """A node in order that wants credentials; the listener leads, it says."""
    leaf = issue(ROOT, cn="healthy", names=("127.0.0.1",))
    with FakeCluster(1, served(leaf)) as cluster:
        cluster.elect(None)
        cluster.outsider = LISTENER
        cluster.demands_credentials = True
        yield cluster


@pytest.fixture(scope="module")
def plaintext() -> Iterator[FakeCluster]:
    """The same without TLS; nobody is asked who he is."""
    with FakeCluster(1) as cluster:
        cluster.elect(None)
        cluster.outsider = LISTENER
        yield cluster


def uri(host: Endpoint, *, discover: bool = False, **options: Any) -> str:
    """Write a connection string with credentials."""
    scheme = "kurrentdb+discover" if discover else "kurrentdb"
    query = "&".join(f"{key}={value}" for key, value in options.items())
    return f"{scheme}://admin:changeit@{host}?maxDiscoverAttempts=2&{query}"


def use(string: str, number: int, **options: Any) -> None:
    """Connect and call; the listener's name leads to its port. Errors are expected."""
    given: dict[str, Any] = {"timeout": LIMIT_S, **options}
    overrides = {NODE: f"127.0.0.1:{number}"}
    with (
        suppress(KurrentConnError, grpc.RpcError),
        kurrent_conn.connect(
            string, lazy=True, overrides=overrides, **given
        ) as connection,
    ):
        call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
        call(b"a", timeout=given["timeout"])


async def use_aio(string: str, number: int, timeout_s: float = LIMIT_S) -> None:
    """Do the same in asyncio."""
    overrides = {NODE: f"127.0.0.1:{number}"}
    with suppress(KurrentConnError, grpc.RpcError):
        async with aio.connect(
            string, lazy=True, overrides=overrides, timeout=timeout_s
        ) as connection:
            call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
            await call(b"a", timeout=timeout_s)


def told(heard: list[bytes]) -> set[bytes]:
    """Say which secrets are among the bytes."""
    everything = b"".join(heard)
    return {secret for secret in SECRETS if secret in everything}


# Where they may go, so that it is known that the listener would hear them.


def test_a_verified_node_gets_them(ca_file: Path, healthy: FakeCluster) -> None:
    """The healthy node, which wants them, has them in gossip and calls."""
    use(uri(healthy.nodes[0].endpoint, tlsCaFile=ca_file), 1, timeout=0.3)
    sent = [dict(call)["authorization"] for call in healthy.nodes[0].calls]
    assert sent
    assert set(sent) == {f"Basic {SECRETS[0].decode()}"}


def test_the_listener_hears_them_where_its_certificate_is_right(ca_file: Path) -> None:
    """A redirect to a verified leader: the call goes there with credentials."""
    heard: list[bytes] = []
    with port(recording(heard, server_context(PLAIN))) as number:
        use(uri(LISTENER, tlsCaFile=ca_file), number, timeout=0.3)
    # Gossip is asked anonymously first, and this listener never answers.
    assert b"/event_store.client.gossip.Gossip/Read" in b"".join(heard)
    assert told(heard) == set()
    heard.clear()
    with (
        FakeCluster(1, served(issue(ROOT, cn="x", names=("127.0.0.1",)))) as cluster,
        port(recording(heard, server_context(PLAIN))) as number,
    ):
        cluster.elect(None)
        cluster.outsider = LISTENER
        string = uri(cluster.nodes[0].endpoint, tlsCaFile=ca_file)
        use(string, number, timeout=0.3)
    assert SECRETS[0] in told(heard)


def test_the_listener_hears_them_in_the_clear_with_consent(
    plaintext: FakeCluster,
) -> None:
    """`allow_plaintext_credentials=True` is that consent."""
    heard: list[bytes] = []
    with port(recording(heard)) as number:
        use(
            uri(plaintext.nodes[0].endpoint, tls="false"),
            number,
            timeout=0.3,
            allow_plaintext_credentials=True,
        )
    assert SECRETS[0] in told(heard)


def test_the_listener_hears_them_where_nothing_is_verified() -> None:
    """`tlsVerifyCert=false` is consent, too."""
    heard: list[bytes] = []
    foreign = issue(OTHER, cn="x", names=("127.0.0.1",))
    with (
        FakeCluster(1, served(foreign)) as cluster,
        port(recording(heard, server_context(issue(OTHER)))) as number,
    ):
        cluster.elect(None)
        cluster.outsider = LISTENER
        cluster.demands_credentials = True
        string = uri(cluster.nodes[0].endpoint, tlsVerifyCert="false")
        use(string, number, timeout=0.5)
    assert SECRETS[0] in told(heard)


# Where they must not go.

faults = pytest.mark.parametrize("fault", FAULTS, ids=kind_of)
places = pytest.mark.parametrize("place", ["seed", "member", "redirect"])


def _string(place: str, healthy: FakeCluster, **options: Any) -> str:
    if place == "seed":
        return uri(LISTENER, **options)
    seed = healthy.nodes[0].endpoint
    return uri(seed, discover=place == "member", **options)


@faults
@places
def test_a_server_that_does_not_verify_gets_none(
    fault: Fault, place: str, ca_file: Path, healthy: FakeCluster
) -> None:
    """Nor the probe that explains the failure afterwards tells it any."""
    heard: list[bytes] = []
    with fault.recorder(heard) as number:
        use(_string(place, healthy, tlsCaFile=ca_file), number)
    assert heard
    assert told(heard) == set()


@faults
@places
async def test_a_server_that_does_not_verify_gets_none_in_asyncio(
    fault: Fault, place: str, ca_file: Path, healthy: FakeCluster
) -> None:
    """The twin tells nobody either."""
    heard: list[bytes] = []
    with fault.recorder(heard) as number:
        await use_aio(_string(place, healthy, tlsCaFile=ca_file), number)
    assert heard
    assert told(heard) == set()


@places
def test_in_the_clear_nobody_gets_them(place: str, plaintext: FakeCluster) -> None:
    """`tls=false`: no seed, member or redirect target hears them without consent."""
    heard: list[bytes] = []
    before = len(plaintext.nodes[0].calls)
    with port(recording(heard)) as number:
        use(_string(place, plaintext, tls="false"), number, timeout=0.3)
    assert b"PRI * HTTP/2.0" in b"".join(heard)
    assert told(heard) == set()
    calls = plaintext.nodes[0].calls[before:]
    assert not any("authorization" in call for call in calls)


@places
async def test_in_the_clear_nobody_gets_them_in_asyncio(
    place: str, plaintext: FakeCluster
) -> None:
    """The twin holds them back, too."""
    heard: list[bytes] = []
    with port(recording(heard)) as number:
        await use_aio(_string(place, plaintext, tls="false"), number, 0.3)
    assert told(heard) == set()


@pytest.mark.parametrize("place", ["member", "redirect"])
def test_a_host_outside_trusted_names_is_not_even_dialled(
    place: str, ca_file: Path, healthy: FakeCluster
) -> None:
    """Its certificate is right, its name is not among ours: no connection at all."""
    heard: list[bytes] = []
    context = server_context(issue(ROOT, names=("localhost",)))
    string = _string(place, healthy, tlsCaFile=ca_file)
    with port(recording(heard, context)) as number:
        healthy.outsider = Endpoint("localhost", number)
        try:
            refused = _refusal(string)
        finally:
            healthy.outsider = LISTENER
    assert isinstance(refused, UntrustedName)
    assert heard == []


def _refusal(string: str) -> Exception | None:
    try:
        with kurrent_conn.connect(
            string, trusted_names=["*.ours.test"], timeout=LIMIT_S
        ) as connection:
            call: Any = connection.channel.unary_unary(ECHO + "unary_unary")
            call(b"a", timeout=LIMIT_S)
    except (UntrustedName, grpc.RpcError) as error:
        return error
    return None
