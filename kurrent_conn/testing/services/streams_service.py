"""The Streams service of a node: Append, BatchAppend, Read, Delete, Tombstone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from uuid import uuid4

import grpc
from google.protobuf.empty_pb2 import Empty

from kurrent_conn.testing.log.append_rule import Conflict, Gone
from kurrent_conn.testing.log.event_log import Accepted, Append, Delete
from kurrent_conn.testing.log.read_request import ReadRequest, parse, resolved, selected
from kurrent_conn.testing.log.record import Proposal
from kurrent_conn.testing.log.subscription import Checkpoint, SubscriptionCursor
from kurrent_conn.testing.model.member_state import Request
from kurrent_conn.testing.services.node_context import NodeContext, now_ticks
from kurrent_conn.testing.services.refusal import (
    NOT_READY,
    Refused,
    append_too_large,
    index_not_found,
    malformed,
    stream_deleted,
    wrong_expected_version,
)
from kurrent_conn.testing.services.service import (
    Call,
    Requests,
    both_streams,
    client_stream,
    guarded,
    server_stream,
    unary,
)
from kurrent_conn.testing.services.stream_message import (
    append_answer,
    batch_answer,
    batch_too_large,
    delete_answer,
    expectation,
    proposal,
    read_event,
    stream_name,
    timestamp,
)
from kurrent_conn.wire.protos import shared_pb2, status_pb2, streams_pb2
from kurrent_conn.wire.status import packed

PATH: Final = "/event_store.client.streams.Streams/"

MAX_APPEND_BYTES: Final = 1024 * 1024
"""The largest append. Source: server, `ClusterVNodeOptions.cs` (MaxAppendSize)."""

INDEX_PREFIX: Final = "$idx-"
"""How names of secondary indexes begin."""


def streams_handlers(node: NodeContext) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Make the methods of the service, by path.

    Args:
        node: The node that answers.
    """
    guard = partial(guarded, node, allow_anonymous=node.access.anonymous_streams)
    return {
        PATH + "Append": client_stream(
            guard(partial(_append, node)), streams_pb2.AppendReq
        ),
        PATH + "BatchAppend": both_streams(
            guard(partial(_batch_append, node)), streams_pb2.BatchAppendReq
        ),
        PATH + "Read": server_stream(guard(partial(_read, node)), streams_pb2.ReadReq),
        PATH + "Delete": unary(
            guard(partial(_delete, node, False)), streams_pb2.DeleteReq
        ),
        PATH + "Tombstone": unary(
            guard(partial(_delete, node, True)), streams_pb2.DeleteReq
        ),
    }


async def _append(node: NodeContext, requests: Requests, call: Call) -> bytes:
    stream, expected = "", 0
    events: list[Proposal] = []
    async for request in requests:
        if request.WhichOneof("content") == "options":
            options = request.options
            stream = stream_name(options.stream_identifier)
            expected = expectation(
                options.WhichOneof("expected_stream_revision"), options.revision
            )
        else:
            events.append(proposal(request.proposed_message))
    if not stream:
        raise Refused(malformed("the append has no options"))
    if _is_too_large(events):
        raise Refused(append_too_large(MAX_APPEND_BYTES))
    command = Append(stream, expected, tuple(events))
    result = await node.write(command, call.metadata)
    if isinstance(result, Gone):
        raise Refused(stream_deleted(stream))
    return append_answer(result, expected)


async def _batch_append(node: NodeContext, requests: Requests, call: Call) -> None:
    # The parts of a batch may interleave with those of other batches.
    options: dict[bytes, streams_pb2.BatchAppendReq.Options] = {}
    events: dict[bytes, list[Proposal]] = {}
    async for request in requests:
        key = request.correlation_id.SerializeToString()
        if request.HasField("options"):
            options[key] = request.options
        if key not in options:
            raise Refused(malformed("the batch has no options"))
        events.setdefault(key, []).extend(map(proposal, request.proposed_messages))
        if request.is_final:
            chosen, batch = options.pop(key), events.pop(key)
            result = await _batch(node, chosen, batch, call)
            await call.send(batch_answer(request, chosen, result))


def _is_too_large(events: Iterable[Proposal]) -> bool:
    return sum(event.size_bytes for event in events) > MAX_APPEND_BYTES


async def _batch(
    node: NodeContext,
    options: streams_pb2.BatchAppendReq.Options,
    events: list[Proposal],
    call: Call,
) -> Accepted | Conflict | Gone | status_pb2.Status:
    if _is_too_large(events):
        return batch_too_large(MAX_APPEND_BYTES)
    expected = expectation(
        options.WhichOneof("expected_stream_position"), options.stream_position
    )
    command = Append(stream_name(options.stream_identifier), expected, tuple(events))
    try:
        return await node.write(command, call.metadata)
    except Refused as refused:
        if refused.refusal is not NOT_READY:
            raise
        # In the stream, with the code of success and an empty detail: so the server
        # does it (`Streams.BatchAppend.cs`), and clients unpack the detail unseen.
        nothing = packed("google.protobuf.Empty", Empty())
        return status_pb2.Status(code=0, message=NOT_READY.details, details=[nothing])


async def _delete(
    node: NodeContext, hard: bool, request: streams_pb2.DeleteReq, call: Call
) -> bytes:
    options = request.options
    stream = stream_name(options.stream_identifier)
    expected = expectation(
        options.WhichOneof("expected_stream_revision"), options.revision
    )
    result = await node.write(Delete(stream, expected, hard, uuid4()), call.metadata)
    match result:
        case Gone():
            raise Refused(stream_deleted(stream))
        case Conflict(actual):
            raise Refused(wrong_expected_version(stream, expected, actual))
        case Accepted():
            return delete_answer(result)


async def _read(node: NodeContext, request: streams_pb2.ReadReq, call: Call) -> None:
    await node.meet("read")
    node.admit(Request.READ, call.metadata)
    wanted = parse(request)
    if (index := _index(wanted)) is not None:
        raise Refused(index_not_found(index))
    if wanted.stream and node.log.stream(wanted.stream).is_tombstoned:
        raise Refused(stream_deleted(wanted.stream))
    if wanted.count is None:
        await _subscribe(node, wanted, call)
    elif wanted.stream and not node.log.stream(wanted.stream).exists:
        await call.send(_not_found(wanted.stream))
    else:
        for record in selected(wanted, node.log):
            await call.send(_event(node, wanted, record))
    await node.meet("read", is_served=True)


def _index(wanted: ReadRequest) -> str | None:
    # A secondary index is read as $all with its name as the only prefix; there are
    # none here, and an answer without events would be a lie.
    if wanted.filter is None or wanted.filter.field != "stream":
        return None
    names = [p for p in wanted.filter.prefixes if p.startswith(INDEX_PREFIX)]
    return names[0] if names else None


async def _subscribe(node: NodeContext, wanted: ReadRequest, call: Call) -> None:
    # Leadership was asked for once: a live subscription stays where it is when the
    # leader changes. Source: server, `Enumerator.AllSubscription.cs`.
    grown = asyncio.Event()
    log = node.log
    cursor = SubscriptionCursor(wanted, log)
    log.listeners.add(grown.set)
    try:
        await call.send(_confirmation())
        await _catch_up(node, wanted, cursor, call)
        await call.send(_caught_up(node, wanted))
        while True:
            grown.clear()
            await _catch_up(node, wanted, cursor, call)
            await grown.wait()
    finally:
        log.listeners.discard(grown.set)


async def _catch_up(
    node: NodeContext, wanted: ReadRequest, cursor: SubscriptionCursor, call: Call
) -> None:
    for item in cursor.take():
        if isinstance(item, Checkpoint):
            await call.send(_checkpoint(item))
        else:
            await call.send(_event(node, wanted, item))


def _event(node: NodeContext, wanted: ReadRequest, record: Any) -> bytes:
    event, link = resolved(record, node.log, resolves_links=wanted.resolves_links)
    return read_event(event, link, as_text=wanted.as_text)


def _not_found(stream: str) -> bytes:
    identifier = shared_pb2.StreamIdentifier(stream_name=stream.encode())
    return streams_pb2.ReadResp(
        stream_not_found=streams_pb2.ReadResp.StreamNotFound(
            stream_identifier=identifier
        )
    ).SerializeToString()


def _confirmation() -> bytes:
    return streams_pb2.ReadResp(
        confirmation=streams_pb2.ReadResp.SubscriptionConfirmation(
            subscription_id=str(uuid4())
        )
    ).SerializeToString()


def _checkpoint(checkpoint: Checkpoint) -> bytes:
    return streams_pb2.ReadResp(
        checkpoint=streams_pb2.ReadResp.Checkpoint(
            commit_position=checkpoint.position,
            prepare_position=checkpoint.position,
            timestamp=timestamp(now_ticks()),
        )
    ).SerializeToString()


def _caught_up(node: NodeContext, wanted: ReadRequest) -> bytes:
    caught_up = streams_pb2.ReadResp.CaughtUp(timestamp=timestamp(now_ticks()))
    if wanted.stream is None:
        position = node.log.last_position
        caught_up.position.CopyFrom(
            streams_pb2.ReadResp.Position(
                commit_position=position, prepare_position=position
            )
        )
    else:
        caught_up.stream_revision = node.log.stream(wanted.stream).last_revision
    return streams_pb2.ReadResp(caught_up=caught_up).SerializeToString()
