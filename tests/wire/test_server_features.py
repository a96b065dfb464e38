"""`wire.server_features` reads what a node claims, whatever the case of the names."""

from __future__ import annotations

import pytest

from kurrent_conn.wire.malformed import MalformedMessage
from kurrent_conn.wire.server_features import (
    ServerFeatures,
    SupportedMethod,
    decode_supported_methods,
    encode_supported_methods,
)

CLAIM = ServerFeatures(
    "26.1.0", (SupportedMethod("a.b.streams", "read", ("position", "events")),)
)


def test_what_is_written_is_read() -> None:
    """Version, methods and features survive the wire."""
    assert decode_supported_methods(encode_supported_methods(CLAIM)) == CLAIM


@pytest.mark.parametrize(
    ("service", "method", "feature", "expected"),
    [
        ("a.b.Streams", "Read", "", True),
        ("a.b.Streams", "Read", "events", True),
        ("a.b.Streams", "Read", "all", False),
        ("a.b.Streams", "Append", "", False),
    ],
)
def test_supports_ignores_case(
    service: str, method: str, feature: str, expected: bool
) -> None:
    """The server writes lower case, protos do not; both find the method."""
    assert CLAIM.supports(service, method, feature) is expected


def test_malformed_bytes_are_a_typed_error() -> None:
    """Bytes of something else raise MalformedMessage."""
    with pytest.raises(MalformedMessage, match="SupportedMethods"):
        decode_supported_methods(b"\xff")
