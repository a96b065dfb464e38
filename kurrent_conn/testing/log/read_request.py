"""What a reader asks for, checked, and which records that is.

Values and pure functions over the log. Positions and revisions are where the server
has them: reads begin at the given place (backwards from $all: just before it), and
subscriptions begin behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from kurrent_conn.testing.log.event_filter import EventFilter
from kurrent_conn.testing.log.event_log import EventLog, backwards
from kurrent_conn.testing.log.record import LINK_TYPE, Record
from kurrent_conn.testing.services.refusal import Refused, malformed
from kurrent_conn.testing.services.stream_message import stream_name
from kurrent_conn.wire.protos import streams_pb2

_DEFAULT_WINDOW: Final = 32


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read or subscription.

    Args:
        stream: The stream's name; None reads $all.
        start: A revision or position; None is the beginning in reading direction,
            -1 is the end.
        is_backwards: Whether the newest comes first.
        count: How many events at most; None subscribes.
        resolves_links: Whether links are followed.
        as_text: Whether ids are sent as text.
        filter: Which events of $all; None takes all.
        checkpoint_every: After how many looked-at events a subscription says how
            far it is; 0 never.
    """

    stream: str | None
    start: int | None
    is_backwards: bool
    count: int | None
    resolves_links: bool
    as_text: bool
    filter: EventFilter | None = None
    checkpoint_every: int = 0


END: Final = -1


def parse(request: streams_pb2.ReadReq) -> ReadRequest:
    """Check a request and take it apart.

    Args:
        request: As it came.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    options = request.options
    is_filtered = options.WhichOneof("filter_option") == "filter"
    is_backwards = bool(options.read_direction)
    is_subscription = options.WhichOneof("count_option") == "subscription"
    if options.WhichOneof("stream_option") is None or (
        is_subscription and is_backwards
    ):
        raise Refused(malformed("the read names no stream, or subscribes backwards"))
    stream, start = _place(options, is_backwards=is_backwards)
    window = options.filter.max or _DEFAULT_WINDOW
    return ReadRequest(
        stream=stream,
        start=start,
        is_backwards=is_backwards,
        count=None if is_subscription else options.count,
        resolves_links=options.resolve_links,
        as_text=options.uuid_option.WhichOneof("content") == "string",
        filter=event_filter(options.filter) if is_filtered else None,
        checkpoint_every=(
            window * max(1, options.filter.checkpoint_interval_multiplier)
            if is_filtered and stream is None
            else 0
        ),
    )


def _place(
    options: streams_pb2.ReadReq.Options, *, is_backwards: bool
) -> tuple[str | None, int | None]:
    if options.WhichOneof("stream_option") == "stream":
        stream: str | None = stream_name(options.stream.stream_identifier)
        choice = options.stream.WhichOneof("revision_option")
        place = options.stream.revision
    else:
        stream, choice = None, options.all.WhichOneof("all_option")
        place = options.all.position.commit_position
    match choice:
        case "revision" | "position":
            return stream, place
        case "end":
            return stream, None if is_backwards else END
        case _:
            return stream, END if is_backwards else None


def event_filter(options: streams_pb2.ReadReq.Options.FilterOptions) -> EventFilter:
    """Read a filter on $all.

    Args:
        options: As it came.

    Raises:
        Refused: Its regular expression is none.
    """
    by_stream = options.WhichOneof("filter") == "stream_identifier"
    chosen = options.stream_identifier if by_stream else options.event_type
    field = "stream" if by_stream else "type"
    if not chosen.regex:
        return EventFilter(
            "stream" if by_stream else "type", prefixes=tuple(chosen.prefix)
        )
    try:
        pattern = re.compile(chosen.regex)
    except re.error as error:
        raise Refused(malformed(f"the filter on the {field} is no regex")) from error
    return EventFilter("stream" if by_stream else "type", regex=pattern)


def selected(request: ReadRequest, log: EventLog) -> Iterator[Record]:
    """Give the records of a read that ends, in its order.

    Args:
        request: A request with a count.
        log: The log.
    """
    records = (
        _of_all(request, log) if request.stream is None else _of_stream(request, log)
    )
    if request.filter is not None and request.stream is None:
        records = filter(request.filter.matches, records)
    # islice takes no number above the largest index.
    most = min(request.count or 0, len(log.records) + 1)
    return islice(records, most)


def _of_stream(request: ReadRequest, log: EventLog) -> Iterator[Record]:
    history = log.stream(request.stream or "")
    first, last = history.first_readable, history.last_revision
    if request.is_backwards:
        if request.start == END:
            return iter(())
        newest = last if request.start is None else min(request.start, last)
        return iter(backwards(history.records[first : newest + 1]))
    if request.start == END:
        return iter(())
    return _forwards(history.records, max(first, request.start or 0))


def _of_all(request: ReadRequest, log: EventLog) -> Iterator[Record]:
    if request.start == END:
        return iter(())
    if request.is_backwards:
        end = len(log.records) if request.start is None else log.index_of(request.start)
        return iter(backwards(log.records[:end]))
    start = 0 if request.start is None else log.index_of(request.start)
    return _forwards(log.records, start)


def _forwards(records: Sequence[Record], start: int) -> Iterator[Record]:
    return (records[index] for index in range(start, len(records)))


def resolved(
    record: Record, log: EventLog, *, resolves_links: bool
) -> tuple[Record, Record | None]:
    """Follow a link.

    Args:
        record: An event, perhaps a link (`$>` with data `revision@stream`).
        log: The log.
        resolves_links: Whether the reader wants that.

    Returns:
        The event, and the link when it was one that leads somewhere.
    """
    if not resolves_links or record.type != LINK_TYPE:
        return record, None
    revision, _, name = record.data.decode("utf-8", "replace").partition("@")
    target = log.stream(name).records
    if revision.isascii() and revision.isdigit() and int(revision) < len(target):
        return target[int(revision)], record
    return record, None
