"""`testing.stages.opening` tells gRPC from HTTP/1.1 by what a client sends first."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.testing.stages.opening import Opening, opening_of, wanted_bytes

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def greeting(*protocols: str) -> bytes:
    """Give what OpenSSL sends first when it offers these protocols."""
    context = ssl.create_default_context()
    if protocols:
        context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="n1.kurrent.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


WHOLE = greeting("http/1.1")


@pytest.mark.parametrize(
    ("first", "opening"),
    [
        (PREFACE, Opening.GRPC),
        (b"GET /gossip HTTP/1.1\r\n", Opening.HTTP),
        (b"PUT / HTTP/1.1\r\n", Opening.HTTP),
        (b"PRIVATE / HTTP/1.1\r\n", Opening.HTTP),
        (b"hello", Opening.GRPC),
        (b"\x00\x00\x00\x04", Opening.GRPC),
        (greeting("h2"), Opening.TLS_GRPC),
        (greeting("grpc-exp", "h2"), Opening.TLS_GRPC),
        (greeting("h2", "http/1.1"), Opening.TLS_HTTP),
        (greeting("http/1.1"), Opening.TLS_HTTP),
        (greeting(), Opening.TLS_HTTP),
        (b"\x16\x03\x01\x00\x02\x02\x00", Opening.TLS_GRPC),
    ],
)
def test_an_opening_is_told_by_its_first_bytes(first: bytes, opening: Opening) -> None:
    """However little more than what is wanted has come."""
    wanted = wanted_bytes(first)
    assert wanted <= len(first)
    assert opening_of(first[:wanted]) is opening
    assert opening_of(first) is opening


@given(st.integers(min_value=1, max_value=600))
def test_too_few_bytes_ask_for_more(count: int) -> None:
    """Of a greeting in pieces more is wanted until it is whole; then it is told."""
    whole = WHOLE
    piece = whole[:count]
    while len(piece) < wanted_bytes(piece):
        assert wanted_bytes(piece) <= len(whole)
        piece = whole[: wanted_bytes(piece)]
    assert opening_of(piece) is Opening.TLS_HTTP


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_are_too_odd(noise: bytes, is_tls: bool) -> None:
    """Whatever comes, an opening is told, and more is wanted only by those few."""
    first = (b"\x16" if is_tls else b"") + noise
    assert opening_of(first) in Opening
    assert wanted_bytes(first) <= 5 + 0xFFFF
