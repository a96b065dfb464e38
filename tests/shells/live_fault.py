"""Faults that a call can meet, each made for real, and what each one means.

The table of `core.failure` is a claim about other people's texts. Here every row of it
is made to happen by a peer on loopback, under the grpcio that runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.failure import Verdict
from tests.shells.authority import Issued, issue
from tests.shells.chains import CLIENT_CA, EXPIRED_LEAF, OTHER, PLAIN, ROOT, TOMORROW
from tests.shells.scripted_peer import (
    CANCEL,
    DATA,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    INTERNAL_ERROR,
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    Peer,
    Script,
    played,
)
from tests.shells.tls_server import SETTINGS, Reply, greeting, server_context

OK_HEADERS = ((":status", "200"), ("content-type", "application/grpc"))
CONNECT = "failed to connect to all addresses"
QUOTED = f"{CONNECT}; last error: UNKNOWN: ipv4:10.0.0.1:2113: Connection refused"
QUOTED_RESET = "Received RST_STREAM with error code 7"
PROXY = "Received http2 header with status"
ENVOY = ("server", "envoy")
NO_LEADER = "No leader info available in response"
PINGING = (
    ("grpc.keepalive_time_ms", 1000),
    ("grpc.http2.ping_timeout_ms", 100),
)


@dataclass(frozen=True)
class LiveFault:
    """One row: how a fault is made, and what must be made of it.

    Args:
        id: Its name.
        verdict: What `verdict_of` has to say.
        code: The status code that grpc gives it.
        text: How grpc's text may begin, behind `Stream removed (` where there is one.
        reply: What the peer does; None: nobody listens.
        trusted: What the client trusts; None: it speaks in the clear.
        options: Channel arguments that let the fault come about, or come about sooner.
        timeout_s: The call's deadline, in seconds.
    """

    id: str
    verdict: Verdict
    code: str
    text: str | tuple[str, ...]
    reply: Reply | None
    trusted: Issued | None = None
    options: tuple[tuple[str, int], ...] = ()
    timeout_s: float = 10.0


def _hang_up(peer: Peer) -> None:
    del peer


def _reset(peer: Peer) -> None:
    peer.reset_connection()


def _shut(peer: Peer) -> None:
    peer.say(SETTINGS)


def _speak_http1(peer: Peer) -> None:
    peer.say(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


def _die(peer: Peer) -> None:
    peer.await_request()


def _die_hard(peer: Peer) -> None:
    peer.await_request()
    peer.reset_connection()


def _die_after_a_message(peer: Peer) -> None:
    peer.await_request()
    peer.send_headers(*OK_HEADERS)
    peer.send_message(b"first")


def _never_answer(peer: Peer) -> None:
    peer.listen()


def _freeze(peer: Peer) -> None:
    peer.listen(answering_pings=False)


def _reset_stream(error: int) -> Script:
    def script(peer: Peer) -> None:
        peer.await_request()
        peer.reset_stream(error)
        peer.listen()

    return script


def _overlook(peer: Peer) -> None:
    peer.await_request()
    peer.go_away(0)
    peer.say_no_more()


def _leave(peer: Peer) -> None:
    peer.await_request()
    peer.go_away(peer.stream)


def _refuse_pings(peer: Peer) -> None:
    peer.await_request()
    peer.go_away(peer.stream, ENHANCE_YOUR_CALM, "too_many_pings")


def _answer(*fields: tuple[str, str], status: str = "200") -> Script:
    """Answer with trailers only."""

    def script(peer: Peer) -> None:
        peer.await_request()
        kind = "application/grpc" if status == "200" else "text/html"
        head = ((":status", status), ("content-type", kind))
        peer.send_headers(*head, *fields, end=True)
        peer.listen()

    return script


def _say(status: int, text: str, *more: tuple[str, str]) -> Script:
    return _answer(("grpc-status", str(status)), ("grpc-message", text), *more)


def _forget_the_status(peer: Peer) -> None:
    peer.await_request()
    peer.send_headers(*OK_HEADERS)
    peer.send_headers(("server", "odd"), end=True)
    peer.listen()


def _stop_amid_the_answer(peer: Peer) -> None:
    peer.await_request()
    peer.send_headers(*OK_HEADERS, ("server", "nginx"))
    peer.send(DATA, b"", END_STREAM, peer.stream)
    peer.listen()


def _answer_too_much(peer: Peer) -> None:
    peer.await_request()
    peer.send_headers(*OK_HEADERS)
    peer.send_message(b"x" * 100)
    peer.send_headers(("grpc-status", "0"), end=True)
    peer.listen()


ELSEWHERE = issue(ROOT, cn="other.test", names=("other.test",))
TOO_FRESH = issue(ROOT, not_before=TOMORROW)
N, R, T = Verdict.NEVER_SENT, Verdict.REFUSED, Verdict.BAD_TLS
L, U = Verdict.LOST, Verdict.UNSURE
GONE = ("Socket closed", "recvmsg:", "sendmsg:", "Delayed close")
CUT_SHORT = ("Data frame with END_STREAM", "Stream removed")
RESET = ("RST_STREAM (Received RST_STREAM with", "Received RST_STREAM with")


def _tls(leaf: Issued, client_ca: Issued | None = None) -> Reply:
    return greeting(server_context(leaf, client_ca=client_ca))


def _row(
    id: str,  # noqa: A002 - as pytest calls it
    verdict: Verdict,
    text: str | tuple[str, ...],
    script: Script,
    code: str = "UNAVAILABLE",
) -> LiveFault:
    return LiveFault(id, verdict, code, text, played(script))


def _tls_row(id: str, leaf: Issued, trusted: Issued = ROOT) -> LiveFault:  # noqa: A002 - as pytest calls it
    return LiveFault(id, T, "UNAVAILABLE", CONNECT, _tls(leaf), trusted)


FAULTS = (
    LiveFault("refused", N, "UNAVAILABLE", CONNECT, None),
    _row("accepted, closed", N, CONNECT, _hang_up),
    _row("accepted, reset", N, CONNECT, _reset),
    _row("HTTP/1 port", N, CONNECT, _speak_http1),
    LiveFault("plaintext to a TLS port", N, "UNAVAILABLE", CONNECT, _tls(PLAIN)),
    LiveFault(
        "client certificate missing",
        N,
        "UNAVAILABLE",
        CONNECT,
        _tls(PLAIN, CLIENT_CA),
        ROOT,
    ),
    _tls_row("unknown CA", PLAIN, OTHER),
    _tls_row("expired", EXPIRED_LEAF),
    _tls_row("not yet valid", TOO_FRESH),
    _tls_row("wrong name", ELSEWHERE),
    LiveFault(
        "TLS to a plaintext port", T, "UNAVAILABLE", CONNECT, played(_shut), ROOT
    ),
    _row("GOAWAY below the stream", R, "GOAWAY received", _overlook),
    _row("REFUSED_STREAM", R, RESET, _reset_stream(REFUSED_STREAM)),
    _row("closed in flight", L, GONE, _die),
    _row("reset in flight", L, GONE, _die_hard),
    _row("closed behind a message", L, GONE, _die_after_a_message),
    _row("GOAWAY above the stream, closed", L, GONE, _leave),
    _row("pings refused", L, ("Too many pings", *GONE), _refuse_pings),
    LiveFault(
        "pings unanswered",
        L,
        "UNAVAILABLE",
        "ping timeout",
        played(_freeze),
        options=PINGING,
    ),
    _row("RST_STREAM 0", L, RESET, _reset_stream(NO_ERROR), "INTERNAL"),
    _row("answer cut short", L, CUT_SHORT, _stop_amid_the_answer, "UNKNOWN"),
    _row("RST_STREAM 1", U, RESET, _reset_stream(PROTOCOL_ERROR), "INTERNAL"),
    _row("RST_STREAM 2", U, RESET, _reset_stream(INTERNAL_ERROR), "INTERNAL"),
    _row("RST_STREAM 8", U, RESET, _reset_stream(CANCEL), "CANCELLED"),
    _row(
        "RST_STREAM 11",
        U,
        RESET,
        _reset_stream(ENHANCE_YOUR_CALM),
        "RESOURCE_EXHAUSTED",
    ),
    LiveFault(
        "silence",
        Verdict.LATE,
        "DEADLINE_EXCEEDED",
        "Deadline Exceeded",
        played(_never_answer),
        timeout_s=0.2,
    ),
    *(
        _row(f"proxy {status}", L, PROXY, _answer(status=status))
        for status in ("502", "503", "504")
    ),
    _row("proxy 429", U, PROXY, _answer(status="429")),
    _row("proxy 404", U, PROXY, _answer(status="404"), "UNIMPLEMENTED"),
    _row("no status", U, "No status received", _forget_the_status, "UNKNOWN"),
    LiveFault(
        "response above the limit",
        U,
        "RESOURCE_EXHAUSTED",
        "CLIENT: Received message larger than max",
        played(_answer_too_much),
        options=(("grpc.max_receive_message_length", 10),),
    ),
    _row("not ready", Verdict.NOT_READY, "Server Is", _say(14, "Server Is Not Ready")),
    _row("too busy", Verdict.TOO_BUSY, "Server Is", _say(14, "Server Is Too Busy")),
    _row("no leader", Verdict.NO_LEADER, "No leader", _say(14, NO_LEADER)),
    _row("no leader, UNKNOWN", Verdict.NO_LEADER, "No", _say(2, NO_LEADER), "UNKNOWN"),
    _row("a proxy quotes its client", U, CONNECT, _say(14, QUOTED, ENVOY)),
    _row("a proxy quotes a reset", U, RESET, _say(14, QUOTED_RESET, ENVOY)),
)
