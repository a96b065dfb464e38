"""A node's port speaks HTTP/1.1 to who cannot speak gRPC, and only to them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing import Conduct, SimulatedCluster, WatchedCluster, fault
from kurrent_conn.testing.cluster import Isolation
from raw_call import channel_to, gossip

PATIENCE_S = 10.0


KINDS: list[tuple[Isolation, bool]] = [
    ("thread", True),
    ("thread", False),
    ("process", True),
    ("process", False),
]


@pytest.fixture(scope="module", params=KINDS, ids=str)
def fronts(request: pytest.FixtureRequest) -> Iterator[WatchedCluster]:
    """Three members behind fronts, with TLS and without."""
    kind, tls = request.param
    with WatchedCluster(
        isolation=kind, tls=tls, proxied=True, advertise="n{index}.kurrent.test"
    ) as running:
        yield running


@pytest.fixture
def behind(fronts: WatchedCluster) -> Iterator[SimulatedCluster]:
    """The same for many tests, as new for each."""
    yield fronts
    fronts.restore()


def ask(
    cluster: SimulatedCluster,
    index: int,
    target: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    *,
    timeout_s: float = PATIENCE_S,
) -> tuple[int, Any]:
    """Ask a node by HTTP/1.1; give the status, and the body as JSON or None."""
    where = cluster.nodes[index].endpoint
    if cluster.ca_file is None:
        client = http.client.HTTPConnection(where.host, where.port, timeout=timeout_s)
    else:
        client = http.client.HTTPSConnection(
            where.host,
            where.port,
            timeout=timeout_s,
            context=ssl.create_default_context(cafile=cluster.ca_file),
        )
    try:
        client.request(method, target, headers=headers or {})
        answer = client.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None
    finally:
        client.close()


def test_one_port_serves_both(behind: SimulatedCluster) -> None:
    """GRPC and HTTP/1.1 agree about the members, at every node."""
    for node in behind.nodes:
        with channel_to(behind, node) as channel:
            members = gossip(channel)
        status, told = ask(behind, node.index, "/gossip")
        assert status == 200
        assert told["serverPort"] == node.endpoint.port
        assert [
            (m["httpEndPointIp"], m["httpEndPointPort"], m["state"], m["isAlive"])
            for m in told["members"]
        ] == [
            (m.advertised.host, m.advertised.port, m.state_name, m.is_alive)
            for m in members
        ]
    assert ask(behind, 0, "/health/live") == (204, None)
    assert ask(behind, 1, "/info")[1]["state"] == "follower"


def test_http_shares_the_fate_of_its_node(behind: SimulatedCluster) -> None:
    """A dead node refuses, a frozen one is silent, one that restarted is not live."""
    behind.nodes[0].kill()
    with pytest.raises(ConnectionRefusedError):
        ask(behind, 0, "/health/live")
    behind.nodes[0].restart()
    assert ask(behind, 0, "/health/live") == (503, None)
    assert ask(behind, 1, "/health/live") == (204, None)
    behind.elect(1)
    behind.wait_until_settled()
    assert ask(behind, 0, "/health/live") == (204, None)
    behind.nodes[2].freeze()
    with pytest.raises(TimeoutError):
        ask(behind, 2, "/health/live", timeout_s=0.2)
    behind.nodes[2].thaw()
    assert ask(behind, 2, "/health/live") == (204, None)
    behind.nodes[2].assume(NodeState.SHUTTING_DOWN)
    assert ask(behind, 2, "/health/live") == (503, None)


@pytest.fixture(scope="module")
def plain() -> Iterator[SimulatedCluster]:
    """One node without TLS."""
    with SimulatedCluster(1, tls=False) as running:
        yield running


def spoken(cluster: SimulatedCluster, *requests: bytes) -> bytes:
    """Say these things on one connection, and give all answers until its end."""
    where = cluster.nodes[0].endpoint
    with socket.create_connection((where.host, where.port), PATIENCE_S) as client:
        client.settimeout(PATIENCE_S)
        for request in requests:
            client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


def test_a_connection_carries_many_requests(plain: SimulatedCluster) -> None:
    """In one piece or in many, bodies and all, until somebody closes."""
    answer = spoken(
        plain,
        b"GET /ping HTTP/1.1\r\nHost: n\r\nContent-Length: 3\r\n\r\nabcHEAD /pi",
        b"ng HTTP/1.1\r\nHost: n\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n",
        b"GET /info HTTP/1.1\r\nHost: n\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"successfully handled") == 1
    assert answer.count(b"HTTP/1.1 204 No Content") == 1
    assert b"Connection: close" in answer


def test_what_comes_too_late_takes_no_answer_back(plain: SimulatedCluster) -> None:
    """A close over bytes that nobody read is a reset, at which answers are dropped."""
    last = b"GET /health/live HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"
    for _ in range(20):
        answer = spoken(plain, last, *(b"x" * 50_000 for _ in range(10)))
        assert answer.startswith(b"HTTP/1.1 204 No Content")
        assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "request_",
    [
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_nonsense_is_a_bad_request(plain: SimulatedCluster, request_: bytes) -> None:
    """And the end of its connection."""
    assert spoken(plain, request_).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("request_", [b"", b"GE", b"GET / HTTP/1.1\r\n"])
def test_half_a_request_is_no_request(plain: SimulatedCluster, request_: bytes) -> None:
    """Whoever goes away in the middle harms nobody."""
    where = plain.nodes[0].endpoint
    with socket.create_connection((where.host, where.port), PATIENCE_S) as client:
        client.sendall(request_)
    assert ask(plain, 0, "/health/live") == (204, None)


def test_a_node_misbehaves_over_http_too(plain: SimulatedCluster) -> None:
    """Silence and slowness are the node's, whatever is spoken."""
    plain.nodes[0].behave(Conduct(is_silent=True))
    with pytest.raises(TimeoutError):
        ask(plain, 0, "/health/live", timeout_s=0.1)
    plain.nodes[0].behave(Conduct(delay_s=0.05))
    assert ask(plain, 0, "/health/live") == (204, None)
    plain.apply(fault.Recover(0))
