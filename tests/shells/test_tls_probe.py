"""The probe against real servers: faults by their kinds, nobody accused in health."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.shells.handshake import Ending
from kurrent_conn.shells.tls_probe import inspect, probe
from kurrent_conn.shells.trust import Trust
from tests.shells.authority import CLIENT, NODE, SERVER, intermediate, issue, root
from tests.shells.chains import BELOW, OTHER, PLAIN, ROOT, ROWS, Row
from tests.shells.tls_faults import hanging_up_on_tls, saying
from tests.shells.tls_server import SETTINGS, Reply, greeting, port, server_context

TRUST = Trust(ROOT.pem, description="CA file /x/ca.crt")
OURS = issue(ROOT, cn="ouro", names=None, usage=(CLIENT,))
STRANGER = issue(OTHER, cn="ouro", names=None, usage=(CLIENT,))


def _look(
    number: int,
    trust: Trust = TRUST,
    name: str = NODE,
    host: str = "127.0.0.1",
    timeout_s: float = 10.0,
) -> tuple[TlsFinding, ...]:
    return probe(
        Endpoint(NODE, 2113),
        Route(Endpoint(host, number), name),
        trust,
        timeout_s=timeout_s,
    )


def _kinds(found: tuple[TlsFinding, ...]) -> tuple[FindingKind, ...]:
    return tuple(each.kind for each in found)


def _grpc_says(number: int, row: Row) -> str:
    """Let gRPC shake hands, and give the details of whatever comes of it."""
    options = [
        ("grpc.ssl_target_name_override", row.name),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    credentials = grpc.ssl_channel_credentials(row.root_pem)
    target = f"127.0.0.1:{number}"
    with grpc.secure_channel(target, credentials, options) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/a/B")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10)
        return f"{caught.value.code()}: {caught.value.details()}"


def _ids(row: Row) -> str:
    return row.id


@pytest.mark.parametrize("row", ROWS, ids=_ids)
def test_each_chain_gets_its_findings_and_grpc_agrees(row: Row) -> None:
    """For every chain: the kinds expected, and gRPC refuses where there are any.

    A handshake of gRPC was accepted when the server heard HTTP/2's greeting.
    """
    heard: list[bytes] = []
    context = server_context(row.leaf, chain=row.chain)
    with port(greeting(context, heard)) as number:
        found = _look(number, Trust(row.root_pem, description="roots"), row.name)
        heard.clear()
        details = _grpc_says(number, row)
    accepted = any(said.startswith(b"PRI * HTTP/2") for said in heard)
    assert accepted == (not row.kinds), details
    assert _kinds(found) == row.kinds, found
    for each in found:
        assert each.endpoint == Endpoint(NODE, 2113)
        assert each.route.dial.port == number
        assert each.expected_name == row.name
        assert each.presented_names == row.leaf_names
        assert each.not_before is not None
        assert each.not_after is not None
        assert (each.trust, bool(each.hint)) == ("roots", True)


# A server on gRPC takes no other keys, nor an EC certificate that may not sign.
SERVED = tuple(
    row
    for row in ROWS
    if row.leaf.key_kind in {"rsa2048", "rsa3072", "p256", "p384"}
    and row.id != "no digital signature, EC"
)


@pytest.mark.parametrize("row", SERVED, ids=_ids)
def test_a_real_grpc_server_is_judged_alike(row: Row) -> None:
    """With gRPC at both ends the verdicts are the same, and a sound call passes."""
    server = grpc.server(ThreadPoolExecutor(1))
    chain = b"".join(each.pem for each in row.chain)
    credentials = grpc.ssl_server_credentials([(row.leaf.key_pem, chain)])
    number = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        found = _look(number, Trust(row.root_pem), row.name)
        details = _grpc_says(number, row)
    finally:
        server.stop(0).wait()
    assert _kinds(found) == row.kinds
    assert details.startswith("StatusCode.UNIMPLEMENTED") == (not row.kinds), details


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), FindingKind.PLAINTEXT),
        (saying(SETTINGS), FindingKind.PLAINTEXT),
        (hanging_up_on_tls, FindingKind.PLAINTEXT),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n", first=True), FindingKind.NOT_TLS),
        (saying(b"\x00"), FindingKind.NOT_TLS),
    ],
    ids=["http/1", "http/2", "http/2 that hangs up", "ssh", "a zero"],
)
def test_ports_without_tls_are_named(reply: Reply, kind: FindingKind) -> None:
    """HTTP without TLS is plaintext; anything else that talks is not TLS."""
    with port(reply) as number:
        (found,) = _look(number)
    assert found.kind is kind
    assert found.hint
    assert found.presented_names == ()


def test_a_plaintext_grpc_server_is_named() -> None:
    """A node that was started insecure is found out with gRPC at its end."""
    server = grpc.server(ThreadPoolExecutor(1))
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert _kinds(_look(number)) == (FindingKind.PLAINTEXT,)
    finally:
        server.stop(0).wait()


def test_a_port_that_hangs_up_is_not_accused() -> None:
    """A balancer without backends closes every connection: no fault of TLS."""
    with port(lambda visitor: visitor.close()) as number:
        assert _look(number) == ()


def test_a_refused_port_is_not_accused() -> None:
    """Nobody listens: no finding, and the inspection says why."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    assert _look(number) == ()
    endpoint = Endpoint("127.0.0.1", number)
    seen = inspect(endpoint, Route(endpoint, NODE), TRUST, timeout_s=5)
    assert seen.ending is None
    assert seen.unreachable == "Connection refused"


@pytest.mark.parametrize("host", ["absent.invalid", "x" * 64 + ".test"])
def test_a_name_without_an_address_is_not_accused(host: str) -> None:
    """What cannot be resolved is another trouble."""
    endpoint = Endpoint(host, 2113)
    assert probe(endpoint, Route(endpoint, NODE), TRUST, timeout_s=10) == ()


@pytest.mark.timeout(20)
def test_a_silent_server_costs_the_time_limit_and_no_more() -> None:
    """Connections are taken and nothing is said: empty, after `timeout_s`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _look(listener.getsockname()[1], timeout_s=0.2) == ()


def test_no_time_at_all_is_no_error() -> None:
    """A limit that has passed already gives an empty answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _look(listener.getsockname()[1], timeout_s=0.0) == ()


def test_ipv6_and_an_address_as_name() -> None:
    """A raw IPv6 endpoint is dialled, and its address is the name that counts."""
    leaf = issue(ROOT, cn="x", names=("::1",))
    with port(greeting(server_context(leaf)), host="::1") as number:
        assert _look(number, host="::1", name="::1") == ()
        assert _kinds(_look(number, host="::1")) == (FindingKind.NAME_MISMATCH,)


def test_a_name_with_several_addresses_is_tried_at_each() -> None:
    """`localhost` may be IPv6 first where only IPv4 is served."""
    with port(greeting(server_context(PLAIN))) as number:
        assert _kinds(_look(number, Trust(OTHER.pem), host="localhost"))


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".test", ".test"])
def test_names_that_sni_cannot_carry_are_judged_too(name: str) -> None:
    """An impossible name is a mismatch like any other and not an exception."""
    with port(greeting(server_context(PLAIN))) as number:
        assert _kinds(_look(number, name=name)) == (FindingKind.NAME_MISMATCH,)


@pytest.mark.parametrize("alpn", [(), ("http/1.1",)])
def test_a_server_without_http2_is_named(alpn: tuple[str, ...]) -> None:
    """No ALPN at all, or another protocol, is told with the certificate's facts."""
    with port(greeting(server_context(PLAIN, alpn=alpn))) as number:
        (found,) = _look(number)
    assert found.kind is FindingKind.NO_ALPN_H2
    assert found.presented_names == (NODE,)


def test_a_server_that_refuses_h2_by_alert_is_named() -> None:
    """Some servers end the handshake over ALPN; the certificate is looked at after."""
    context = server_context(issue(ROOT, names=("other.test",)), alpn=())
    alert = b"\x15\x03\x03\x00\x02\x02\x78"

    def reply(visitor: socket.socket) -> None:
        if b"\x02h2" in visitor.recv(4096, socket.MSG_PEEK):
            visitor.recv(4096)
            visitor.sendall(alert)
        else:
            greeting(context)(visitor)

    def only_alert(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(alert)

    with port(reply) as number:
        kinds = _kinds(_look(number))
    assert kinds == (FindingKind.NAME_MISMATCH, FindingKind.NO_ALPN_H2)
    with port(only_alert) as number:
        assert _kinds(_look(number)) == (FindingKind.NO_ALPN_H2,)


def test_a_handshake_that_fails_for_another_reason_is_not_accused() -> None:
    """An alert that says nothing of certificates is no finding."""

    def reply(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(b"\x15\x03\x03\x00\x02\x02\x50")  # internal error

    with port(reply) as number:
        assert _look(number) == ()


def test_a_server_that_dies_between_the_looks_is_judged_by_what_was_seen() -> None:
    """One handshake is enough for a verdict; the second judge may be missing."""
    context = server_context(PLAIN)
    visits: list[int] = []

    def reply(visitor: socket.socket) -> None:
        visits.append(1)
        if len(visits) == 1:
            greeting(context)(visitor)

    with port(reply) as number:
        assert _kinds(_look(number, Trust(OTHER.pem))) == (FindingKind.UNTRUSTED,)


def test_tls_1_2_is_fine() -> None:
    """GRPC speaks TLS 1.2, so a server that has no more is not accused."""
    newest = ssl.TLSVersion.TLSv1_2
    with port(greeting(server_context(PLAIN, newest=newest))) as number:
        assert _look(number) == ()


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REJECTED = (FindingKind.CLIENT_CERTIFICATE_REJECTED,)


@pytest.mark.parametrize("newest", VERSIONS, ids=["TLS 1.2", "TLS 1.3"])
def test_client_certificates(newest: ssl.TLSVersion) -> None:
    """None where one is required, and one of a foreign CA, are told; ours is fine."""
    context = server_context(PLAIN, client_ca=ROOT, newest=newest)
    ours = Trust(ROOT.pem, OURS.pem, OURS.key_pem)
    stranger = Trust(ROOT.pem, STRANGER.pem, STRANGER.key_pem)
    with port(greeting(context)) as number:
        assert _look(number, ours) == ()
        (bare,) = _look(number)
        (foreign,) = _look(number, stranger)
    assert _kinds((bare, foreign)) == REJECTED * 2
    assert "gets none" in bare.hint
    assert "its alert: " in bare.hint
    assert "its alert: unknown CA" in foreign.hint
    assert "does not take our client certificate" in foreign.hint


def test_an_optional_client_certificate_is_not_missed() -> None:
    """KurrentDB asks every client and takes those without: no finding."""
    context = server_context(PLAIN, client_ca=ROOT, client_required=False)
    with port(greeting(context)) as number:
        assert _look(number) == ()


def test_a_grpc_server_that_requires_client_certificates() -> None:
    """GRPC's own server hangs up or sends an alert; both are understood."""
    server = grpc.server(ThreadPoolExecutor(1))
    credentials = grpc.ssl_server_credentials(
        [(PLAIN.key_pem, PLAIN.pem)],
        root_certificates=ROOT.pem,
        require_client_auth=True,
    )
    number = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        assert _kinds(_look(number)) == REJECTED
        stranger = Trust(ROOT.pem, STRANGER.pem, STRANGER.key_pem)
        assert _kinds(_look(number, stranger)) == REJECTED
        assert _look(number, Trust(ROOT.pem, OURS.pem, OURS.key_pem)) == ()
    finally:
        server.stop(0).wait()


def test_a_server_that_hangs_up_after_asking_is_asked_twice() -> None:
    """Silence after a certificate request counts only when it happens again."""
    context = server_context(PLAIN, client_ca=ROOT, client_required=False)

    def hang_up(visitor: socket.socket) -> None:
        with closing(context.wrap_socket(visitor, server_side=True)):
            pass

    with port(hang_up) as number:
        (found,) = _look(number)
    assert found.kind is FindingKind.CLIENT_CERTIFICATE_REJECTED
    assert "hangs up without a reason" in found.hint


def test_our_certificate_goes_to_nobody_who_failed_before() -> None:
    """To a server of another CA the probe shows no client certificate."""
    context = server_context(issue(OTHER), client_ca=ROOT, client_required=False)
    shown: list[object] = []

    def note(visitor: socket.socket) -> None:
        with context.wrap_socket(visitor, server_side=True) as tls:
            shown.append(tls.getpeercert())
            tls.recv(1)

    with port(note) as number:
        found = _look(number, Trust(ROOT.pem, OURS.pem, OURS.key_pem))
    assert _kinds(found) == (FindingKind.UNTRUSTED,)
    assert not any(shown)


def test_the_inspection_keeps_what_was_presented() -> None:
    """The chain is kept as sent, also where everything is fine."""
    endpoint = Endpoint(NODE)
    with port(greeting(server_context(BELOW))) as number:
        route = Route(Endpoint("127.0.0.1", number), NODE)
        seen = inspect(endpoint, route, TRUST, timeout_s=10)
    assert [each.der for each in seen.certificates] == [
        each.der for each in BELOW.chain
    ]
    assert seen.anchor is not None
    assert seen.anchor.der == ROOT.der
    assert (seen.ending, seen.protocol, seen.findings) == (Ending.DONE, "h2", ())


def test_the_public_roots_are_judged_too() -> None:
    """Trust that leaves the choice to grpcio is judged by grpcio's list."""
    with port(greeting(server_context(PLAIN))) as number:
        assert _kinds(_look(number, Trust())) == (FindingKind.UNTRUSTED,)


def test_many_findings_come_in_one_answer() -> None:
    """Rights of an intermediate and the name are both told."""
    middle = intermediate(root("Far Root"), "Far Intermediate")
    leaf = issue(middle, names=("other.test",), usage=(SERVER,))
    with port(greeting(server_context(leaf))) as number:
        kinds = _kinds(_look(number))
    assert kinds == (FindingKind.UNTRUSTED, FindingKind.NAME_MISMATCH)
