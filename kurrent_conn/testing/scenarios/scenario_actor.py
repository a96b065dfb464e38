"""The two front ends as clients that play a scenario."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, Final
from uuid import uuid4

import grpc

from kurrent_conn import aio
from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.failure import Outcome
from kurrent_conn.shells.blocking.connection import connect
from kurrent_conn.shells.rpc import failure_of, outcome
from kurrent_conn.testing.scenarios.scenario import CallStep
from kurrent_conn.testing.scenarios.scenario_run import Target
from kurrent_conn.testing.scenarios.trace import CallEnd, Listener
from kurrent_conn.testing.stages.conductor import Conductor
from kurrent_conn.testing.stream_client import (
    APPEND_METHOD,
    StreamClient,
    append_requests,
)
from kurrent_conn.wire.protos import streams_pb2
from kurrent_conn.wire.stream_read import READ_METHOD, read_request

_GRACE_S: Final = 10.0
_CALLS_AT_ONCE: Final = 64


class BlockingActor:
    """`kurrent_conn.connect`, a thread for each call.

    Args:
        target: What to connect to.
        listener: Told what happens.
    """

    def __init__(self, target: Target, listener: Listener) -> None:
        self._target, self._listener = target, listener
        self._pool = ThreadPoolExecutor(_CALLS_AT_ONCE, "scenario call")
        self._connection = connect(
            target.settings,
            lazy=True,
            on_event=listener.hear,
            **_options(target),
        )
        self._clients = {
            preference: StreamClient(self._connection.channel_for(preference))
            for preference in NodePreference
        }

    def begin(self, step: CallStep) -> Future[None]:
        """Begin a call.

        Args:
            step: Which.
        """
        return self._pool.submit(self._call, step)

    def finish(self) -> None:
        """Wait for every call, and close the connection."""
        self._pool.shutdown()
        self._connection.close()

    def _call(self, step: CallStep) -> None:
        client, stream = self._clients[step.preference], self._target.stream
        began_at = monotonic()
        try:
            if step.operation == "append":
                client.append(stream, uuid4(), b"{}", step.deadline_s)
            else:
                client.read(stream, timeout_s=step.deadline_s)
        except grpc.RpcError as error:
            self._listener.ended(_failed(step, began_at, error))
        else:
            self._listener.ended(_served(step, began_at))


class AioActor:
    """`kurrent_conn.aio.connect`, in a loop of its own, a task for each call.

    Args:
        target: What to connect to.
        listener: Told what happens.
    """

    def __init__(self, target: Target, listener: Listener) -> None:
        self._target, self._listener = target, listener
        self._conductor = Conductor("scenario loop")
        self._conductor.start()
        self._tasks: list[asyncio.Task[None]] = []
        self._longest_s = 0.0
        self._connection: aio.Connection = self._conductor.run(self._open())

    def begin(self, step: CallStep) -> Future[None]:
        """Begin a call.

        Args:
            step: Which.
        """
        end: Future[None] = Future()
        self._longest_s = max(self._longest_s, step.deadline_s)

        async def start() -> None:
            task = asyncio.create_task(self._call(step))
            task.add_done_callback(lambda _: end.set_result(None))
            self._tasks.append(task)

        self._conductor.run(start())
        return end

    def finish(self) -> None:
        """Wait for every call, and close the connection."""

        async def end() -> None:
            try:
                await asyncio.gather(*self._tasks)
            finally:
                await self._connection.close()

        try:
            self._conductor.run(end(), self._longest_s + _GRACE_S)
        finally:
            self._conductor.stop()

    async def _open(self) -> aio.Connection:
        connection = await aio.connect(
            self._target.settings,
            lazy=True,
            on_event=self._listener.hear,
            **_options(self._target),
        )
        self._stubs = {
            preference: _stubs(connection.channel_for(preference))
            for preference in NodePreference
        }
        return connection

    async def _call(self, step: CallStep) -> None:
        append, read = self._stubs[step.preference]
        began_at = monotonic()
        try:
            if step.operation == "append":
                requests = append_requests(self._target.stream, uuid4(), b"{}")
                await append(requests, timeout=step.deadline_s)
            else:
                request = read_request(self._target.stream, count=1000, backwards=False)
                async for _ in read(request, timeout=step.deadline_s):
                    pass
        except grpc.RpcError as error:
            self._listener.ended(_failed(step, began_at, error))
        else:
            self._listener.ended(_served(step, began_at))


def _options(target: Target) -> dict[str, Any]:
    return {
        "overrides": dict(target.overrides),
        "follow": target.follow,
        "trusted_names": target.trusted_names,
    }


def _stubs(channel: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return (
        channel.stream_unary(
            APPEND_METHOD,
            streams_pb2.AppendReq.SerializeToString,
            streams_pb2.AppendResp.FromString,
        ),
        channel.unary_stream(
            READ_METHOD,
            streams_pb2.ReadReq.SerializeToString,
            streams_pb2.ReadResp.FromString,
        ),
    )


def _served(step: CallStep, began_at: float) -> CallEnd:
    return CallEnd(step.name, "served", took_s=monotonic() - began_at)


def _failed(step: CallStep, began_at: float, error: grpc.RpcError) -> CallEnd:
    is_unknown = outcome(error) is Outcome.UNKNOWN
    return CallEnd(
        name=step.name,
        outcome="unknown" if is_unknown else "not executed",
        code=failure_of(error).code,
        took_s=monotonic() - began_at,
        text=str(error),
    )
