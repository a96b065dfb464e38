"""Errors of ours as asyncio calls raise them."""

from __future__ import annotations

import pickle

import grpc
import pytest

from kurrent_conn.errors import (
    ConfigurationError,
    ConnectionClosed,
    DiscoveryError,
    KurrentConnError,
    TlsError,
    UntrustedName,
)
from kurrent_conn.shells.aio.call_error import call_error

ERRORS = (
    DiscoveryError("nobody answered", ()),
    TlsError("bad certificate"),
    UntrustedName("evil.example", "n1:2113", ("*.good",)),
    ConnectionClosed(),
)


@pytest.mark.parametrize("plain", ERRORS, ids=lambda error: type(error).__name__)
def test_error_is_both(plain: KurrentConnError) -> None:
    """It is our error with its fields, and grpc's with code and text."""
    error = call_error(plain, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert isinstance(error, type(plain))
    assert isinstance(error, grpc.aio.AioRpcError)
    assert isinstance(error, grpc.RpcError)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert error.details() == str(error) == str(plain)
    assert error.args == plain.args
    assert error.debug_error_string() == ""
    assert not list(error.initial_metadata() or ())
    assert not list(error.trailing_metadata() or ())
    assert repr(error).startswith(type(error).__name__ + "(")


@pytest.mark.parametrize("plain", ERRORS, ids=lambda error: type(error).__name__)
def test_error_can_be_pickled(plain: KurrentConnError) -> None:
    """A pickled error comes back with its fields and its code."""
    error = call_error(plain, grpc.StatusCode.DEADLINE_EXCEEDED)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert copy.args == error.args
    assert copy.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_other_errors_are_no_calls_end() -> None:
    """An error that no wait can end with is raised as it is."""
    with pytest.raises(ConfigurationError):
        call_error(ConfigurationError(), grpc.StatusCode.UNAVAILABLE)
