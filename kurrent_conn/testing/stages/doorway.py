"""Which way a connection to a node goes: one port, and what stands behind it.

    opening                  usual     no ALPN     plaintext   verifies certificates
    TLS, HTTP/2 alone        server    ends here   as is       ends here
    TLS, HTTP/1.1 or nothing ends here ends here   as is       ends here
    plaintext HTTP/1         server    server      HTTP        server
    anything else            server    server      as is       server

"server" is the node's own gRPC server with its own TLS, which refuses what makes no
sense; "ends here" is TLS ended by the front, for what grpcio's server cannot do: speak
HTTP/1.1, offer no ALPN, ask for a client certificate without insisting. A node without
TLS is as "plaintext" says.

Source: server, `KestrelHelpers.cs` (ALPN; a client certificate is asked for, not
needed, and must be good).
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.conduct import Greeting
from kurrent_conn.testing.stages.opening import Opening

ClientCertificates = Literal["ignored", "verified", "required"]
"""What nodes make of client certificates; `verified` is what the server does."""

Dial = Callable[
    [Callable[[], asyncio.Protocol]],
    Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]],
]
"""Connects to what is behind, with the protocol that it is given."""

_VERIFY_MODES: Final = {
    "ignored": ssl.CERT_NONE,
    "verified": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


@dataclass(frozen=True, slots=True)
class Way:
    """Where a connection goes.

    Args:
        dial: Connects to it.
        ends_tls: How the front ends TLS itself; None passes all bytes on.
    """

    dial: Dial
    ends_tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Doors:
    """What stands behind the port of one node.

    Args:
        grpc: Its gRPC server, with the node's own TLS where it has any.
        plain: The same server without TLS.
        http: Its HTTP/1.1 server, without TLS.
    """

    grpc: Dial
    plain: Dial
    http: Dial


class Doorway:
    """Chooses for one node.

    Args:
        doors: What stands behind.
        client_certificates: What the node makes of client certificates.
        client_ca_pem: Whose client certificates are good.

    Attributes:
        greeting: How new connections are received.
    """

    def __init__(
        self,
        doors: Doors,
        client_certificates: ClientCertificates,
        client_ca_pem: bytes,
    ) -> None:
        self.greeting = Greeting.USUAL
        self._doors = doors
        self._client_certificates: ClientCertificates = client_certificates
        self._client_ca_pem = client_ca_pem
        self._certificate: KeyPair | None = None
        self._contexts: dict[tuple[str, ClientCertificates], ssl.SSLContext] = {}

    def present(self, certificate: KeyPair | None) -> None:
        """Present a certificate from the next handshake on.

        Args:
            certificate: Which; None for a node without TLS.
        """
        self._certificate = certificate
        self._contexts.clear()

    def choose(self, opening: Opening) -> Way:
        """Say where a connection goes.

        Args:
            opening: How it began.
        """
        if self._certificate is None or self.greeting is Greeting.PLAINTEXT:
            if opening is Opening.HTTP:
                return Way(self._doors.http)
            has_tls = self._certificate is not None
            return Way(self._doors.plain if has_tls else self._doors.grpc)
        match opening:
            case Opening.TLS_HTTP:
                return Way(self._doors.http, self._ends_tls("http/1.1"))
            case Opening.TLS_GRPC if self._needs_front:
                return Way(self._doors.plain, self._ends_tls("h2"))
            case _:
                return Way(self._doors.grpc)

    @property
    def _needs_front(self) -> bool:
        return (
            self.greeting is not Greeting.USUAL
            or self._client_certificates == "verified"
        )

    def _ends_tls(self, protocol: str) -> ssl.SSLContext:
        offered = "" if self.greeting is Greeting.NO_ALPN else protocol
        asks: ClientCertificates = self._client_certificates
        if self.greeting is Greeting.DEMANDS_CERTIFICATE:
            asks = "required"
        if (offered, asks) not in self._contexts:
            assert self._certificate is not None  # noqa: S101 - choose looked
            self._contexts[offered, asks] = _context(
                self._certificate, offered, asks, self._client_ca_pem
            )
        return self._contexts[offered, asks]


def _context(
    certificate: KeyPair,
    protocol: str,
    client_certificates: ClientCertificates,
    client_ca_pem: bytes,
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        # The module reads certificates from files alone.
        file.write(certificate.certificate_pem + certificate.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    if protocol:
        context.set_alpn_protocols([protocol])
    context.verify_mode = _VERIFY_MODES[client_certificates]
    if client_certificates != "ignored":
        context.load_verify_locations(cadata=client_ca_pem.decode())
    return context
