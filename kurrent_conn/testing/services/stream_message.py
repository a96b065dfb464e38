"""Messages of the Streams service to and from the log's values."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from kurrent_conn.testing.log.append_rule import Conflict, Gone
from kurrent_conn.testing.log.event_log import Accepted
from kurrent_conn.testing.log.record import (
    ANY,
    NO_STREAM,
    STREAM_EXISTS,
    Proposal,
    Record,
)
from kurrent_conn.testing.services.refusal import (
    EXPECTATIONS,
    Refused,
    malformed,
    missing_metadata,
)
from kurrent_conn.wire.identifier import decode_uuid, encode_structured, encode_text
from kurrent_conn.wire.protos import shared_pb2, status_pb2, streams_pb2
from kurrent_conn.wire.status import (
    APPEND_TOO_LARGE,
    STREAM_DELETED,
    WRONG_EXPECTED_VERSION,
    packed,
)

EMPTY = shared_pb2.Empty()

_EXPECTED_BY_NAME: Mapping[str, int] = {
    "no_stream": NO_STREAM,
    "any": ANY,
    "stream_exists": STREAM_EXISTS,
}
_INVALID_ARGUMENT = 3
_ALREADY_EXISTS = 6
_FAILED_PRECONDITION = 9


def stream_name(identifier: shared_pb2.StreamIdentifier) -> str:
    """Read a stream's name.

    Args:
        identifier: As it came.

    Raises:
        Refused: The name is empty or no UTF-8.
    """
    try:
        name = identifier.stream_name.decode()
    except UnicodeDecodeError:
        name = ""
    if not name:
        raise Refused(malformed("the stream name is empty or not UTF-8"))
    return name


def expectation(choice: str | None, revision: int) -> int:
    """Read what a writer expects.

    Args:
        choice: Which field of the oneof is set.
        revision: The value of the numeric field.

    Raises:
        Refused: Nothing is set.
    """
    if choice is None:
        raise Refused(malformed("the expected revision is missing"))
    return _EXPECTED_BY_NAME.get(choice, revision)


def proposal(message: streams_pb2.ProposedMessage) -> Proposal:
    """Read an event that is to be appended.

    Args:
        message: As it came.

    Raises:
        Refused: It has no id, no type or no content type.
    """
    identifier = decode_uuid(message.id)
    if identifier is None:
        raise Refused(malformed("the event id is missing or no UUID"))
    for name in ("type", "content-type"):
        if name not in message.metadata:
            raise Refused(missing_metadata(name))
    return Proposal(
        id=identifier,
        type=message.metadata["type"],
        content_type=message.metadata["content-type"],
        custom_metadata=message.custom_metadata,
        data=message.data,
    )


def append_answer(result: Accepted | Conflict, expected: int) -> bytes:
    """Write the answer of Append.

    Args:
        result: What became of it.
        expected: What the writer expected.
    """
    if isinstance(result, Accepted):
        return _append_success(result).SerializeToString()
    wrong = streams_pb2.AppendResp.WrongExpectedVersion()
    if result.actual == NO_STREAM:
        wrong.current_no_stream.SetInParent()
        wrong.no_stream_20_6_0.SetInParent()
    else:
        wrong.current_revision = result.actual
        wrong.current_revision_20_6_0 = result.actual
    if expected in EXPECTATIONS:
        getattr(wrong, f"expected_{EXPECTATIONS[expected]}").SetInParent()
    else:
        wrong.expected_revision = expected
        wrong.expected_revision_20_6_0 = expected
    return streams_pb2.AppendResp(wrong_expected_version=wrong).SerializeToString()


def _append_success(result: Accepted) -> streams_pb2.AppendResp:
    success = streams_pb2.AppendResp.Success(
        position=streams_pb2.AppendResp.Position(
            commit_position=result.position, prepare_position=result.position
        )
    )
    if result.last < 0:
        success.no_stream.SetInParent()
    else:
        success.current_revision = result.last
    return streams_pb2.AppendResp(success=success)


def batch_answer(
    request: streams_pb2.BatchAppendReq,
    options: streams_pb2.BatchAppendReq.Options,
    result: Accepted | Conflict | Gone | status_pb2.Status,
) -> bytes:
    """Write the answer of one batch; it repeats what was asked.

    Args:
        request: The last part of the batch.
        options: The options of its first part.
        result: What became of it, or the error to report.
    """
    answer = streams_pb2.BatchAppendResp(
        correlation_id=request.correlation_id,
        stream_identifier=options.stream_identifier,
    )
    choice = options.WhichOneof("expected_stream_position")
    if choice == "stream_position":
        answer.stream_position = options.stream_position
    elif choice is not None:
        getattr(answer, choice).SetInParent()
    if isinstance(result, Accepted):
        answer.success.CopyFrom(_batch_success(result))
    elif isinstance(result, status_pb2.Status):
        answer.error.CopyFrom(result)
    else:
        answer.error.CopyFrom(_batch_error(options, result))
    return answer.SerializeToString()


def _batch_success(result: Accepted) -> streams_pb2.BatchAppendResp.Success:
    success = streams_pb2.BatchAppendResp.Success(
        position=shared_pb2.AllStreamPosition(
            commit_position=result.position, prepare_position=result.position
        )
    )
    if result.last < 0:
        success.no_stream.SetInParent()
    else:
        success.current_revision = result.last
    return success


def _batch_error(
    options: streams_pb2.BatchAppendReq.Options, result: Conflict | Gone
) -> status_pb2.Status:
    if isinstance(result, Gone):
        deleted = shared_pb2.StreamDeleted(stream_identifier=options.stream_identifier)
        return status_pb2.Status(
            code=_FAILED_PRECONDITION,
            message="StreamDeleted",
            details=[packed(STREAM_DELETED, deleted)],
        )
    wrong = shared_pb2.WrongExpectedVersion()
    if result.actual == NO_STREAM:
        wrong.current_no_stream.SetInParent()
    else:
        wrong.current_stream_revision = result.actual
    choice = options.WhichOneof("expected_stream_position")
    if choice == "stream_position":
        wrong.expected_stream_position = options.stream_position
    elif choice is not None:
        getattr(wrong, f"expected_{choice}").SetInParent()
    return status_pb2.Status(
        code=_ALREADY_EXISTS,
        message="WrongExpectedVersion",
        details=[packed(WRONG_EXPECTED_VERSION, wrong)],
    )


def batch_too_large(limit_bytes: int) -> status_pb2.Status:
    """Say in the stream that a batch is larger than the server takes.

    Args:
        limit_bytes: The largest append.

    Source: server, `Services/Transport/Grpc/Streams.BatchAppend.cs`.
    """
    return status_pb2.Status(
        code=_INVALID_ARGUMENT,
        message="MaximumAppendSizeExceeded",
        details=[
            packed(
                APPEND_TOO_LARGE,
                shared_pb2.MaximumAppendSizeExceeded(max_append_size=limit_bytes),
            )
        ],
    )


def delete_answer(result: Accepted) -> bytes:
    """Write the answer of Delete and Tombstone.

    Args:
        result: What became of it.
    """
    return streams_pb2.DeleteResp(
        position=streams_pb2.DeleteResp.Position(
            commit_position=result.position, prepare_position=result.position
        )
    ).SerializeToString()


def recorded(
    record: Record, *, as_text: bool
) -> streams_pb2.ReadResp.ReadEvent.RecordedEvent:
    """Write one event as readers get it.

    Args:
        record: The event.
        as_text: Whether the reader asked for ids as text.
    """
    return streams_pb2.ReadResp.ReadEvent.RecordedEvent(
        id=_identifier(record.id, as_text=as_text),
        stream_identifier=shared_pb2.StreamIdentifier(
            stream_name=record.stream.encode()
        ),
        stream_revision=record.revision,
        prepare_position=record.position,
        commit_position=record.position,
        metadata={
            "type": record.type,
            "created": str(record.created_ticks),
            "content-type": record.content_type,
        },
        custom_metadata=record.custom_metadata,
        data=record.data,
    )


def read_event(record: Record, link: Record | None, *, as_text: bool) -> bytes:
    """Write one event of a read's answer.

    Args:
        record: The event, or what a link points to.
        link: The link through which it was found.
        as_text: Whether the reader asked for ids as text.
    """
    event = streams_pb2.ReadResp.ReadEvent(
        event=recorded(record, as_text=as_text),
        link=None if link is None else recorded(link, as_text=as_text),
        commit_position=record.position,
    )
    return streams_pb2.ReadResp(event=event).SerializeToString()


def timestamp(ticks: int) -> Timestamp:
    """Turn ticks into a protobuf time.

    Args:
        ticks: 100 ns since the Unix epoch.
    """
    seconds, rest = divmod(ticks, 10_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 100)


def _identifier(identifier: UUID, *, as_text: bool) -> shared_pb2.UUID:
    return encode_text(identifier) if as_text else encode_structured(identifier)
