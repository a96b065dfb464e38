"""`testing.services.http_answer`: what a node says over HTTP, by its state."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.log.event_log import EventLog
from kurrent_conn.testing.model.access import AccessPolicy
from kurrent_conn.testing.model.gossip_view import NodeView
from kurrent_conn.testing.services.http_answer import HttpRequest, http_answer
from kurrent_conn.testing.services.node_context import NodeContext

OUTSIDE = (Endpoint("n0.kurrent.test", 443), Endpoint("n1.kurrent.test", 443))
INSIDE = (Endpoint("127.0.0.1", 2113), Endpoint("127.0.0.1", 2114))
SEED = Endpoint("seed.internal", 2113)
WRONG = "Basic " + base64.b64encode(b"admin:wrong").decode()
RIGHT = "Basic " + base64.b64encode(b"admin:changeit").decode()


def view(state: NodeState = NodeState.LEADER) -> NodeView:
    """What node 0 knows: itself, a dead follower, and a seed that is no node."""
    return NodeView(
        state=state,
        leader=OUTSIDE[0],
        members=(
            Member(OUTSIDE[0], state, True, UUID(int=1), 1_000.5),
            Member(OUTSIDE[1], NodeState.READ_ONLY_REPLICA, False, UUID(int=2), 2.0),
            Member(SEED, NodeState.MANAGER, True),
        ),
        term=3,
        internal=(*INSIDE, SEED),
    )


OPEN = AccessPolicy(is_secure=False)
PRIVATE = AccessPolicy(anonymous_gossip=False)


def node(
    state: NodeState = NodeState.LEADER, access: AccessPolicy | None = None
) -> NodeContext:
    """Node 0 in a state."""

    async def nothing(_: object) -> Any:
        raise AssertionError("nobody writes here")

    return NodeContext(
        advertised=OUTSIDE[0],
        access=access or AccessPolicy(),
        version="26.1.0",
        log=EventLog(),
        commit=nothing,
        request=lambda _: None,
        view=view(state),
    )


def get(where: NodeContext, target: str, authorization: str | None = None) -> Any:
    """Read JSON that is there."""
    answer = http_answer(where, HttpRequest("GET", target, authorization))
    assert answer.status == 200, answer
    return json.loads(answer.body)


def status(
    where: NodeContext, target: str, method: str = "GET", login: str | None = None
) -> int:
    """Ask, and give the status."""
    return http_answer(where, HttpRequest(method, target, login)).status


def test_gossip_tells_the_inner_address_beside_the_advertised_one() -> None:
    """That is what its gRPC twin keeps to itself."""
    told = get(node(), "/gossip")
    assert (told["serverIp"], told["serverPort"]) == (INSIDE[0].host, INSIDE[0].port)
    leader, replica, seed = told["members"]
    assert (leader["httpEndPointIp"], leader["httpEndPointPort"]) == (
        "n0.kurrent.test",
        443,
    )
    assert leader["internalHttpEndPointPort"] == 2113
    assert (leader["state"], leader["isAlive"]) == ("Leader", True)
    assert leader["epochNumber"] == 3
    assert leader["esVersion"] == "26.1.0"
    assert (replica["state"], replica["isAlive"]) == ("ReadOnlyReplica", False)
    assert replica["isReadOnlyReplica"]
    assert seed["state"] == "Manager"
    assert seed["instanceId"] == str(UUID(int=0))
    assert seed["internalHttpEndPointIp"] == "seed.internal"
    assert replica["timeStamp"] == "1970-01-01T00:00:02.000000Z"


def test_a_node_lies_over_http_as_over_grpc() -> None:
    """A lie lists what it lists."""
    liar = node()
    lie = (Member(OUTSIDE[1], NodeState.LEADER, is_alive=True),)
    liar.learn(liar.view, Conduct(lie=lie))
    (told,) = get(liar, "/gossip")["members"]
    assert told["state"] == "Leader"
    assert told["internalHttpEndPointPort"] == 2114


@pytest.mark.parametrize(
    ("state", "live"),
    [
        (NodeState.LEADER, 204),
        (NodeState.FOLLOWER, 204),
        (NodeState.READ_ONLY_REPLICA, 204),
        (NodeState.UNKNOWN, 503),
        (NodeState.INITIALIZING, 503),
    ],
)
def test_a_node_is_live_once_it_had_a_place(state: NodeState, live: int) -> None:
    """Before, it is not."""
    assert status(node(state), "/health/live") == live


def test_an_election_does_not_end_a_life_but_a_shutdown_does() -> None:
    """Nor does it begin anew by itself; a restart begins before the first place."""
    where = node()
    for state, live in (
        (NodeState.UNKNOWN, 204),
        (NodeState.SHUTTING_DOWN, 503),
        (NodeState.UNKNOWN, 503),
        (NodeState.FOLLOWER, 204),
    ):
        where.learn(replace(where.view, state=state), Conduct())
        assert status(where, "/health/live") == live
    where.restart()
    assert status(where, "/health/live") == 503


@pytest.mark.parametrize(
    ("query", "live"), [("200", 200), ("418", 418), ("", 204), ("x", 204), ("7", 204)]
)
def test_a_probe_may_choose_its_code(query: str, live: int) -> None:
    """What is no status of an answer is ignored."""
    assert status(node(), f"/health/live?liveCode={query}") == live


def test_info_says_version_state_and_security() -> None:
    """In lower case, as the server has it."""
    told = get(node(NodeState.READ_ONLY_LEADERLESS), "/info")
    assert told["state"] == "readonlyleaderless"
    assert told["dbVersion"] == told["esVersion"] == "26.1.0"
    assert told["authentication"]["type"] == "internal"
    assert get(node(access=OPEN), "/info")["authentication"]["type"] == "insecure"


def test_credentials_count_as_they_do_for_grpc() -> None:
    """Wrong ones are refused, but not by the probe; gossip may need right ones."""
    assert status(node(), "/gossip", login=WRONG) == 401
    assert status(node(), "/info", login=WRONG) == 401
    assert status(node(), "/health/live", login=WRONG) == 204
    assert status(node(), "/gossip", login=RIGHT) == 200
    private = node(access=PRIVATE)
    refused = http_answer(private, HttpRequest("GET", "/gossip"))
    assert refused.status == 401
    assert refused.headers[0][0] == "WWW-Authenticate"
    assert status(private, "/gossip", login=RIGHT) == 200
    assert status(node(access=OPEN), "/gossip", login=WRONG) == 200


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("HEAD", "/health/live", 204),
        ("POST", "/health/live", 404),
        ("DELETE", "/gossip", 404),
        ("GET", "/streams/orders", 404),
        ("GET", "/", 404),
        ("GET", "/ping", 200),
    ],
)
def test_what_is_not_there_is_not_found(
    method: str, target: str, expected: int
) -> None:
    """Only GET and HEAD, and only these paths."""
    assert status(node(), target, method) == expected
