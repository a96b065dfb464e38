"""The control endpoint breaks and mends a cluster by HTTP, for local programs alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from kurrent_conn.testing import WatchedCluster
from kurrent_conn.testing.control import ControlServer


class Client:
    """Speaks to a control endpoint."""

    def __init__(self, server: ControlServer) -> None:
        self._place = server.url.removeprefix("http://")

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request; gives the status and the JSON."""
        connection = HTTPConnection(self._place, timeout=10)
        try:
            text = body if isinstance(body, str) else json.dumps(body) if body else None
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def watched() -> Iterator[WatchedCluster]:
    """Three members as threads."""
    with WatchedCluster(tls=False) as running:
        yield running


@pytest.fixture
def stopped() -> threading.Event:
    """Set when somebody asked for the end."""
    return threading.Event()


@pytest.fixture
def client(watched: WatchedCluster, stopped: threading.Event) -> Iterator[Client]:
    """A client of the cluster's endpoint."""
    with ControlServer(watched, 0, stopped.set) as server:
        yield Client(server)


def test_the_endpoint_explains_itself(client: Client) -> None:
    """Every fault with its arguments, and other people's names for them."""
    status, manual = client.ask("GET", "/")
    assert status == 200
    assert "elect <node> [after_s]" in manual["faults"]
    assert manual["other names"]["bounce"] == "restart"


def test_nodes_and_connection_are_listed(
    client: Client, watched: WatchedCluster
) -> None:
    """What a test in any language needs to begin."""
    _, listed = client.ask("GET", "/nodes")
    assert listed["leader"] == 0
    assert [node["state"] for node in listed["nodes"]] == [
        "LEADER",
        "FOLLOWER",
        "FOLLOWER",
    ]
    assert listed["nodes"][1]["endpoint"] == str(watched.nodes[1].endpoint)
    _, how = client.ask("GET", "/connection")
    assert how == {"connection_string": watched.connection_string(), "ca_file": None}


def test_a_post_is_a_fault(client: Client, watched: WatchedCluster) -> None:
    """Arguments in the body or in the query; the answer is the cluster after it."""
    status, after = client.ask("POST", "/kill?node=0")
    assert (status, after["nodes"][0]["is_alive"]) == (200, False)
    status, after = client.ask("POST", "/elect", {"node": 1})
    assert (status, after["leader"]) == (200, 1)
    status, after = client.ask("POST", "/pause", {"node": 2})
    assert (status, after["nodes"][2]["is_frozen"]) == (200, True)
    status, _ = client.ask("POST", "/partition", {"sides": [[1], [2]], "after_s": 60})
    assert status == 200
    status, after = client.ask("POST", "/kill?node=1&at_call=append")
    assert (status, after["nodes"][1]["is_alive"]) == (200, True)
    assert "kill node=1, at append 1 of node leader" in watched.chronicle.text()
    status, after = client.ask("POST", "/restore")
    assert (status, after["leader"]) == (200, 0)
    assert watched.is_whole


def test_events_can_be_followed(client: Client) -> None:
    """Each answer says from where to ask next."""
    _, first = client.ask("GET", "/events")
    assert first["events"][0]["text"] == "is up as Leader"
    client.ask("POST", "/freeze", {"node": 2})
    _, second = client.ask("GET", f"/events?since={first['next']}")
    assert [(event["node"], event["text"]) for event in second["events"]] == [
        (None, "fault: freeze node=2"),
        (2, "is frozen"),
    ]
    _, third = client.ask("GET", f"/events?since={second['next']}")
    assert third == {"events": [], "next": second["next"]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/nothing", None, 404, "there is no /nothing"),
        ("GET", "/events?since=x", None, 400, "since is a number"),
        ("POST", "/explode", None, 404, "no such fault"),
        ("POST", "/kill", None, 400, "needs 'node'"),
        ("POST", "/kill", {"node": 9}, 400, "node cannot be 9"),
        ("POST", "/kill?node=0&at_call=x", None, 400, "'x' is no call"),
        ("POST", "/kill", "{", 400, "the body is no JSON"),
        ("POST", "/kill", "[1]", 400, "no JSON object"),
        ("POST", "/kill?node=0&after_s=soon", None, 409, "soon"),
    ],
)
def test_a_mistake_is_answered_with_a_reason(
    client: Client, method: str, path: str, body: object, status: int, reason: str
) -> None:
    """404 for what is not there, 400 for what makes no sense."""
    got, answer = client.ask(method, path, body)
    assert got == status
    assert reason in answer["error"]


def test_what_the_cluster_cannot_do_now_is_a_conflict(client: Client) -> None:
    """The dead are not elected, and nobody resigns where nobody leads."""
    client.ask("POST", "/kill", {"node": 0})
    assert client.ask("POST", "/elect", {"node": 0})[0] == 409
    status, answer = client.ask("POST", "/resign")
    assert (status, answer["error"]) == (409, "nobody leads")


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example:80"}]
)
def test_web_pages_are_refused(
    client: Client, watched: WatchedCluster, headers: dict[str, str]
) -> None:
    """Any page may post to a port of this machine; it must not kill anything."""
    assert client.ask("POST", "/kill?node=0", None, **headers)[0] == 403
    assert watched.nodes[0].is_alive


def test_the_end_can_be_ordered(client: Client, stopped: threading.Event) -> None:
    """The answer still comes."""
    assert client.ask("POST", "/stop")[0] == 200
    assert stopped.is_set()
