"""One connection, one TLS handshake, and everything that was seen on the way.

gRPC keeps to itself what a server presented; this looks again with `ssl`. It never
sends more than a handshake and HTTP/2's greeting: no request, no credentials, and our
own certificate only where the caller puts it into the context. What the things seen
mean is decided by `tls_probe` and `wire.tls_verdict`.

The handshake runs over memory buffers, so that the very first bytes of an answer are
seen: `ssl` alone calls a plaintext server's `HTTP/1.1 400` a wrong version number.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from kurrent_conn.core.endpoint import Endpoint, normalized_host

HTTP2_GREETING: Final = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
)
"""The client's preface and an empty SETTINGS frame.

Source: RFC 9113, sections 3.4 and 6.5.
"""

_Result = TypeVar("_Result")

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]

_ALERT: Final = 21  # content types and messages of RFC 8446, sections 5.1 and 4
_HANDSHAKE: Final = 22
_CERTIFICATE_REQUEST: Final = 13
_CLOSE_NOTIFY: Final = 0
_PLAIN_ALERT_BYTES: Final = 7
_DER: Final = 2  # `_ssl.ENCODING_DER`
_NO_CHECK_TIME: Final = (
    0x200000  # X509_V_FLAG_NO_CHECK_TIME, which `ssl` has no name for
)
_CHUNK_BYTES: Final = 16384


class Ending(StrEnum):
    """How a look at a port ended."""

    DONE = "done"
    UNVERIFIED = "unverified"
    ALERT = "alert"
    FAILED = "failed"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one handshake showed.

    Args:
        ending: Done; refused by our verification; refused by the server's alert;
            failed for another reason; closed by the server; no answer in time.
        chain: The certificates as DER, as presented, the leaf first; empty when the
            handshake did not come so far. Only the leaf where this Python has no way
            to the others.
        protocol: The application protocol agreed on; None for none.
        heard: The first bytes of the server's answer, not decrypted.
        alert: The number of the server's alert (RFC 8446, section 6); None for none.
        verify_code: OpenSSL's X509_V_ERR_ number when our verification refused.
        verify_message: Its words for that number.
        wants_certificate: Whether the server asked for a client certificate.
        reply: The first decrypted bytes after our greeting, when there was one.
    """

    ending: Ending
    chain: tuple[bytes, ...] = ()
    protocol: str | None = None
    heard: bytes = b""
    alert: int | None = None
    verify_code: int = 0
    verify_message: str = ""
    wants_certificate: bool = False
    reply: bytes = b""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant on the monotonic clock that several waits share.

    Args:
        at_s: Seconds of `time.monotonic`.
    """

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Make the deadline that lies so many seconds ahead."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Give the seconds that are left.

        Raises:
            TimeoutError: None are.
        """
        left = self.at_s - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def looking_context(*, protocols: tuple[str, ...] = ("h2",)) -> ssl.SSLContext:
    """Make a context that verifies nothing: for looking, never for sending.

    Args:
        protocols: The application protocols to offer; none offers no ALPN at all.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Debian's default refuses RSA-1024 and SHA-1, which BoringSSL takes.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def judging_context(roots: Iterable[bytes], *, dates: bool) -> ssl.SSLContext:
    """Make a context that verifies the chain as gRPC does, but not the name.

    Args:
        roots: The trusted certificates as DER; what OpenSSL cannot read is left out.
        dates: Whether dates count.

    Source: grpc core, `ssl_transport_security.cc`: X509_V_FLAG_PARTIAL_CHAIN.
    """
    context = looking_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_TRUSTED_FIRST
    if not dates:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    for root in roots:
        with suppress(ssl.SSLError):
            context.load_verify_locations(cadata=root)
    return context


def connect(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    """Open a TCP connection to the first address of an endpoint that answers.

    Each address gets an equal share of the time that is left. The name is resolved
    by the system, which keeps its own time.

    Args:
        endpoint: Where to dial.
        deadline: When to give up.

    Raises:
        OSError: No address answered, among them TimeoutError.
    """
    found = _addresses(endpoint)
    refusal: OSError = ConnectionError(f"{endpoint.host} has no address")
    for at, (family, kind, number, _, address) in enumerate(found):
        left_s = deadline.left_s() / (len(found) - at)
        connection = socket.socket(family, kind, number)
        connection.settimeout(left_s)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            refusal = error
        else:
            return connection
    raise refusal


def _addresses(endpoint: Endpoint) -> Sequence[_Address]:
    try:
        return socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except ValueError as error:
        # Letters beyond ASCII with an empty or endless label: IDNA cannot carry it.
        raise OSError(f"{endpoint.host!r} is no host name") from error


def shake_hands(
    dial: Endpoint,
    server_name: str,
    context: ssl.SSLContext,
    deadline: Deadline,
    *,
    greet: bool = False,
) -> Handshake:
    """Connect, shake hands, and tell what was seen.

    Args:
        dial: Where to connect.
        server_name: The name to ask for (SNI); an address is not sent, as in gRPC.
        context: What to offer, what to verify, and which certificate to show.
        deadline: When to give up.
        greet: Whether to greet as HTTP/2 does and wait for the reply: with TLS 1.3
            a server refuses our certificate only after our side is done.

    Raises:
        OSError: No connection could be made at all.
    """
    with closing(connect(dial, deadline)) as connection:
        look = _Look(connection, context, server_name, deadline)
        return look.whole(greet=greet)


def ask_in_the_clear(dial: Endpoint, deadline: Deadline) -> bytes:
    """Greet a port as HTTP/2 does without TLS, and give the first bytes of its reply.

    Args:
        dial: Where to connect.
        deadline: When to give up.

    Returns:
        At most a few KiB; nothing when it closed or stayed silent.
    """
    try:
        with closing(connect(dial, deadline)) as connection:
            connection.settimeout(deadline.left_s())
            connection.sendall(HTTP2_GREETING)
            return connection.recv(_CHUNK_BYTES)
    except OSError:
        return b""


@dataclass(slots=True)
class _Look:
    """One handshake in progress, and what it has seen so far."""

    connection: socket.socket
    context: ssl.SSLContext
    server_name: str
    deadline: Deadline
    incoming: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    outgoing: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    heard: bytes = b""
    wants_certificate: bool = False
    alert: int | None = None
    is_closed: bool = False

    def whole(self, *, greet: bool) -> Handshake:
        self._listen()
        tls = self._tls()
        try:
            self._until_done(tls.do_handshake)
            reply = self._greeting(tls) if greet else b""
        except ssl.SSLCertVerificationError as error:
            return self._seen(
                Ending.UNVERIFIED,
                tls,
                verify_code=error.verify_code,
                verify_message=error.verify_message,
            )
        except ssl.SSLZeroReturnError:
            return self._seen(Ending.CLOSED, tls)
        except ssl.SSLError:
            return self._seen(self._failure(), tls)
        except TimeoutError:
            return self._seen(Ending.SILENT, tls)
        except OSError:
            return self._seen(Ending.CLOSED, tls)
        unanswered = greet and not reply
        ending = Ending.CLOSED if unanswered else Ending.DONE
        return self._seen(ending, tls, reply=reply)

    def _tls(self) -> ssl.SSLObject:
        name: str | None = normalized_host(self.server_name)
        try:
            return self.context.wrap_bio(
                self.incoming, self.outgoing, server_hostname=name
            )
        except ValueError:
            # No name that SNI can carry (an empty label, a label of 64 letters); look
            # without it rather than not at all.
            return self.context.wrap_bio(self.incoming, self.outgoing)

    def _listen(self) -> None:
        def note(*message: Any) -> None:
            _, direction, _, content, kind, _ = message
            if direction != "read":
                return
            if content == _HANDSHAKE and kind == _CERTIFICATE_REQUEST:
                self.wants_certificate = True
            if content == _ALERT and kind != _CLOSE_NOTIFY:
                self.alert = int(kind)

        # Private in `ssl` (3.8 to 3.14). Its errors have names for some alerts only.
        # Without it an alert is known where it is not encrypted, and a server that
        # hangs up is not accused of having wanted a certificate.
        with suppress(AttributeError, TypeError):
            self.context._msg_callback = note  # type: ignore[attr-defined]  # noqa: SLF001 - see above

    def _greeting(self, tls: ssl.SSLObject) -> bytes:
        tls.write(HTTP2_GREETING)
        return self._until_done(lambda: tls.read(_CHUNK_BYTES))

    def _until_done(self, step: Callable[[], _Result]) -> _Result:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._send()
                self._receive()
                continue
            except ssl.SSLError:
                with suppress(OSError):
                    self._send()  # our alert, so that the server can log a reason
                raise
            self._send()
            return result

    def _send(self) -> None:
        self.connection.settimeout(self.deadline.left_s())
        # A server that has hung up may have said why: reading comes next and tells.
        with suppress(ConnectionError):
            self.connection.sendall(self.outgoing.read())

    def _receive(self) -> None:
        self.connection.settimeout(self.deadline.left_s())
        try:
            data = self.connection.recv(_CHUNK_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            if self.is_closed:
                raise ConnectionResetError
            self.is_closed = True
            self.incoming.write_eof()
            return
        self.heard += data[: _CHUNK_BYTES - len(self.heard)]
        self.incoming.write(data)

    def _failure(self) -> Ending:
        if self.alert is None and self.heard[:1] == bytes((_ALERT,)):
            self.alert = self.heard[:_PLAIN_ALERT_BYTES][-1]
        if self.alert is not None:
            return Ending.ALERT
        return Ending.CLOSED if self.is_closed else Ending.FAILED

    def _seen(
        self,
        ending: Ending,
        tls: ssl.SSLObject,
        *,
        verify_code: int = 0,
        verify_message: str = "",
        reply: bytes = b"",
    ) -> Handshake:
        return Handshake(
            ending=ending,
            chain=presented_chain(tls),
            protocol=tls.selected_alpn_protocol(),
            heard=self.heard,
            alert=self.alert,
            verify_code=verify_code,
            verify_message=verify_message,
            wants_certificate=self.wants_certificate,
            reply=reply,
        )


def presented_chain(tls: object) -> tuple[bytes, ...]:
    """Give what the server presented, as far as this Python can.

    `get_unverified_chain` is public from Python 3.13 on; 3.10 to 3.12 have it one
    level down. The last resort is the leaf alone.

    Args:
        tls: An `ssl.SSLObject`, after its handshake or what there was of it.

    Returns:
        Certificates as DER, the leaf first; empty when none was seen.
    """
    public = getattr(tls, "get_unverified_chain", None)
    inner = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    leaf = getattr(tls, "getpeercert", None)
    try:
        if public is not None:
            return tuple(public() or ())
        if inner is not None:
            return tuple(each.public_bytes(_DER) for each in inner() or ())
        alone = leaf(binary_form=True) if leaf is not None else None
    except (ssl.SSLError, ValueError, TypeError):
        return ()
    return (alone,) if alone else ()
