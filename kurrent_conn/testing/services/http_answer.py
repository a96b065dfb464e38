"""What a node answers to plain HTTP: who is in its cluster, whether it lives.

The twins of gRPC that probes, load balancers and people with `curl` ask. Values and
pure functions; `http_server` speaks the protocol.

    GET /gossip        every member, with its own endpoint beside the advertised one
    GET /health/live   204, or the number in `?liveCode=`; 503 before and after service
    GET /info          version and state
    GET /ping          that it is there

Source: server, `Cluster/ClientClusterInfo.cs`, `Http/Controllers/GossipController.cs`,
`InfoController.cs`, `PingController.cs`, `ClusterVNodeStartup.cs` (StatusCheck),
`Http/AuthenticationMiddleware.cs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from kurrent_conn.core.cluster import NO_INSTANCE, Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.services.gossip_service import listed
from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.refusal import Refused

_REPLICATION_PORT: Final = 1112
_REPLICAS: Final = frozenset(
    {
        NodeState.READ_ONLY_LEADERLESS,
        NodeState.PRE_READ_ONLY_REPLICA,
        NodeState.READ_ONLY_REPLICA,
    }
)
_CHALLENGE: Final = ("WWW-Authenticate", 'X-Basic realm="ESDB"')
"""Not `Basic`, or browsers would ask for a password by themselves."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What was asked.

    Args:
        method: Such as `GET`.
        target: Path and query, as they came.
        authorization: The header of that name; None without.
    """

    method: str
    target: str
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What is answered.

    Args:
        status: The status code.
        body: The body; empty for none.
        content_type: What the body is.
        headers: More headers.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def http_answer(node: NodeContext, request: HttpRequest) -> HttpAnswer:
    """Answer one request as the node's state has it.

    Args:
        node: The node.
        request: What was asked.
    """
    where = urlsplit(request.target)
    if request.method not in {"GET", "HEAD"}:
        return HttpAnswer(HTTPStatus.NOT_FOUND)
    match where.path:
        case "/health/live":
            return _liveness(node, parse_qs(where.query))
        case "/gossip":
            guarded, allows_anonymous = _gossip(node), node.access.anonymous_gossip
        case "/info":
            guarded, allows_anonymous = _info(node), True
        case "/ping":
            guarded = {"text": "Ping request successfully handled"}
            allows_anonymous = True
        case _:
            return HttpAnswer(HTTPStatus.NOT_FOUND)
    try:
        node.access.check(request.authorization, allow_anonymous=allows_anonymous)
    except Refused:
        return HttpAnswer(HTTPStatus.UNAUTHORIZED, headers=(_CHALLENGE,))
    return HttpAnswer(HTTPStatus.OK, json.dumps(guarded, indent=2).encode())


def _liveness(node: NodeContext, query: Mapping[str, list[str]]) -> HttpAnswer:
    if not node.is_ready:
        return HttpAnswer(HTTPStatus.SERVICE_UNAVAILABLE)
    wanted = query.get("liveCode", [""])[-1]
    is_status = wanted.isascii() and wanted.isdigit() and 200 <= int(wanted) <= 599  # noqa: PLR2004 - final answers of HTTP
    return HttpAnswer(int(wanted) if is_status else HTTPStatus.NO_CONTENT)


def _info(node: NodeContext) -> dict[str, Any]:
    is_secure = node.access.is_secure
    return {
        "dbVersion": node.version,
        "esVersion": node.version,
        "state": NodeState(node.view.state).name.replace("_", "").lower(),
        "features": {
            "projections": False,
            "userManagement": is_secure,
            "atomPub": False,
        },
        "authentication": {
            "type": "internal" if is_secure else "insecure",
            "properties": {},
        },
    }


def _gossip(node: NodeContext) -> dict[str, Any]:
    members = listed(node)
    internal = dict(
        zip(
            (member.advertised for member in node.view.members),
            node.view.internal,
            strict=False,
        )
    )
    own = internal.get(node.advertised, node.advertised)
    return {
        "members": [
            _member(node, member, internal.get(member.advertised, member.advertised))
            for member in members
        ],
        "serverIp": own.host,
        "serverPort": own.port,
    }


def _member(node: NodeContext, member: Member, internal: Endpoint) -> dict[str, Any]:
    is_node = member.instance_id != NO_INSTANCE
    replication = _REPLICATION_PORT if is_node else 0
    is_secure = node.access.is_secure
    position = node.log.last_position if is_node else -1
    return {
        "instanceId": str(member.instance_id),
        "timeStamp": datetime.fromtimestamp(member.time_stamp_s, UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z"),
        "state": member.state_name,
        "isAlive": member.is_alive,
        "internalTcpIp": internal.host,
        "internalTcpPort": 0 if is_secure else replication,
        "internalSecureTcpPort": replication if is_secure else 0,
        "externalTcpIp": member.advertised.host,
        "externalTcpPort": 0,
        "externalSecureTcpPort": 0,
        "internalHttpEndPointIp": internal.host,
        "internalHttpEndPointPort": internal.port,
        "httpEndPointIp": member.advertised.host,
        "httpEndPointPort": member.advertised.port,
        "lastCommitPosition": position,
        "writerCheckpoint": position,
        "chaserCheckpoint": position,
        "epochPosition": 0 if is_node else -1,
        "epochNumber": node.view.term if is_node else -1,
        "epochId": str(UUID(int=node.view.term if is_node else 0)),
        "nodePriority": 0,
        "isReadOnlyReplica": member.state in _REPLICAS,
        "esVersion": node.version if is_node else "",
    }
