"""A method of a simulated node: who may call it, and how its failures end the call.

Handlers are coroutines over messages and the call's context; they raise `Refused` and
know nothing of `abort`. One wrapper does authentication, misbehaviour and refusals
for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.refusal import Refused

Handler = Callable[[Any, "Call"], Awaitable[Any]]


class Call:
    """One call as a handler sees it.

    Args:
        context: grpc's context.
        metadata: The metadata, the last of each key.
    """

    __slots__ = ("_context", "metadata")

    def __init__(
        self, context: grpc.aio.ServicerContext[Any, Any], metadata: dict[str, Any]
    ) -> None:
        self._context = context
        self.metadata = metadata

    async def send(self, message: bytes) -> None:
        """Send one message of a streaming answer; waits while the client is slow.

        Args:
            message: The message, serialised.
        """
        await self._context.write(message)


async def never() -> None:
    """Wait until the call is cancelled."""
    await asyncio.get_running_loop().create_future()


def guarded(
    node: NodeContext, handler: Handler, *, allow_anonymous: bool
) -> Callable[[Any, grpc.aio.ServicerContext[Any, Any]], Awaitable[Any]]:
    """Wrap a handler into what grpc calls.

    Args:
        node: The node.
        handler: The method.
        allow_anonymous: Whether it is there for callers without credentials.
    """

    async def run(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        metadata = dict(context.invocation_metadata() or ())
        try:
            if node.conduct.delay_s:
                await asyncio.sleep(node.conduct.delay_s)
            if node.conduct.is_silent:
                await never()
            node.access.check(
                metadata.get("authorization"), allow_anonymous=allow_anonymous
            )
            return await handler(request, Call(context, metadata))
        except Refused as refused:
            refusal = refused.refusal
            await context.abort(refusal.code, refusal.details, refusal.trailers)

    return run


def unary(handler: Any, request: Any = None) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a method with one request and one answer; the answer is serialised bytes.

    Args:
        handler: From `guarded`.
        request: The class of the request; None passes the bytes.
    """
    return grpc.unary_unary_rpc_method_handler(handler, _reader(request))


def server_stream(handler: Any, request: Any) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a method with one request and many answers.

    Args:
        handler: From `guarded`; sends through `Call.send`.
        request: The class of the request.
    """
    return grpc.unary_stream_rpc_method_handler(handler, _reader(request))


def client_stream(handler: Any, request: Any) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a method with many requests and one answer.

    Args:
        handler: From `guarded`; its first argument is an asynchronous iterator.
        request: The class of a request.
    """
    return grpc.stream_unary_rpc_method_handler(handler, _reader(request))


def both_streams(handler: Any, request: Any) -> grpc.RpcMethodHandler[Any, Any]:
    """Make a method with many requests and many answers.

    Args:
        handler: From `guarded`; its first argument is an asynchronous iterator.
        request: The class of a request.
    """
    return grpc.stream_stream_rpc_method_handler(handler, _reader(request))


Requests = AsyncIterator[Any]


def _reader(request: Any) -> Callable[[bytes], Any] | None:
    return None if request is None else request.FromString
