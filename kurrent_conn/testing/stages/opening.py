"""What a client is going to speak, from its first bytes.

One port serves gRPC and HTTP/1.1, as the server's does. In plaintext the HTTP/2
preface tells them apart; over TLS the client says in its greeting (ALPN) what it can
speak. gRPC clients offer HTTP/2 alone; whoever offers HTTP/1.1 too, or nothing, is
served HTTP/1.1: `curl`, a browser, a probe.

Source: RFC 9113 section 3.4 (preface); RFC 8446 section 4.1.2 and RFC 7301 (ALPN);
server, `Http/ClearTextHttpMultiplexingMiddleware.cs`, `KestrelHelpers.cs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

_PREFACE: Final = b"PRI "
_TLS_HANDSHAKE: Final = 0x16
_RECORD_HEADER_BYTES: Final = 5
_CLIENT_HELLO: Final = 1
_ALPN: Final = 16
_HTTP_2: Final = b"h2"
_HTTP_1: Final = b"http/1.1"


class Opening(Enum):
    """How a connection begins."""

    GRPC = "the HTTP/2 preface, or nothing that is known"
    HTTP = "a request of HTTP/1"
    TLS_GRPC = "a TLS greeting that offers HTTP/2 alone"
    TLS_HTTP = "a TLS greeting that offers HTTP/1.1, or no protocol"


def wanted_bytes(seen: bytes) -> int:
    """Say how many of the first bytes must be there before an opening can be told.

    Args:
        seen: The first ones; may be too few.
    """
    if seen[:1] != bytes((_TLS_HANDSHAKE,)):
        return len(_PREFACE) if _PREFACE.startswith(seen) else len(seen)
    if len(seen) < _RECORD_HEADER_BYTES:
        return _RECORD_HEADER_BYTES
    return _RECORD_HEADER_BYTES + int.from_bytes(seen[3:5])


def opening_of(seen: bytes) -> Opening:
    """Tell how a connection begins.

    Args:
        seen: Its first bytes, as many as `wanted_bytes` says, or all that came.
    """
    if seen[:1] == bytes((_TLS_HANDSHAKE,)):
        offered = _offered(seen[_RECORD_HEADER_BYTES:])
        is_grpc = offered is None or (_HTTP_2 in offered and _HTTP_1 not in offered)
        return Opening.TLS_GRPC if is_grpc else Opening.TLS_HTTP
    # A method begins with a capital letter; the gRPC server refuses all the rest.
    is_http = seen[:1].isalpha() and seen[:1].isupper()
    return Opening.HTTP if is_http and not seen.startswith(_PREFACE) else Opening.GRPC


def _offered(hello: bytes) -> tuple[bytes, ...] | None:
    """Read the protocols out of a greeting; None when it is none, or in pieces."""
    try:
        if hello[0] != _CLIENT_HELLO:
            return None
        at = 4 + 2 + 32  # type and length, version, random
        at += 1 + hello[at]  # session
        at += 2 + int.from_bytes(hello[at : at + 2])  # ciphers
        at += 1 + hello[at]  # compression
        extensions = dict(_extensions(hello[at + 2 :]))
        return tuple(_names(extensions.get(_ALPN, b"")[2:]))
    except IndexError:
        return None


def _extensions(text: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(text):
        kind = int.from_bytes(text[at : at + 2])
        length = int.from_bytes(text[at + 2 : at + 4])
        yield kind, text[at + 4 : at + 4 + length]
        at += 4 + length


def _names(text: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(text):
        yield text[at + 1 : at + 1 + text[at]]
        at += 1 + text[at]
