"""The v2 streams service of a node: appends to several streams, all or none.

Always the leader's business, whatever the headers say.

Source: server, `Api.V2/Modules/Streams/StreamsService.cs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import grpc
from google.protobuf.json_format import MessageToDict

from kurrent_conn.core.cluster import NodeState
from kurrent_conn.testing.log.append_rule import Conflict
from kurrent_conn.testing.log.event_log import (
    Append,
    ChecksFailed,
    Session,
    SessionAccepted,
    SessionRejected,
)
from kurrent_conn.testing.log.record import ANY, BYTES, JSON, Proposal
from kurrent_conn.testing.model.member_state import Request, Verdict, verdict
from kurrent_conn.testing.services.node_context import Commit, Fenced, NodeContext
from kurrent_conn.testing.services.refusal import Refused, malformed
from kurrent_conn.testing.services.service import (
    Call,
    Requests,
    client_stream,
    guarded,
    unary,
)
from kurrent_conn.testing.services.v2_refusal import (
    V2_READ_ONLY,
    v2_already_in_session,
    v2_checks_failed,
    v2_conflict,
    v2_no_requests,
    v2_not_leader,
    v2_not_ready,
    v2_tombstoned,
    v2_too_busy,
)
from kurrent_conn.wire.protos import v2_streams_pb2

PATH: Final = "/kurrentdb.protocol.v2.streams.StreamsService/"

_JSON_FORMAT: Final = 1
_REPLICAS: Final = (
    NodeState.READ_ONLY_REPLICA,
    NodeState.PRE_READ_ONLY_REPLICA,
    NodeState.READ_ONLY_LEADERLESS,
)


def v2_streams_handlers(
    node: NodeContext,
) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Make the methods of the service, by path.

    Args:
        node: The node that answers.
    """
    guard = partial(guarded, node, allow_anonymous=node.access.anonymous_streams)
    return {
        PATH + "AppendSession": client_stream(
            guard(partial(_append_session, node)), v2_streams_pb2.AppendRequest
        ),
        PATH + "AppendRecords": unary(
            guard(partial(_append_records, node)),
            v2_streams_pb2.AppendRecordsRequest,
        ),
    }


async def _append_session(node: NodeContext, requests: Requests, _: Call) -> bytes:
    appends: dict[str, Append] = {}
    async for request in requests:
        if request.stream in appends:
            raise Refused(v2_already_in_session(request.stream))
        expected = request.expected_revision
        appends[request.stream] = Append(
            request.stream,
            expected if request.HasField("expected_revision") else ANY,
            tuple(map(_proposal, request.records)),
        )
    if not appends:
        raise Refused(v2_no_requests())
    accepted = await _commit(node, Session(tuple(appends.values())))
    return v2_streams_pb2.AppendSessionResponse(
        output=[
            v2_streams_pb2.AppendResponse(
                stream=append.stream,
                stream_revision=part.last,
                position=part.position,
            )
            for append, part in zip(appends.values(), accepted.parts, strict=True)
        ],
        position=max(part.position for part in accepted.parts),
    ).SerializeToString()


async def _append_records(
    node: NodeContext, request: v2_streams_pb2.AppendRecordsRequest, _: Call
) -> bytes:
    grouped: dict[str, list[Proposal]] = {}
    for record in request.records:
        grouped.setdefault(record.stream, []).append(_proposal(record))
    if not grouped:
        raise Refused(v2_no_requests())
    appends = tuple(
        Append(name, ANY, tuple(events)) for name, events in grouped.items()
    )
    checks = tuple(_checks(request.checks))
    accepted = await _commit(node, Session(appends, checks))
    return v2_streams_pb2.AppendRecordsResponse(
        revisions=[
            v2_streams_pb2.StreamRevision(stream=append.stream, revision=part.last)
            for append, part in zip(appends, accepted.parts, strict=True)
        ],
        position=max(part.position for part in accepted.parts),
    ).SerializeToString()


def _checks(
    checks: Iterable[v2_streams_pb2.ConsistencyCheck],
) -> Iterable[tuple[str, int]]:
    for check in checks:
        yield check.stream_state.stream, check.stream_state.expected_state


async def _commit(node: NodeContext, session: Session) -> SessionAccepted:
    await node.meet("append")
    _admit(node)
    result = await node.commit(Commit(session, node.view.term, is_forwarded=False))
    match result:
        case SessionAccepted():
            await node.meet("append", is_served=True)
            return result
        case SessionRejected(append, Conflict(actual)):
            raise Refused(v2_conflict(append.stream, append.expected, actual))
        case SessionRejected(append, _):
            raise Refused(v2_tombstoned(append.stream))
        case ChecksFailed(violations):
            raise Refused(v2_checks_failed(violations))
        case Fenced.FENCED:
            raise Refused(v2_not_ready())
        case _:
            raise TypeError(f"a session does not end with {result!r}")


def _admit(node: NodeContext) -> None:
    if node.conduct.is_busy:
        raise Refused(v2_too_busy())
    if node.view.state in _REPLICAS:
        raise Refused(V2_READ_ONLY)
    match verdict(node.view.state, Request.WRITE, requires_leader=True):
        case Verdict.NOT_READY:
            raise Refused(v2_not_ready())
        case Verdict.NOT_LEADER:
            raise Refused(v2_not_leader(node.leader_hint))
        case _:
            return


def _proposal(record: v2_streams_pb2.AppendRecord) -> Proposal:
    try:
        identifier = UUID(record.record_id) if record.record_id else uuid4()
    except ValueError as error:
        raise Refused(malformed("the record id is no UUID")) from error
    properties = {
        name: MessageToDict(value) for name, value in record.properties.items()
    }
    return Proposal(
        id=identifier,
        type=record.schema.name,
        content_type=JSON if record.schema.format == _JSON_FORMAT else BYTES,
        custom_metadata=json.dumps(properties).encode() if properties else b"",
        data=record.data,
    )
