"""Persistent subscriptions of a node: Create, Delete and Read.

The other methods of the service are UNIMPLEMENTED.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import grpc

from kurrent_conn.testing.log.event_log import Append
from kurrent_conn.testing.log.persistent_group import (
    ALL,
    CONFIG_STREAM,
    Consumer,
    Delivery,
    GroupConfig,
    PersistentGroup,
    creation,
    deletion,
    groups_of,
    progress,
)
from kurrent_conn.testing.log.read_request import event_filter, resolved
from kurrent_conn.testing.log.record import ANY, Proposal
from kurrent_conn.testing.model.member_state import Request, Verdict
from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.refusal import (
    Refused,
    malformed,
    persistent_dropped,
    persistent_exists,
    persistent_missing,
)
from kurrent_conn.testing.services.service import (
    Call,
    Requests,
    both_streams,
    guarded,
    never,
    unary,
)
from kurrent_conn.testing.services.stream_message import recorded, stream_name
from kurrent_conn.wire.identifier import decode_uuid
from kurrent_conn.wire.protos import persistent_pb2

PATH: Final = "/event_store.client.persistent_subscriptions.PersistentSubscriptions/"

_RETRY: Final = persistent_pb2.ReadReq.Nack.Retry
_STOP: Final = persistent_pb2.ReadReq.Nack.Stop

Key = tuple[str, str]


def persistent_handlers(
    node: NodeContext,
) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Make the methods of the service, by path.

    Args:
        node: The node that answers.
    """
    service = _PersistentService(node)

    def guard(handler: Any) -> Any:
        return guarded(node, handler, allow_anonymous=node.access.anonymous_streams)

    return {
        PATH + "Create": unary(guard(service.create), persistent_pb2.CreateReq),
        PATH + "Delete": unary(guard(service.delete), persistent_pb2.DeleteReq),
        PATH + "Read": both_streams(guard(service.read), persistent_pb2.ReadReq),
    }


class _PersistentService:
    """The groups of a node while it leads; forgotten when it does not."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self._groups: dict[Key, PersistentGroup] = {}
        node.listeners.add(self._forget)

    async def create(self, request: persistent_pb2.CreateReq, call: Call) -> bytes:
        await self._admit(call)
        config = _config(request.options, self._node)
        if (config.stream, config.group) in groups_of(self._node.log):
            raise Refused(persistent_exists(config.stream, config.group))
        await self._write(CONFIG_STREAM, creation(config, uuid4()), call)
        return b""

    async def delete(self, request: persistent_pb2.DeleteReq, call: Call) -> bytes:
        await self._admit(call)
        options = request.options
        key = _source(options), options.group_name
        if key not in groups_of(self._node.log):
            raise Refused(persistent_missing(*key))
        await self._write(CONFIG_STREAM, deletion(key, uuid4()), call)
        group = self._groups.pop(key, None)
        if group is not None:
            group.wake()
        return b""

    async def read(self, requests: Requests, call: Call) -> None:
        requests = aiter(requests)
        first = await anext(requests, None)
        if first is None or first.WhichOneof("content") != "options":
            raise Refused(malformed("the subscription has no options"))
        await self._admit(call)
        options = first.options
        group = self._group((_source(options), options.group_name))
        woken = asyncio.Event()
        consumer = Consumer(max(1, options.buffer_size), woken.set)
        hearers = (self._node.listeners, self._node.log.listeners)
        for hearer in hearers:
            hearer.add(woken.set)
        group.join(consumer)
        try:
            await call.send(_confirmation(group.config))
            as_text = options.uuid_option.WhichOneof("content") == "string"
            deliver = partial(self._deliver, group, consumer, call, as_text=as_text)
            await self._consume(
                deliver,
                partial(self._settle, group, consumer, call),
                woken,
                requests,
            )
        finally:
            group.leave(consumer)
            for hearer in hearers:
                hearer.discard(woken.set)

    async def _consume(
        self,
        deliver: Callable[[], Awaitable[None]],
        settle: Callable[[persistent_pb2.ReadReq], Awaitable[None]],
        woken: asyncio.Event,
        requests: Requests,
    ) -> None:
        asked = asyncio.ensure_future(anext(requests, None))
        try:
            while True:
                woken.clear()
                await deliver()
                waking = asyncio.ensure_future(woken.wait())
                await asyncio.wait({asked, waking}, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                if asked.done():
                    request = asked.result()
                    if request is None or _ends(request):
                        return
                    await settle(request)
                    asked = asyncio.ensure_future(anext(requests, None))
        finally:
            asked.cancel()

    async def _deliver(
        self, group: PersistentGroup, consumer: Consumer, call: Call, *, as_text: bool
    ) -> None:
        self._stay(group)
        while (delivery := group.take(consumer)) is not None:
            await call.send(self._event(group, delivery, as_text=as_text))

    async def _settle(
        self,
        group: PersistentGroup,
        consumer: Consumer,
        call: Call,
        request: persistent_pb2.ReadReq,
    ) -> None:
        before = group.checkpoint
        if request.WhichOneof("content") == "ack":
            group.finish(consumer, _ids(request.ack.ids))
        else:
            again = request.nack.action == _RETRY
            group.finish(consumer, _ids(request.nack.ids), again=again)
        if group.checkpoint > before:
            event = progress(group.checkpoint, uuid4())
            await self._write(group.config.checkpoint_stream, event, call)

    async def _admit(self, call: Call) -> None:
        if self._node.admit(Request.PERSISTENT, call.metadata) is Verdict.UNANSWERED:
            await never()

    async def _write(self, stream: str, event: Proposal, call: Call) -> None:
        await self._node.write(Append(stream, ANY, (event,)), call.metadata)

    def _group(self, key: Key) -> PersistentGroup:
        if key not in self._groups:
            config = groups_of(self._node.log).get(key)
            if config is None:
                raise Refused(persistent_missing(*key))
            self._groups[key] = PersistentGroup(config, self._node.log)
        return self._groups[key]

    def _stay(self, group: PersistentGroup) -> None:
        key = group.config.stream, group.config.group
        if self._groups.get(key) is not group:
            raise Refused(persistent_dropped(*key))

    def _forget(self) -> None:
        try:
            self._node.admit(Request.PERSISTENT, {})
        except Refused:
            # Subscriptions end when their node leads no more; readers of the groups
            # notice as soon as they wake.
            self._groups.clear()

    def _event(
        self, group: PersistentGroup, delivery: Delivery, *, as_text: bool
    ) -> bytes:
        event, link = resolved(
            delivery.record,
            self._node.log,
            resolves_links=group.config.resolves_links,
        )
        message = persistent_pb2.ReadResp.ReadEvent(
            event=recorded(event, as_text=as_text),
            link=None if link is None else recorded(link, as_text=as_text),
            commit_position=event.position,
        )
        if delivery.retries:
            message.retry_count = delivery.retries
        else:
            message.no_retry_count.SetInParent()
        return persistent_pb2.ReadResp(event=message).SerializeToString()


def _config(
    options: persistent_pb2.CreateReq.Options, node: NodeContext
) -> GroupConfig:
    resolves_links = options.settings.resolve_links
    if options.WhichOneof("stream_option") == "all":
        is_filtered = options.all.WhichOneof("filter_option") == "filter"
        start = {
            "position": node.log.index_of(options.all.position.commit_position),
            "end": len(node.log.records),
        }.get(options.all.WhichOneof("all_option") or "", 0)
        wanted = event_filter(options.all.filter) if is_filtered else None
        return GroupConfig(ALL, options.group_name, start, resolves_links, wanted)
    name = stream_name(options.stream.stream_identifier)
    first = {
        "revision": options.stream.revision,
        "end": len(node.log.stream(name).records),
    }.get(options.stream.WhichOneof("revision_option") or "", 0)
    return GroupConfig(name, options.group_name, first, resolves_links)


def _source(
    options: persistent_pb2.ReadReq.Options | persistent_pb2.DeleteReq.Options,
) -> str:
    if options.WhichOneof("stream_option") == "all":
        return ALL
    return stream_name(options.stream_identifier)


def _confirmation(config: GroupConfig) -> bytes:
    return persistent_pb2.ReadResp(
        subscription_confirmation=persistent_pb2.ReadResp.SubscriptionConfirmation(
            subscription_id=f"{config.stream}::{config.group}"
        )
    ).SerializeToString()


def _ids(messages: Iterable[Any]) -> list[UUID]:
    decoded = (decode_uuid(message) for message in messages)
    return [identifier for identifier in decoded if identifier is not None]


def _ends(request: persistent_pb2.ReadReq) -> bool:
    return request.WhichOneof("content") == "nack" and request.nack.action == _STOP
