"""Errors of ours as an asyncio call raises them: also a `grpc.aio.AioRpcError`.

Code written for gRPC catches them and reads code and details; code written for this
package reads their fields.
"""

from __future__ import annotations

from typing import Any

import grpc
from grpc.aio import AioRpcError, Metadata

from kurrent_conn.errors import (
    ConnectionClosed,
    DiscoveryError,
    KurrentConnError,
    TlsError,
    UntrustedName,
)


class _Ended(AioRpcError):
    """A call that ended before any node answered it."""

    status: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE

    def __init__(self, *args: object) -> None:
        # AioRpcError would take our fields for its own, and drop the arguments that
        # pickle needs.
        Exception.__init__(self, *args)

    def code(self) -> grpc.StatusCode:
        return self.status

    def details(self) -> str:
        return str(self)

    def initial_metadata(self) -> Any:
        return Metadata()

    def trailing_metadata(self) -> Any:
        return Metadata()

    def debug_error_string(self) -> str:
        return ""

    def __str__(self) -> str:
        return Exception.__str__(self)

    def __repr__(self) -> str:
        return Exception.__repr__(self)

    def __reduce__(self) -> Any:
        return Exception.__reduce__(self)


class CallDiscoveryError(DiscoveryError, _Ended):
    """No node could be had for a call."""


class CallTlsError(TlsError, _Ended):
    """No node with a good certificate could be had for a call."""


class CallUntrustedName(UntrustedName, _Ended):
    """A call was told to go to a host outside `trusted_names`."""


class CallConnectionClosed(ConnectionClosed, _Ended):
    """A call was made on a connection that is closed."""


_CALL_CLASSES: tuple[tuple[type[KurrentConnError], type[_Ended]], ...] = (
    (DiscoveryError, CallDiscoveryError),
    (TlsError, CallTlsError),
    (UntrustedName, CallUntrustedName),
    (ConnectionClosed, CallConnectionClosed),
)


def call_error(error: KurrentConnError, status: grpc.StatusCode) -> AioRpcError:
    """Make the error that a call raises of one of ours.

    Args:
        error: What a wait for a node ended with.
        status: UNAVAILABLE, or DEADLINE_EXCEEDED where the call's own deadline ended
            the wait.
    """
    for plain, of_call in _CALL_CLASSES:
        if isinstance(error, plain):
            ended = of_call(*error.args)
            ended.status = status
            return ended
    raise error


def ended_error(status: grpc.StatusCode, details: str) -> AioRpcError:
    """Make the error of a call that was under way when this side ended it.

    It is no `KurrentConnError`: whether the node executed the call, nobody knows.

    Args:
        status: How it ended.
        details: Why.
    """
    return AioRpcError(status, Metadata(), Metadata(), details, details)
