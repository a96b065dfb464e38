"""What one handshake shows, and how it ends."""

from __future__ import annotations

import socket
import ssl

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.shells.handshake import (
    Deadline,
    Ending,
    Handshake,
    ask_in_the_clear,
    connect,
    judging_context,
    looking_context,
    presented_chain,
    shake_hands,
)
from tests.shells.authority import NODE
from tests.shells.chains import BELOW, OTHER, PLAIN, ROOT
from tests.shells.tls_server import SETTINGS, greeting, port, server_context


def _shake(number: int, context: ssl.SSLContext, *, greet: bool = False) -> Handshake:
    dial = Endpoint("127.0.0.1", number)
    return shake_hands(dial, NODE, context, Deadline.after(10), greet=greet)


def test_a_look_shows_the_chain_as_sent() -> None:
    """Without verification all that was presented is seen, in order."""
    with port(greeting(server_context(BELOW))) as number:
        seen = _shake(number, looking_context())
    assert seen.ending is Ending.DONE
    assert seen.chain == tuple(each.der for each in BELOW.chain)
    assert seen.protocol == "h2"
    assert seen.heard[0] == 0x16
    assert not seen.wants_certificate


def test_a_verdict_has_openssls_number_and_words() -> None:
    """With verification a stranger's chain is refused, and the server's is fine."""
    with port(greeting(server_context(PLAIN))) as number:
        fine = _shake(number, judging_context((ROOT.der, b"junk"), dates=True))
        refused = _shake(number, judging_context((OTHER.der,), dates=True))
    assert (fine.ending, fine.verify_code) == (Ending.DONE, 0)
    assert (refused.ending, refused.verify_code) == (Ending.UNVERIFIED, 20)
    assert "issuer" in refused.verify_message


def test_a_greeting_is_answered() -> None:
    """After the greeting the server's own is the reply."""
    with port(greeting(server_context(PLAIN))) as number:
        assert _shake(number, looking_context(), greet=True).reply == SETTINGS


def test_a_request_for_our_certificate_is_noted() -> None:
    """The server's wish is seen, whether or not it insists."""
    optional = server_context(PLAIN, client_ca=ROOT, client_required=False)
    with port(greeting(optional)) as number:
        assert _shake(number, looking_context()).wants_certificate


def test_plaintext_is_heard() -> None:
    """The bytes of a server that speaks no TLS are kept, and the ending says so."""

    def reply(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with port(reply) as number:
        seen = _shake(number, looking_context())
        clear = ask_in_the_clear(Endpoint("127.0.0.1", number), Deadline.after(10))
    assert seen.ending is Ending.FAILED
    assert seen.heard.startswith(b"HTTP/1.1 400")
    assert clear.startswith(b"HTTP/1.1 400")
    assert seen.chain == ()


def test_nobody_there() -> None:
    """A refused port raises; asking it in the clear hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    dial = Endpoint("127.0.0.1", number)
    with pytest.raises(ConnectionRefusedError):
        connect(dial, Deadline.after(5))
    assert ask_in_the_clear(dial, Deadline.after(5)) == b""


def test_a_deadline_passes() -> None:
    """A wait that has no time left is a TimeoutError and not a wait for ever."""
    assert Deadline.after(5).left_s() > 4
    with pytest.raises(TimeoutError):
        Deadline.after(-1).left_s()


def test_a_server_that_stops_in_the_middle() -> None:
    """Closing after the first bytes, and falling silent, are told apart."""

    def close(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(b"\x16\x03\x03")

    with port(close) as number:
        assert _shake(number, looking_context()).ending is Ending.CLOSED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dial = Endpoint("127.0.0.1", listener.getsockname()[1])
        seen = shake_hands(dial, NODE, looking_context(), Deadline.after(0.1))
        assert seen.ending is Ending.SILENT


def test_a_server_that_says_goodbye_after_our_greeting() -> None:
    """A clean end of TLS without a reply counts as closed."""
    context = server_context(PLAIN)

    def reply(visitor: socket.socket) -> None:
        with context.wrap_socket(visitor, server_side=True) as tls:
            tls.recv(4096)
            tls.unwrap()

    with port(reply) as number:
        seen = _shake(number, looking_context(), greet=True)
    assert (seen.ending, seen.reply) == (Ending.CLOSED, b"")


def test_what_is_no_host_name_is_an_os_error() -> None:
    """Text that IDNA cannot carry is reported like a name that is absent."""
    with pytest.raises(OSError, match="is no host name"):
        connect(Endpoint("n\u00f6..test"), Deadline.after(5))


class _Newer:
    """Python 3.13 and later: the chain is public, as bytes."""

    def get_unverified_chain(self) -> list[bytes]:
        return [b"leaf", b"ca"]


class _Bare:
    """A Python that has no way to more than the leaf."""

    def __init__(self, leaf: bytes | None) -> None:
        self._leaf = leaf

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        if not binary_form:
            raise ValueError
        return self._leaf


class _Early(_Newer):
    """Before the handshake has come to certificates."""

    def get_unverified_chain(self) -> list[bytes]:
        raise ValueError("handshake not done yet")


def test_the_chain_is_found_in_each_python() -> None:
    """Public, one level down, the leaf alone, or nothing: never an exception."""
    assert presented_chain(_Newer()) == (b"leaf", b"ca")
    assert presented_chain(_Bare(b"leaf")) == (b"leaf",)
    assert presented_chain(_Bare(None)) == ()
    assert presented_chain(_Early()) == ()
    assert presented_chain(object()) == ()
