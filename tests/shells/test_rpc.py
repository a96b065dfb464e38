"""What an error of grpc or grpc.aio says, read off errors that really happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.failure import Verdict, outcome_of, verdict_of
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.shells.channel_option import Option, channel_options, target
from kurrent_conn.shells.rpc import failure_of, outcome
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from tests.shells.authority import NODE
from tests.shells.fake_cluster import ECHO, WAIT_S, FakeCluster
from tests.shells.live_fault import FAULTS, LiveFault
from tests.shells.tls_server import port

METHOD = "/test.Echo/any"
Front = Callable[[Endpoint, LiveFault], grpc.RpcError]


def _options(where: Endpoint, fault: LiveFault) -> list[Option]:
    """Set a channel up as ours are, but for what the fault needs."""
    settings = Settings((where,), tls=fault.trusted is not None)
    options = channel_options(Route(where, NODE), settings, "test", NODE)
    return list((dict(options) | dict(fault.options)).items())


def _blocking(where: Endpoint, fault: LiveFault) -> grpc.RpcError:
    """Call with grpc."""
    options = _options(where, fault)
    if fault.trusted is None:
        channel = grpc.insecure_channel(target(where), options)
    else:
        trust = grpc.ssl_channel_credentials(fault.trusted.pem)
        channel = grpc.secure_channel(target(where), trust, options)
    call: Any = channel.unary_unary(METHOD)
    with channel, pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=fault.timeout_s)
    return caught.value


def _asyncio(where: Endpoint, fault: LiveFault) -> grpc.RpcError:
    """Call with grpc.aio, and read the responses one by one."""

    async def call() -> grpc.RpcError:
        options = _options(where, fault)
        if fault.trusted is None:
            channel = grpc.aio.insecure_channel(target(where), options)
        else:
            trust = grpc.ssl_channel_credentials(fault.trusted.pem)
            channel = grpc.aio.secure_channel(target(where), trust, options)
        async with channel:
            stream: Any = channel.unary_stream(METHOD)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for _ in stream(b"", timeout=fault.timeout_s):
                    pass
        return caught.value

    return asyncio.run(call())


@contextmanager
def _made(fault: LiveFault) -> Iterator[Endpoint]:
    """Let a fault wait for whoever calls."""
    if fault.reply is None:
        reserved = ReservedPort()
        yield reserved.endpoint
        reserved.close()
        return
    with port(fault.reply) as number:
        yield Endpoint("127.0.0.1", number)


@pytest.mark.parametrize("front", [_blocking, _asyncio])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.id))
def test_a_live_fault_is_read_as_the_table_says(front: Front, fault: LiveFault) -> None:
    """Code, start of the text, verdict and outcome are the table's, on this grpcio."""
    with _made(fault) as where:
        error = front(where, fault)
    failure = failure_of(error)
    text = failure.details.removeprefix("Stream removed (")
    assert failure.code == fault.code
    assert text.startswith(fault.text), failure
    assert verdict_of(failure) is fault.verdict, failure
    assert outcome(error) is outcome_of(fault.verdict)


def test_a_server_that_stops_leaves_its_calls_unknown(cluster: FakeCluster) -> None:
    """A call that runs when its server stops may have been executed."""
    with grpc.insecure_channel(str(cluster.nodes[0].endpoint)) as channel:
        ask: Any = channel.unary_unary(ECHO + "unary_unary")
        running = ask.future(b"hold")
        assert cluster.held.acquire(timeout=WAIT_S)
        cluster.nodes[0].kill()
        error = running.exception(timeout=WAIT_S)
    assert error is not None
    assert verdict_of(failure_of(error)) is Verdict.LOST


@pytest.mark.parametrize(
    ("serializer", "most_bytes"),
    [(lambda _: 1 / 0, -1), (None, 1)],
    ids=["serializer raises", "request above the limit"],
)
def test_a_callers_own_fault_was_not_executed(
    cluster: FakeCluster,
    serializer: Callable[[bytes], bytes] | None,
    most_bytes: int,
) -> None:
    """What grpc refuses to send was not sent, and is not tried again."""
    node = cluster.nodes[0]
    options = [("grpc.max_send_message_length", most_bytes)]
    with grpc.insecure_channel(str(node.endpoint), options) as channel:
        ask: Any = channel.unary_unary(ECHO + "unary_unary", serializer)
        with pytest.raises(grpc.RpcError) as caught:
            ask(b"much", timeout=WAIT_S)
    assert verdict_of(failure_of(caught.value)) is Verdict.ANSWERED
    assert node.received == []
