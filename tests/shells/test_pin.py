"""Pinning: every leaf that can be believed is, by gRPC; the others say why not."""

from __future__ import annotations

import socket
import ssl

import grpc
import pytest

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.errors import TlsError
from kurrent_conn.shells.pin import Pin, pin, pinnable_name
from kurrent_conn.shells.trust import Trust
from tests.shells.authority import CLIENT, DAY, NODE, NOW, Issued, issue
from tests.shells.chains import (
    BELOW,
    OLD_MIDDLE,
    OTHER,
    PLAIN,
    ROOT,
    SELF_SIGNED,
    SELF_SIGNED_CA,
)
from tests.shells.tls_server import greeting, port, server_context

ENDPOINT = Endpoint("n9.elsewhere.test", 2113)


def _pin(number: int, name: str = ENDPOINT.host) -> Pin:
    route = Route(Endpoint("127.0.0.1", number), name)
    return pin(ENDPOINT, route, Trust(OTHER.pem), timeout_s=10)


def _grpc_accepts(number: int, made: Pin, heard: list[bytes]) -> bool:
    heard.clear()
    options = [
        ("grpc.ssl_target_name_override", made.server_name),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    target, credentials = f"127.0.0.1:{number}", made.trust.channel_credentials()
    with grpc.secure_channel(target, credentials, options) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/a/B")
        with pytest.raises(grpc.RpcError):
            call(b"", timeout=10)
    return any(said.startswith(b"PRI * HTTP/2") for said in heard)


PINNABLE = {
    "unknown CA": issue(ROOT, names=("n1.test",)),
    "unknown CA and intermediate": BELOW,
    "self-signed": SELF_SIGNED,
    "self-signed CA": SELF_SIGNED_CA,
    "wildcard": issue(ROOT, names=("*.kurrent.test",)),
    "underscore": issue(ROOT, names=("a_b.test",)),
    "IPv4 only": issue(ROOT, cn=None, names=("10.1.2.3",)),
    "IPv6 only": issue(ROOT, cn=None, names=("fd00::1",)),
    "common name only": issue(ROOT, cn="n1", names=None),
    "half a wildcard and a name": issue(ROOT, names=("n*.x.test", "y.test")),
    "clientAuth only": issue(ROOT, usage=(CLIENT,)),
    "no extended usage": issue(ROOT, usage=None),
    "no basic constraints": issue(ROOT, ca=None),
    "no key identifiers": issue(ROOT, identifiers=False),
    "RSA": issue(ROOT, key="rsa2048"),
    "P-384": issue(ROOT, key="p384"),
}


@pytest.mark.parametrize("leaf", PINNABLE.values(), ids=PINNABLE)
def test_what_can_be_pinned_is_accepted_by_grpc(leaf: Issued) -> None:
    """Whoever issued it and whatever it names: the handshake of gRPC passes."""
    heard: list[bytes] = []
    with port(greeting(server_context(leaf), heard)) as number:
        made = _pin(number)
        assert _grpc_accepts(number, made, heard)
    assert made.trust.roots == leaf.pem
    assert "nothing verified" in made.trust.description


REFUSED = {
    "no name": (issue(ROOT, cn=None, names=None), FindingKind.NAME_MISMATCH),
    "expired": (issue(ROOT, not_after=NOW - DAY), FindingKind.EXPIRED),
    "not yet valid": (issue(ROOT, not_before=NOW + DAY), FindingKind.NOT_YET_VALID),
    "an expired intermediate": (issue(OLD_MIDDLE), FindingKind.EXPIRED),
    "P-521": (issue(ROOT, key="p521"), FindingKind.UNSUPPORTED_KEY),
    "may not sign": (issue(ROOT, sign=False), FindingKind.WRONG_USAGE),
}


@pytest.mark.parametrize(("leaf", "kind"), REFUSED.values(), ids=REFUSED)
def test_what_grpc_refuses_even_pinned_is_a_finding(
    leaf: Issued, kind: FindingKind
) -> None:
    """The finding says what is wrong and that skipping verification cannot help."""
    heard: list[bytes] = []
    with port(greeting(server_context(leaf), heard)) as number:
        with pytest.raises(TlsError) as caught:
            _pin(number)
        forced = Pin(Trust(leaf.pem), NODE, "forced")
        assert not _grpc_accepts(number, forced, heard)
    (found,) = caught.value.findings
    assert found.kind is kind
    assert "tlsVerifyCert=false cannot help" in found.hint


def test_the_wanted_name_is_kept_where_it_is_covered() -> None:
    """A leaf that carries the route's name is pinned under that name."""
    with port(greeting(server_context(PLAIN))) as number:
        assert _pin(number, NODE).server_name == NODE


def test_another_leaf_after_the_pin_is_refused() -> None:
    """A pin believes one leaf: the same names under another key fail."""
    heard: list[bytes] = []
    with port(greeting(server_context(SELF_SIGNED))) as number:
        made = _pin(number)
    impostor = issue(cn=NODE, key_number=55)
    with port(greeting(server_context(impostor), heard)) as number:
        assert not _grpc_accepts(number, made, heard)


def test_a_proxy_that_chooses_by_name_is_pinned_for_the_chosen_name() -> None:
    """Where another name brings another leaf, the one the channel sees is pinned."""
    default = issue(OTHER, cn="default", names=("fallback.test",), key_number=3)
    named = issue(OTHER, cn="named", names=("fallback.test",), key_number=4)
    contexts = {"fallback.test": server_context(named)}
    context = server_context(default)

    def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        tls.context = contexts.get(str(name), context)

    context.sni_callback = choose
    heard: list[bytes] = []
    with port(greeting(context, heard)) as number:
        made = _pin(number)
        assert made.trust.roots == named.pem
        assert _grpc_accepts(number, made, heard)


def test_our_own_certificate_stays() -> None:
    """Not verifying the server does not drop what we show it."""
    ours = issue(ROOT, cn="ouro", names=None, usage=(CLIENT,))
    trust = Trust(OTHER.pem, ours.pem, ours.key_pem)
    with port(greeting(server_context(PLAIN))) as number:
        route = Route(Endpoint("127.0.0.1", number), NODE)
        made = pin(ENDPOINT, route, trust, timeout_s=10)
    assert (made.trust.client_chain, made.trust.client_key) == (ours.pem, ours.key_pem)


def test_without_a_certificate_the_error_says_what_is_there() -> None:
    """Plaintext is a finding, hanging up is none, and nobody there is an OSError."""

    def reply(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with port(reply) as number, pytest.raises(TlsError) as caught:
        _pin(number)
    assert [each.kind for each in caught.value.findings] == [FindingKind.PLAINTEXT]
    with port(lambda visitor: visitor.close()) as number:
        with pytest.raises(TlsError) as caught:
            _pin(number)
        assert caught.value.findings == ()
    with pytest.raises(ConnectionRefusedError):
        _pin(number)


@pytest.mark.parametrize(
    ("names", "wanted", "chosen"),
    [
        (PresentedNames(dns=("*.x.test",)), "a.x.test", "a.x.test"),
        (PresentedNames(dns=("*.x.test",)), "b.test", "pinned.x.test"),
        (PresentedNames(dns=("*", "n.test")), "b.test", "n.test"),
        (PresentedNames(addresses=("::1",)), "b.test", "::1"),
        (PresentedNames(), "b.test", "b.test"),
    ],
)
def test_the_name_is_chosen_from_the_leaf(
    names: PresentedNames, wanted: str, chosen: str
) -> None:
    """Wanted first, then its own names with a word for the star, then nothing."""
    assert pinnable_name(names, wanted) == chosen
