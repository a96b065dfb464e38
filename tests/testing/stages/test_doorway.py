"""`testing.stages.doorway`: one port, and which way a connection goes from there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import pytest

from kurrent_conn.testing.certificates import CertificateAuthority
from kurrent_conn.testing.conduct import Greeting
from kurrent_conn.testing.stages.doorway import (
    ClientCertificates,
    Dial,
    Doors,
    Doorway,
    Way,
)
from kurrent_conn.testing.stages.opening import Opening

AUTHORITY = CertificateAuthority.create()
CERTIFICATE = AUTHORITY.issue(["localhost"])


def door() -> Dial:
    """Something to tell apart."""

    async def dial(
        _: Callable[[], asyncio.Protocol],
    ) -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        raise ConnectionRefusedError

    return dial


DOORS = Doors(door(), door(), door())
NAMES = {DOORS.grpc: "grpc", DOORS.plain: "plain", DOORS.http: "http"}


def doorway(asks: ClientCertificates = "ignored") -> Doorway:
    """The doorway of a node with TLS."""
    made = Doorway(DOORS, asks, AUTHORITY.certificate_pem)
    made.present(CERTIFICATE)
    return made


def said(way: Way) -> str:
    """Name the door, and whether TLS ends before it."""
    return NAMES[way.dial] + (" behind TLS" if way.ends_tls else "")


EVERY = tuple(Opening)


@pytest.mark.parametrize(
    ("greeting", "ways"),
    [
        (Greeting.USUAL, ("grpc", "grpc", "grpc", "http behind TLS")),
        (
            Greeting.NO_ALPN,
            ("grpc", "grpc", "plain behind TLS", "http behind TLS"),
        ),
        (
            Greeting.DEMANDS_CERTIFICATE,
            ("grpc", "grpc", "plain behind TLS", "http behind TLS"),
        ),
        (Greeting.PLAINTEXT, ("plain", "http", "plain", "plain")),
    ],
)
def test_a_greeting_decides_with_the_opening(
    greeting: Greeting, ways: tuple[str, ...]
) -> None:
    """The table of the module, cell by cell."""
    way_in = doorway()
    way_in.greeting = greeting
    assert tuple(said(way_in.choose(opening)) for opening in EVERY) == ways


def test_a_node_without_tls_has_two_doors() -> None:
    """Whatever else comes is for its gRPC server to refuse."""
    bare = Doorway(DOORS, "ignored", b"")
    assert [said(bare.choose(o)) for o in EVERY] == ["grpc", "http", "grpc", "grpc"]


@pytest.mark.parametrize(
    ("asks", "mode", "grpc_way"),
    [
        ("ignored", ssl.CERT_NONE, "grpc"),
        ("verified", ssl.CERT_OPTIONAL, "plain behind TLS"),
        ("required", ssl.CERT_REQUIRED, "grpc"),
    ],
)
def test_client_certificates_are_looked_at_as_told(
    asks: ClientCertificates, mode: ssl.VerifyMode, grpc_way: str
) -> None:
    """Only what the gRPC server cannot do itself is done before it."""
    way_in = doorway(asks)
    assert said(way_in.choose(Opening.TLS_GRPC)) == grpc_way
    ends_tls = way_in.choose(Opening.TLS_HTTP).ends_tls
    assert ends_tls is not None
    assert ends_tls.verify_mode is mode
    way_in.greeting = Greeting.DEMANDS_CERTIFICATE
    demanding = way_in.choose(Opening.TLS_HTTP).ends_tls
    assert demanding is not None
    assert demanding.verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_is_read_once() -> None:
    """Until another is presented."""
    way_in = doorway()
    first = way_in.choose(Opening.TLS_HTTP).ends_tls
    assert way_in.choose(Opening.TLS_HTTP).ends_tls is first
    way_in.present(AUTHORITY.issue(["other"]))
    assert way_in.choose(Opening.TLS_HTTP).ends_tls is not first
