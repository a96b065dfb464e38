"""Names are resolved as the system does, failures say why, and DNS adds its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.resolver
import dns.rrset
import pytest

from kurrent_conn.core.events import Resolved, ResolveFailed
from kurrent_conn.shells.resolver import (
    SYSTEM_TTL_S,
    ask_dns,
    ask_dns_async,
    ask_system,
)

NAME = "db.kurrent.test"


def test_the_system_knows_localhost() -> None:
    """The hosts file counts."""
    answer = ask_system("localhost")
    assert isinstance(answer, Resolved)
    assert "127.0.0.1" in answer.addresses
    assert answer.ttl_s == SYSTEM_TTL_S


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64, "a..b", "\u2028"])
def test_what_has_no_address_says_why(host: str) -> None:
    """A name that does not resolve, or is none, is a cause and no traceback."""
    answer = ask_system(host)
    assert isinstance(answer, ResolveFailed)
    assert answer.host == host
    assert answer.cause


def serve(server: socket.socket, ttl_s: int) -> None:
    """Answer for the name's A and AAAA records until an empty question comes."""
    while True:
        question, sender = server.recvfrom(4096)
        if not question:
            return
        query = dns.message.from_wire(question)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        asked = query.question[0]
        if asked.name.to_text(omit_final_dot=True) == NAME:
            kind = dns.rdatatype.to_text(asked.rdtype)
            records = {"A": ["127.0.0.1", "127.0.0.2"], "AAAA": ["::1"]}[kind]
            answer.answer = [
                dns.rrset.from_text(asked.name, ttl_s, "IN", kind, *records)
            ]
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(answer.to_wire(), sender)


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask a DNS server on loopback in place of the machine's."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(server, 7))
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.getsockname()[1]
    asynchronous = dns.asyncresolver.Resolver(configure=False)
    asynchronous.nameservers = ["127.0.0.1"]
    asynchronous.port = resolver.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", asynchronous)
    yield
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as poke:
        poke.sendto(b"", server.getsockname())
    thread.join()
    server.close()


ADDRESSES = {"127.0.0.1", "127.0.0.2", "::1"}


@pytest.mark.usefixtures("name_server")
def test_dns_gives_every_address_and_its_time_to_live() -> None:
    """A and AAAA of the name, good for as long as DNS says."""
    answer = ask_dns(NAME)
    assert answer is not None
    assert (set(answer.addresses), answer.ttl_s) == (ADDRESSES, 7)


@pytest.mark.usefixtures("name_server")
async def test_dns_is_asked_without_blocking_a_loop() -> None:
    """The asyncio twin gives the same."""
    answer = await ask_dns_async(NAME)
    assert answer is not None
    assert (set(answer.addresses), answer.ttl_s) == (ADDRESSES, 7)


@pytest.mark.usefixtures("name_server")
def test_dns_that_knows_nothing_leaves_it_to_the_system() -> None:
    """A name that is only in the hosts file is no failure."""
    assert ask_dns("unknown.kurrent.test") is None
