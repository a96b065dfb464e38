"""Errors of ours as a call raises them: also a `grpc.RpcError` and a `grpc.Call`.

Code written for gRPC catches them and reads code and details; code written for this
package reads their fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from kurrent_conn.errors import (
    ConnectionClosed,
    DiscoveryError,
    KurrentConnError,
    TlsError,
    UntrustedName,
)


class _Ended(grpc.RpcError, grpc.Call):
    """A call that ended before any node answered it."""

    status: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE

    def code(self) -> grpc.StatusCode:
        return self.status

    def details(self) -> str:
        return str(self)

    def initial_metadata(self) -> Any:
        return ()

    def trailing_metadata(self) -> Any:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float:
        return 0.0

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback: Callable[[], None]) -> bool:  # noqa: ARG002 - grpc's signature
        return False


class CallCancelled(_Ended):
    """A call that its caller ended before any node had it."""

    status = grpc.StatusCode.CANCELLED

    def details(self) -> str:
        """Give grpc's own text for it."""
        return "Locally cancelled by application!"


class CallNotSent(_Ended):
    """A call that met a channel just given up: it was never sent, so it is repeated."""

    def details(self) -> str:
        """Give the text of a connection that cannot be made."""
        return "failed to connect to all addresses; last error: the node was given up"


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


def call_error(error: KurrentConnError, status: grpc.StatusCode) -> _Ended:
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
