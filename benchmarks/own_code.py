"""What the blocking facade itself costs: its calls over inner calls that do nothing.

Deterministic where wall-clock ratios are not: no server, no socket, no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic
from timeit import Timer
from types import SimpleNamespace
from typing import Any, Final, cast

import kurrent_conn
from kurrent_conn.shells.blocking.channel import Channel
from kurrent_conn.shells.lanes import Lanes

REPEATS: Final = 9
CALLS: Final = 20_000
STREAMED: Final = 1_000
METHOD: Final = "/benchmark.Nothing/Nothing"
REQUEST: Final = b"request"
TWO_REQUESTS: Final = (b"options", b"event")


def best_us(call: Callable[[], object], calls: int = CALLS) -> float:
    """Time a call: the best of nine runs, in microseconds.

    Args:
        call: What to time.
        calls: How many a run has.
    """
    return min(Timer(call).repeat(REPEATS, calls)) / calls * 1e6


def per_call_us(connection: kurrent_conn.Connection) -> dict[str, float]:
    """Say how many microseconds of our own a call has.

    Args:
        connection: Any that has found a node.

    Returns:
        Of a unary call, of an append (two requests, kept for a repeat) and of each
        message of a response stream.
    """
    facade = _over_nothing(connection)
    unary = facade.unary_unary(METHOD)
    append = facade.stream_unary(METHOD)
    stream = facade.unary_stream(METHOD)
    return {
        "unary": best_us(lambda: unary(REQUEST)) - best_us(lambda: _nothing(REQUEST)),
        "append": best_us(lambda: append(iter(TWO_REQUESTS)))
        - best_us(lambda: _consume(iter(TWO_REQUESTS))),
        "message": _message_us(lambda: stream(REQUEST))
        - _message_us(lambda: _responses(REQUEST)),
    }


def _message_us(call: Callable[[], Iterable[object]]) -> float:
    def drain() -> None:
        for _ in call():
            pass

    return best_us(drain, CALLS // STREAMED * 10) / STREAMED


def _over_nothing(connection: kurrent_conn.Connection) -> Channel:
    """Give a facade whose current node is the real one with an empty channel."""
    facade = cast("Channel", connection.channel)
    node = connection.open_node(facade.preference, monotonic() + connection.timeout)
    channel = SimpleNamespace(
        unary_unary=lambda *_: _nothing,
        stream_unary=lambda *_: _consume,
        unary_stream=lambda *_: _responses,
    )
    empty: Any = SimpleNamespace(
        channel=channel, calls={}, streams=Lanes(lambda: channel)
    )
    hollow = replace(node, route_channel=empty)
    facade.set_current(hollow)
    connection._driver.open[facade.preference] = hollow  # noqa: SLF001 - calls that repeat ask the connection
    return facade


def _nothing(*_: object) -> None:
    """Be an inner call that does nothing."""


def _consume(requests: Iterable[object], *_: object) -> None:
    for _request in requests:
        pass


def _responses(*_: object) -> Iterable[object]:
    return iter(_MESSAGES)


_MESSAGES: Final = (None,) * STREAMED
