"""Nodes whose TLS is broken, one fault a row, and what is to be found of each."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.wire.certificate import read_certificate
from tests.shells.authority import Issued, issue
from tests.shells.chains import (
    BELOW,
    CLIENT_LEAF,
    EXPIRED_LEAF,
    OTHER,
    PLAIN,
    ROOT,
    TOMORROW,
)
from tests.shells.tls_server import (
    SETTINGS,
    Reply,
    greeting,
    port,
    recording,
    server_context,
)


def saying(data: bytes, *, first: bool = False) -> Reply:
    """Answer whatever is said with the given bytes, or speak before anything is."""

    def reply(visitor: socket.socket) -> None:
        if not first:
            visitor.recv(4096)
        visitor.sendall(data)
        with suppress(OSError):
            visitor.shutdown(socket.SHUT_WR)
            visitor.recv(4096)

    return reply


def hanging_up_on_tls(visitor: socket.socket) -> None:
    """Be a plaintext HTTP/2 server that closes when it hears anything else."""
    if visitor.recv(4096).startswith(b"PRI * HTTP/2.0"):
        visitor.sendall(SETTINGS)


def closing(visitor: socket.socket) -> None:
    """Hang up at once."""
    visitor.close()


@dataclass(frozen=True)
class Fault:
    """One way in which a node's TLS is broken.

    Args:
        kind: What is to be found.
        tls: Makes the context by which the node serves TLS; None where it does not.
        reply: What it does with a visitor where it serves no TLS.
        leaf: What it presents; None where no certificate is seen.
    """

    kind: FindingKind
    tls: Callable[[], ssl.SSLContext] | None = field(default=None, repr=False)
    reply: Reply = field(default=closing, repr=False)
    leaf: Issued | None = field(default=None, repr=False)

    @contextmanager
    def node(self) -> Iterator[int]:
        """Serve it; give the port."""
        reply = self.reply if self.tls is None else greeting(self.tls())
        with port(reply) as number:
            yield number

    @contextmanager
    def recorder(self, heard: list[bytes]) -> Iterator[int]:
        """Serve it, and write down all that visitors say; give the port."""
        tls = None if self.tls is None else self.tls()
        with port(recording(heard, tls)) as number:
            yield number

    @property
    def names(self) -> tuple[str, ...]:
        """The names on the certificate."""
        if self.leaf is None:
            return ()
        return read_certificate(self.leaf.der).names.verifiable


def _presenting(
    kind: FindingKind, leaf: Issued, chain: tuple[Issued, ...] = ()
) -> Fault:
    return Fault(
        kind, lambda: server_context(leaf, chain=chain or leaf.chain), leaf=leaf
    )


OUTSIDER = issue(OTHER)
NAMED_OTHERWISE = issue(ROOT, names=("*.kurrent.example", "10.0.0.7"))
EARLY = issue(ROOT, not_before=TOMORROW)
ED25519 = issue(ROOT, key="ed25519")

FAULTS = (
    _presenting(FindingKind.UNTRUSTED, OUTSIDER),
    _presenting(FindingKind.EXPIRED, EXPIRED_LEAF),
    _presenting(FindingKind.NOT_YET_VALID, EARLY),
    _presenting(FindingKind.NAME_MISMATCH, NAMED_OTHERWISE),
    _presenting(FindingKind.MISSING_INTERMEDIATE, BELOW, (BELOW,)),
    _presenting(FindingKind.WRONG_USAGE, CLIENT_LEAF),
    Fault(FindingKind.PLAINTEXT, reply=hanging_up_on_tls),
    Fault(FindingKind.NOT_TLS, reply=saying(b"SSH-2.0-OpenSSH_9.2\r\n", first=True)),
    Fault(
        FindingKind.CLIENT_CERTIFICATE_REJECTED,
        lambda: server_context(PLAIN, client_ca=ROOT),
        leaf=PLAIN,
    ),
    Fault(
        FindingKind.NO_ALPN_H2,
        lambda: server_context(PLAIN, alpn=("http/1.1",)),
        leaf=PLAIN,
    ),
    _presenting(FindingKind.UNSUPPORTED_KEY, ED25519),
)
"""One row a kind; `test_tls_probe` has the variants of each."""
